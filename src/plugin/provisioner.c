/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/guest.h"
#include "plugin/internal.h"

static const struct plugin_provisioner *self_of(const struct provisioner_type *t)
{
    return (const struct plugin_provisioner *)(const void *)t;
}

static bool check(const struct provisioner_type *type, const void *config, const struct body *body,
                  struct diags *diags)
{
    const struct plugin_provisioner *t = self_of(type);
    return plugin_prepare(t->plugin, t->component, config, body, diags);
}

static void add_build(struct strbuf *out, const struct build *b)
{
    const struct {
        const char *key, *text;
    } members[] = {
        {"name", b->name},         {"builder", b->builder_name},      {"source", b->source_name},
        {"run_uuid", b->run_uuid}, {"template_dir", b->template_dir}, {"user", b->target.user},
        {"host", b->target.host},
    };
    strbuf_adds(out, ",\"build\":{");
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        strbuf_addf(out, "\"%s\":", members[i].key);
        if (members[i].text == NULL)
            strbuf_adds(out, "null");
        else
            strbuf_add_json_quoted(out, str_from(members[i].text));
        strbuf_addc(out, ',');
    }
    strbuf_addf(out, "\"port\":%d}}", b->target.port);
}

static bool run(const struct provisioner_type *type, const void *config, struct build *b,
                struct error **err)
{
    const struct plugin_provisioner *t = self_of(type);
    AUTO(arena) struct arena *a = arena_new("plugin");
    AUTO(strbuf) struct strbuf params = STRBUF_INIT_MAX(MESSAGE_MAX_BYTES);
    struct cancel *cancel = b->guest != NULL ? b->guest : b->cancel;
    struct guest guest = {.b = b, .cancel = cancel, .plugin = t->plugin->file.name};
    value result;
    if (!plugin_add_params(&params, t->component, config, err))
        return false;
    add_build(&params, b);
    struct conn *conn = plugin_take(t->plugin, cancel, err);
    if (conn == NULL)
        return false;
    const struct conn_call call = {
        .method = "run",
        .params = strbuf_str(&params),
        .what = arena_fmt(a, "run provisioner '%s'", type->name),
        .cancel = cancel,
        .silence_ns = t->plugin->file.said.silence_ns,
        .on_tell = guest_tell,
        .on_ask = guest_ask,
        .arg = &guest,
    };
    bool ok = conn_do(conn, &call, a, &result, err);
    plugin_give_back(t->plugin, conn);
    return ok;
}

void plugin_fill_provisioner(struct plugin_provisioner *t)
{
    const struct component *c = t->component;
    t->type = (struct provisioner_type){
        .name = c->type,
        .summary = c->summary,
        .doc = c->doc,
        .opts = c->opts,
        .config_size = c->config_size,
        .flags = c->needs_comm ? PROV_NEEDS_COMM : 0,
        .check_self = check,
        .run_self = run,
    };
}
