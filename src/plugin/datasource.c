/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "hcl/convert.h"
#include "plugin/guest.h"
#include "plugin/internal.h"
#include "schema/internal.h"

#define READ_SILENCE_NS (60 * NS_PER_S)

static const struct plugin_datasource *self_of(const struct datasource_type *t)
{
    return (const struct plugin_datasource *)(const void *)t;
}

static bool check(const struct datasource_type *type, const void *config, const struct body *body,
                  struct diags *diags)
{
    const struct plugin_datasource *t = self_of(type);
    return plugin_prepare(t->plugin, t->component, config, body, diags);
}

/* The result is an object with the outputs that the description promised. */
static bool store_outputs(const struct plugin_datasource *t, value result, struct arena *a,
                          void *out, struct error **err)
{
    struct schema_rows rows = {0};
    const char *name = t->plugin->file.name, *why = "";
    if (!value_is_present(result) || !value_is_map_like(result))
        return error_set(err, ERR_IO, 0, "the answer of plugin '%s' is no object", name);
    schema_flatten(a, t->component->outputs, &rows);
    schema_set_defaults(a, &rows, out);
    VEC_EACH (row, &rows) {
        value v = value_attr(result, row->opt->name);
        if (!value_is_null(v) && !schema_set_value(a, row->opt, schema_field(row, out), v, &why))
            return error_set(err, ERR_IO, 0, "\"%s\" in the answer of plugin '%s' does not fit: %s",
                             row->opt->name, name, why);
    }
    for (size_t i = 0; i < value_len(result); i++) {
        str key = value_key_at(result, i);
        if (schema_rows_find(&rows, key) == NULL)
            log_debug("plugin", "%s: the unknown output '%.*s' is left out", name, STR_FMT(key));
    }
    return true;
}

static void on_tell(void *arg, const struct message *m)
{
    const struct plugin_datasource *t = arg;
    if (guest_tell_secret(m))
        return;
    log_debug("plugin", "%s: %s: %s", t->plugin->file.name, m->method,
              message_text(m->params, "message", ""));
}

static bool read_data(const struct datasource_type *type, const void *config,
                      struct data_call *call, void *out, struct error **err)
{
    const struct plugin_datasource *t = self_of(type);
    AUTO(strbuf) struct strbuf params = STRBUF_INIT_MAX(MESSAGE_MAX_BYTES);
    value result;
    if (!plugin_add_params(&params, t->component, config, err))
        return false;
    strbuf_adds(&params, "}");
    struct conn *conn = plugin_take(t->plugin, call->cancel, err);
    if (conn == NULL)
        return false;
    const struct conn_call c = {
        .method = "run",
        .params = strbuf_str(&params),
        .what = arena_fmt(call->arena, "read data source '%s'", type->name),
        .cancel = call->cancel,
        .silence_ns = READ_SILENCE_NS,
        .on_tell = on_tell,
        .arg = (void *)(uintptr_t)t,
    };
    bool ok = conn_do(conn, &c, call->arena, &result, err);
    plugin_give_back(t->plugin, conn);
    return ok && store_outputs(t, result, call->arena, out, err);
}

void plugin_fill_datasource(struct plugin_datasource *t)
{
    const struct component *c = t->component;
    t->type = (struct datasource_type){
        .name = c->type,
        .summary = c->summary,
        .doc = c->doc,
        .opts = c->opts,
        .config_size = c->config_size,
        .outputs = c->outputs,
        .output_size = c->output_size,
        .check = check,
        .read = read_data,
    };
}
