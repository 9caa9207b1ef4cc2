/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "plugin/internal.h"
#include "schema/object.h"

#define PREPARE_NS (30 * NS_PER_S)

static const char *const kind_words[COMPONENT_KINDS] = {
    [COMPONENT_PROVISIONER] = "provisioner",
    [COMPONENT_POST_PROCESSOR] = "post_processor",
    [COMPONENT_DATA_SOURCE] = "data_source",
};

bool plugin_add_params(struct strbuf *out, const struct component *c, const void *config,
                       struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("plugin options");
    const char *why;
    strbuf_addf(out, "{\"kind\":\"%s\",\"name\":", kind_words[c->kind]);
    strbuf_add_json_quoted(out, str_from(c->name));
    strbuf_adds(out, ",\"config\":");
    value v = value_unmark_deep(a, schema_object(a, c->opts, config));
    return value_to_json(v, out, &why) ||
           error_set(err, ERR_INTERNAL, 0, "the options cannot be passed on: %s", why);
}

/* One of "errors" or "warnings": { option, message } or a plain text. */
static void add_diag(value v, const struct component *c, const struct body *body, bool is_error,
                     struct diags *diags)
{
    struct arena *a = diags->arena;
    const char *text = value_is_present(v) && value_is_string(v) ? value_as_str(v).ptr
                                                                 : message_text(v, "message", "");
    const char *option = message_text(v, "option", NULL);
    bool known = option != NULL && schema_find(c->opts, option) != NULL;
    struct range range = known ? schema_range(body, option) : body->missing_item_range;
    const char *summary =
        arena_fmt(a, "%s %s \"%s\"", is_error ? "Invalid options of" : "Advice of",
                  component_kind_text(c->kind), c->type);
    text = message_clean(a, text, true);
    if (is_error)
        diags_error(diags, range, summary, "%s", text);
    else
        diags_warning(diags, range, summary, "%s", text);
}

static size_t add_diags(value result, const char *key, const struct component *c,
                        const struct body *body, bool is_error, struct diags *diags)
{
    if (!value_is_present(result) || !value_is_map_like(result))
        return 0;
    value list = value_attr(result, key);
    if (!value_is_present(list) || !value_is_list_like(list))
        return 0;
    for (size_t i = 0; i < value_len(list); i++)
        add_diag(value_at(list, i), c, body, is_error, diags);
    return value_len(list);
}

static bool ask(struct plugin *p, const struct component *c, const void *config, struct arena *a,
                value *result, struct error **err)
{
    AUTO(strbuf) struct strbuf params = STRBUF_INIT_MAX(MESSAGE_MAX_BYTES);
    if (!plugin_add_params(&params, c, config, err))
        return false;
    strbuf_adds(&params, "}");
    struct conn *conn = plugin_take(p, NULL, err);
    if (conn == NULL)
        return false;
    const struct conn_call call = {
        .method = "prepare",
        .params = strbuf_str(&params),
        .what = arena_fmt(a, "check the options of %s '%s'", component_kind_text(c->kind), c->type),
        .limit_ns = PREPARE_NS,
    };
    bool ok = conn_do(conn, &call, a, result, err);
    plugin_give_back(p, conn);
    return ok;
}

bool plugin_prepare(struct plugin *p, const struct component *c, const void *config,
                    const struct body *body, struct diags *diags)
{
    struct error *err = NULL;
    value result = value_dynamic();
    if (!ask(p, c, config, diags->arena, &result, &err)) {
        diags_add_error(diags, body->missing_item_range, err);
        error_free(err);
        return false;
    }
    add_diags(result, "warnings", c, body, false, diags);
    return add_diags(result, "errors", c, body, true, diags) == 0;
}
