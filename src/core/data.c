/* SPDX-License-Identifier: Apache-2.0 */

#include "core/data.h"

#include "base/log.h"
#include "base/redact.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/suggest.h"
#include "plug/registry.h"
#include "schema/object.h"

struct reading {
    const struct data_reader *reader;
    const struct datasource_type *type;
    const struct block *block;
    const struct scope *scope;
    struct arena *a;
    struct diags *diags;
    const char *name; /* "data.http.x" */
    bool is_unknown, is_secret;
};

static bool unknown_type(const struct data_reader *r, str type, const struct block *block,
                         struct arena *a, value *out, struct diags *diags)
{
    struct suggest s;
    if (r->is_any_allowed) {
        *out = value_dynamic();
        return true;
    }
    const char *why = registry_explain(a, type);
    if (why != NULL)
        return diags_error(diags, block->labels[0].range, "Data source not available", "%s", why);
    suggest_init(&s, type);
    for (const struct datasource_type *const *d = registry_datasources(); *d != NULL; d++)
        suggest_offer(&s, str_from((*d)->name));
    return diags_error(diags, block->labels[0].range,
                       arena_fmt(a, "Unknown data source type \"%.*s\"", STR_FMT(type)),
                       "There is no such data source built in.%s `imgfac docs` lists all.",
                       suggest_text(a, &s));
}

/* What the arguments depend on: something that is not known yet, a secret. */
static void look_at_arguments(struct reading *rd)
{
    struct diags ignored;
    diags_init(&ignored, rd->a);
    const struct body *body = rd->block->body;
    for (size_t i = 0; i < body->attr_count; i++) {
        value v;
        if (!eval_expr(body->attrs[i].expr, rd->scope, rd->a, &v, &ignored))
            continue;
        rd->is_unknown |= !value_is_wholly_known(v);
        rd->is_secret |= value_is_sensitive_deep(v);
    }
}

/* Outputs that are secret by their table are hidden from now on. */
static void register_secrets(const struct opt *outputs, value v)
{
    for (const struct opt *o = outputs; o->kind != OPT_KIND_END; o++) {
        value item = value_attr(v, o->name);
        if ((o->flags & OPT_SENSITIVE) && value_is_present(item) && value_is_string(item))
            redact_register(value_as_str(item));
    }
}

static bool execute(const struct reading *rd, const void *config, value *out)
{
    const struct data_reader *r = rd->reader;
    struct error *err = NULL;
    void *output = arena_alloc(rd->a, MAX(rd->type->output_size, (size_t)1));
    struct data_call call = {
        .arena = rd->a,
        .cancel = r->cancel,
        .config = r->config,
        .name = rd->name,
        .range = block_header_range(rd->block),
        .diags = rd->diags,
        .catalog = r->catalog,
        .arg = r->arg,
    };
    log_info("data", "reading %s", rd->name);
    if (!rd->type->read(rd->type, config, &call, output, &err)) {
        error_wrap(&err, "cannot read %s", rd->name);
        schema_error_at(&err, rd->block->body, call.range);
        diags_add_error(rd->diags, call.range, err);
        error_free(err);
        return false;
    }
    *out = schema_object(rd->a, rd->type->outputs, output);
    register_secrets(rd->type->outputs, *out);
    return true;
}

bool data_read(void *arg, str type, str name, const struct block *block, const struct scope *scope,
               struct arena *a, value *out, struct diags *diags)
{
    const struct data_reader *r = arg;
    struct reading rd = {.reader = r, .block = block, .scope = scope, .a = a, .diags = diags};
    rd.name = arena_fmt(a, "data.%.*s.%.*s", STR_FMT(type), STR_FMT(name));
    rd.type = registry_find_datasource(type);
    if (rd.type == NULL)
        return unknown_type(r, type, block, a, out, diags);
    void *config = arena_alloc(a, MAX(rd.type->config_size, (size_t)1));
    if (!schema_decode(block->body, rd.type->opts, scope, a, config, diags))
        return false;
    look_at_arguments(&rd);
    size_t before = diags->list.len;
    bool ok = rd.is_unknown || rd.type->check == NULL ||
              rd.type->check(rd.type, config, block->body, diags);
    schema_add_values(block->body, rd.type->opts, scope, a, diags, before);
    if (!ok)
        return false;
    if (!r->execute || rd.is_unknown)
        *out = schema_object_unknown(a, rd.type->outputs);
    else if (!execute(&rd, config, out))
        return false;
    /* Whatever was computed from a secret is one. */
    if (rd.is_secret)
        *out = value_mark(*out, true);
    return true;
}
