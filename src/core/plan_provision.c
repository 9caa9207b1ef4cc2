/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan_internal.h"

#include "hcl/suggest.h"
#include "plug/registry.h"

static bool unknown_type(struct planning_use *u, const struct template_block *block)
{
    struct suggest s;
    const char *why = registry_explain(u->p->a, str_from(block->label));
    if (why != NULL)
        return diags_error(u->p->diags, block->label_range, "Provisioner not available", "%s", why);
    if (plan_packer_has_provisioner(block->label))
        return diags_error(u->p->diags, block->label_range, "Provisioner not available",
                           "This version of imgfac has no provisioner \"%s\". Remove the block, or "
                           "keep it from these builds with only or except.",
                           block->label);
    suggest_init(&s, str_from(block->label));
    for (const struct provisioner_type *const *p = registry_provisioners(); *p != NULL; p++)
        suggest_offer(&s, str_from((*p)->name));
    return diags_error(u->p->diags, block->label_range,
                       arena_fmt(u->p->a, "Unknown provisioner type \"%s\"", block->label),
                       "There is no such provisioner built in.%s `imgfac docs` lists all.",
                       suggest_text(u->p->a, &s));
}

static bool has_communicator(const struct planned_build *pb)
{
    return pb->comm != NULL && pb->comm->type != COMM_NONE;
}

static bool decode(struct planning_use *u, const struct planned_build *pb,
                   struct planned_provisioner *p)
{
    struct planning *plan = u->p;
    void *config = arena_alloc(plan->a, MAX(p->type->config_size, (size_t)1));
    struct scope *scope = plan_block_scope(u, p->scope);
    bool ok = schema_decode(p->body, p->type->opts, scope, plan->a, config, plan->diags);
    p->config = config;
    size_t before = plan->diags->list.len;
    ok = ok && plan_render(plan, p->type->opts, p->body, pb->alias, pb->builder->name, config);
    if (ok && !plan_is_unknown(plan, p->body, scope))
        ok = provisioner_check(p->type, config, p->body, plan->diags);
    schema_add_values(p->body, p->type->opts, scope, plan->a, plan->diags, before);
    return ok;
}

/* False after a diagnostic; *SKIPPED when this use does not want it. */
static bool plan_one(struct planning_use *u, const struct planned_build *pb,
                     const struct template_block *block, struct planned_provisioner *out,
                     bool *skipped)
{
    struct block_options common = {0};
    bool ok = plan_split_block(u, block, BLOCK_PROVISIONER, &common, &out->body);
    *skipped = common.is_skipped;
    if (common.is_skipped)
        return ok;
    out->name = common.name;
    out->scope = block->scope;
    out->range = block->range;
    out->pause_before_ns = common.pause_before_ns;
    out->timeout_ns = common.timeout_ns;
    out->max_retries = common.max_retries;
    out->continue_on_error = common.continue_on_error;
    out->type = registry_find_provisioner(str_from(block->label));
    if (out->type == NULL)
        return unknown_type(u, block);
    if ((out->type->flags & PROV_NEEDS_COMM) && !has_communicator(pb))
        return diags_error(u->p->diags, block->range, "Provisioner needs a communicator",
                           pb->comm == NULL
                               ? "The builder \"%s\" boots no guest that \"%s\" could work in."
                               : "The source says communicator = \"none\" (builder \"%s\"), so "
                                 "\"%s\" cannot reach the guest.",
                           pb->builder->name, out->type->name);
    return decode(u, pb, out) && ok;
}

bool plan_provisioners(struct planning_use *u, struct planned_build *pb)
{
    bool ok = true, skipped;
    const struct template_build *b = u->build;
    pb->provisioners = arena_new_array(u->p->a, struct planned_provisioner, b->provisioners.len);
    VEC_EACH (block, &b->provisioners) {
        struct planned_provisioner p = {0};
        ok &= plan_one(u, pb, block, &p, &skipped);
        if (!skipped)
            pb->provisioners[pb->provisioner_count++] = p;
    }
    VEC_EACH (block, &b->error_cleanup) {
        struct planned_provisioner *p = arena_new_object(u->p->a, struct planned_provisioner);
        ok &= plan_one(u, pb, block, p, &skipped);
        if (!skipped)
            pb->error_cleanup = p;
    }
    return ok;
}

bool plan_decode_provisioner(const struct planned_build *pb, const struct planned_provisioner *p,
                             const struct build *b, struct arena *a, const void **config,
                             struct diags *diags)
{
    const struct comm_config *comm = pb->comm;
    bool winrm = comm != NULL && comm->type == COMM_WINRM;
    const struct build_target *target = &b->target;
    const char *user = target->user;
    const char *password = target->password;
    if (user == NULL && comm != NULL)
        user = winrm ? comm->winrm_username : comm->ssh_username;
    if (password == NULL && comm != NULL)
        password = winrm ? comm->winrm_password : comm->ssh_password;
    const struct template_build_values values = {
        .name = pb->block_name == NULL ? "" : pb->block_name,
        .is_real = true,
        .host = target->host,
        .port = target->port,
        .user = user,
        .password = password,
        .conn_type = comm == NULL             ? "none"
                     : winrm                  ? "winrm"
                     : comm->type == COMM_SSH ? "ssh"
                                              : "none",
        .run_uuid = b->run_uuid,
        .http_ip = target->http_ip,
        .http_port = target->http_port,
        .http_addr = target->http_ip == NULL
                         ? NULL
                         : arena_fmt(a, "%s:%d", target->http_ip, target->http_port),
        .ssh_public_key = target->public_key,
        .ssh_private_key = target->private_key_pem,
    };
    struct scope *scope = template_use_scope(a, p->scope, pb->builder->name, pb->alias, &values);
    void *out = arena_alloc(a, MAX(p->type->config_size, (size_t)1));
    *config = out;
    struct planning planning = {.a = a, .diags = diags};
    return schema_decode(p->body, p->type->opts, scope, a, out, diags) &&
           plan_render(&planning, p->type->opts, p->body, pb->alias, pb->builder->name, out);
}
