/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/message.h"

#include "base/utf8.h"
#include "hcl/json.h"

#define TEXT_MAX ((size_t)4096)

const char *message_text(value object, const char *name, const char *def)
{
    value v = value_is_present(object) && value_is_map_like(object) ? value_attr(object, name)
                                                                    : value_dynamic();
    if (!value_is_present(v) || !value_is_string(v) ||
        memchr(value_as_str(v).ptr, '\0', value_as_str(v).len) != NULL)
        return def;
    return value_as_str(v).ptr;
}

int64_t message_int(value object, const char *name, int64_t def)
{
    int64_t n;
    value v = value_is_present(object) && value_is_map_like(object) ? value_attr(object, name)
                                                                    : value_dynamic();
    if (!value_is_present(v) || value_kind(v) != TYPE_NUMBER || !value_as_i64(v, &n))
        return def;
    return n;
}

bool message_bool(value object, const char *name, bool def)
{
    value v = value_is_present(object) && value_is_map_like(object) ? value_attr(object, name)
                                                                    : value_dynamic();
    return value_is_present(v) && value_kind(v) == TYPE_BOOL ? value_as_bool(v) : def;
}

const char *message_clean(struct arena *a, const char *text, bool lines)
{
    size_t len = utf8_valid_prefix((str){text, strnlen(text, TEXT_MAX)});
    char *copy = arena_strndup(a, text, len);
    for (char *c = copy; *c != '\0'; c++)
        if (((unsigned char)*c < ' ' && !(lines && *c == '\n')) || *c == 0x7f)
            *c = ' ';
    return copy;
}

static bool read_error(struct arena *a, value error, struct message *out, const char **why)
{
    if (!value_is_map_like(error)) {
        *why = "its \"error\" is no object";
        return false;
    }
    const char *text = message_text(error, "message", NULL);
    const char *hint = message_text(value_attr(error, "data"), "hint", NULL);
    if (text == NULL) {
        *why = "its error has no \"message\"";
        return false;
    }
    out->kind = MESSAGE_ERROR;
    out->code = message_int(error, "code", MESSAGE_FAILED);
    out->text = message_clean(a, text, false);
    out->hint = hint == NULL ? NULL : message_clean(a, hint, false);
    return true;
}

static bool read_call(value root, bool has_id, struct message *out, const char **why)
{
    out->kind = has_id ? MESSAGE_REQUEST : MESSAGE_NOTIFICATION;
    out->method = message_text(root, "method", NULL);
    if (out->method == NULL) {
        *why = "its \"method\" is no string";
        return false;
    }
    if (value_is_present(out->params) && !value_is_map_like(out->params)) {
        *why = "its \"params\" are no object";
        return false;
    }
    return true;
}

static bool is_id(value id)
{
    return value_is_null(id) || value_is_string(id) || value_kind(id) == TYPE_NUMBER;
}

bool message_read(struct arena *a, str line, struct message *out, const char **why)
{
    value root;
    struct json_error bad;
    *out = (struct message){0};
    const struct json_node *node = json_read(a, line, &bad);
    if (node == NULL) {
        *why = arena_fmt(a, "it is not JSON (at byte %zu)", bad.offset);
        return false;
    }
    if (!json_node_to_value(a, node, &root, why))
        return false;
    *why = "it is no JSON-RPC 2.0 message";
    if (!value_is_present(root) || !value_is_map_like(root) ||
        strcmp(message_text(root, "jsonrpc", ""), "2.0") != 0)
        return false;
    bool has_id = value_get(root, STR("id"), &out->id);
    out->id = has_id ? out->id : value_null(&type_dynamic);
    out->params = value_attr(root, "params");
    if (!is_id(out->id)) {
        *why = "its \"id\" is neither a number nor a string";
        return false;
    }
    value error = value_attr(root, "error"), member;
    if (value_is_present(error))
        return read_error(a, error, out, why);
    if (value_get(root, STR("method"), &member))
        return read_call(root, has_id && !value_is_null(out->id), out, why);
    if (!value_get(root, STR("result"), &out->result)) {
        *why = "it has neither \"method\" nor \"result\" nor \"error\"";
        return false;
    }
    out->kind = MESSAGE_RESULT;
    return true;
}

static void add_call(struct strbuf *out, const char *method, str params)
{
    strbuf_adds(out, "\"method\":");
    strbuf_add_json_quoted(out, str_from(method));
    strbuf_adds(out, ",\"params\":");
    strbuf_addstr(out, params);
    strbuf_adds(out, "}\n");
}

void message_add_request(struct strbuf *out, int64_t id, const char *method, str params)
{
    strbuf_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%lld,", (long long)id);
    add_call(out, method, params);
}

void message_add_notification(struct strbuf *out, const char *method, str params)
{
    strbuf_adds(out, "{\"jsonrpc\":\"2.0\",");
    add_call(out, method, params);
}

static void add_answer(struct strbuf *out, value id)
{
    const char *why;
    strbuf_adds(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (!value_to_json(id, out, &why))
        strbuf_adds(out, "null");
}

void message_add_result(struct strbuf *out, value id, str result)
{
    add_answer(out, id);
    strbuf_adds(out, ",\"result\":");
    strbuf_addstr(out, result);
    strbuf_adds(out, "}\n");
}

void message_add_error(struct strbuf *out, value id, int code, const char *text)
{
    add_answer(out, id);
    strbuf_addf(out, ",\"error\":{\"code\":%d,\"message\":", code);
    strbuf_add_json_quoted(out, str_from(text));
    strbuf_adds(out, "}}\n");
}
