/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/value.h"

#include "base/utf8.h"

/* --- compact JSON --- */

/* As Go's encoding/json: < > & and the line separators are escaped too. */
void value_json_string(str s, struct strbuf *out)
{
    strbuf_addc(out, '"');
    size_t done = 0;
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        uint32_t cp = c;
        size_t n = c < 0x80 ? 1 : utf8_decode(str_sub(s, i, s.len), &cp);
        bool plain = cp >= 0x20 && cp != '"' && cp != '\\' && cp != '<' && cp != '>' && cp != '&' &&
                     cp != 0x2028 && cp != 0x2029;
        if (n == 0)
            n = 1;
        if (!plain) {
            strbuf_add(out, s.ptr + done, i - done);
            static const char short_escapes[] = "\"\"\\\\\nn\rr\tt\bb\ff";
            const char *e = short_escapes;
            while (*e != '\0' && (uint32_t)*e != cp)
                e += 2;
            if (*e != '\0')
                strbuf_addf(out, "\\%c", e[1]);
            else
                strbuf_addf(out, "\\u%04x", cp);
            done = i + n;
        }
        i += n;
    }
    strbuf_add(out, s.ptr + done, s.len - done);
    strbuf_addc(out, '"');
}

static bool sequence_to_json(value v, struct strbuf *out, const char **why)
{
    strbuf_addc(out, '[');
    for (size_t i = 0; i < v.items.len; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        if (!value_to_json(v.items.ptr[i], out, why))
            return false;
    }
    return strbuf_addc(out, ']');
}

static bool keyed_to_json(value v, struct strbuf *out, const char **why)
{
    strbuf_addc(out, '{');
    for (size_t i = 0; i < v.entries.len; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        value_json_string(v.entries.ptr[i].key, out);
        strbuf_addc(out, ':');
        if (!value_to_json(v.entries.ptr[i].val, out, why))
            return false;
    }
    return strbuf_addc(out, '}');
}

static bool known_to_json(value v, struct strbuf *out, const char **why)
{
    switch (v.type->kind) {
    case TYPE_BOOL: return strbuf_adds(out, v.b ? "true" : "false");
    case TYPE_STRING: value_json_string(v.s, out); return !out->truncated;
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_TUPLE: return sequence_to_json(v, out, why);
    case TYPE_MAP:
    case TYPE_OBJECT: return keyed_to_json(v, out, why);
    case TYPE_NUMBER:
        if (!number_is_inf(v.num))
            return number_print(v.num, out);
        *why = "infinity has no representation in JSON";
        return false;
    case TYPE_DYNAMIC: break;
    }
    return strbuf_adds(out, "null");
}

bool value_to_json(value v, struct strbuf *out, const char **why)
{
    *why = "the value is not known yet";
    if (v.state == VALUE_UNKNOWN || out->truncated)
        return false;
    if (v.state == VALUE_NULL)
        return strbuf_adds(out, "null");
    if (known_to_json(v, out, why))
        return true;
    if (out->truncated)
        *why = "the text would be too long";
    return false;
}

/* --- for people --- */

static void print_quoted(str s, struct strbuf *out)
{
    strbuf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool opens = (c == '$' || c == '%') && i + 1 < s.len && s.ptr[i + 1] == '{';
        if (c == '"' || c == '\\')
            strbuf_addf(out, "\\%c", c);
        else if (c == '\n')
            strbuf_adds(out, "\\n");
        else if (c == '\r')
            strbuf_adds(out, "\\r");
        else if (c == '\t')
            strbuf_adds(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            strbuf_addf(out, "\\u%04x", c);
        else if (opens)
            strbuf_addf(out, "%c%c", c, c);
        else
            strbuf_addc(out, (char)c);
    }
    strbuf_addc(out, '"');
}

static void print_sequence(value v, struct strbuf *out, int indent)
{
    if (v.items.len == 0) {
        strbuf_adds(out, "[]");
        return;
    }
    strbuf_adds(out, "[\n");
    for (size_t i = 0; i < v.items.len; i++) {
        strbuf_addn(out, ' ', (size_t)(indent + 1) * 2);
        value_print(v.items.ptr[i], out, indent + 1);
        strbuf_adds(out, ",\n");
    }
    strbuf_addn(out, ' ', (size_t)indent * 2);
    strbuf_addc(out, ']');
}

static void print_keyed(value v, struct strbuf *out, int indent)
{
    if (v.entries.len == 0) {
        strbuf_adds(out, "{}");
        return;
    }
    strbuf_adds(out, "{\n");
    for (size_t i = 0; i < v.entries.len; i++) {
        strbuf_addn(out, ' ', (size_t)(indent + 1) * 2);
        print_quoted(v.entries.ptr[i].key, out);
        strbuf_adds(out, " = ");
        value_print(v.entries.ptr[i].val, out, indent + 1);
        strbuf_addc(out, '\n');
    }
    strbuf_addn(out, ' ', (size_t)indent * 2);
    strbuf_addc(out, '}');
}

void value_print(value v, struct strbuf *out, int indent)
{
    if (v.sensitive)
        strbuf_adds(out, "<sensitive>");
    else if (v.state == VALUE_UNKNOWN)
        strbuf_adds(out, "<unknown>");
    else if (v.state == VALUE_NULL)
        strbuf_adds(out, "null");
    else if (v.type->kind == TYPE_STRING)
        print_quoted(v.s, out);
    else if (v.type->kind == TYPE_NUMBER)
        number_print(v.num, out);
    else if (v.type->kind == TYPE_BOOL)
        strbuf_adds(out, v.b ? "true" : "false");
    else if (value_is_list_like(v))
        print_sequence(v, out, indent);
    else
        print_keyed(v, out, indent);
}

/* Longer strings and numbers are cut in messages. */
#define DESCRIBE_MAX 60

static char *shorten(struct arena *a, const struct strbuf *sb)
{
    if (sb->len <= DESCRIBE_MAX)
        return arena_fmt(a, "is %s", sb->buf);
    size_t cut = DESCRIBE_MAX - 4;
    while (cut > 0 && ((unsigned char)sb->buf[cut] & 0xC0) == 0x80)
        cut--;
    return arena_fmt(a, "is %.*s...%s", (int)cut, sb->buf, sb->buf[0] == '"' ? "\"" : "");
}

static char *describe_many(struct arena *a, value v)
{
    size_t n = value_len(v);
    const char *item = v.type->kind == TYPE_OBJECT ? "attribute" : "element";
    const char *name = type_friendly_name(a, v.type);
    if (n == 0)
        return arena_fmt(a, "is empty %s", name);
    return arena_fmt(a, "is %s with %zu %s%s", name, n, item, n == 1 ? "" : "s");
}

char *value_describe(struct arena *a, value v)
{
    if (v.sensitive)
        return arena_strdup(a, "has a sensitive value");
    if (v.state == VALUE_UNKNOWN) {
        if (v.type->kind == TYPE_DYNAMIC)
            return arena_strdup(a, "will be known only when the build runs");
        return arena_fmt(a, "is a %s, known only when the build runs",
                         type_friendly_name(a, v.type));
    }
    if (v.state == VALUE_KNOWN && !type_is_primitive(v.type))
        return describe_many(a, v);
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    value_print(v, &sb, 0);
    return shorten(a, &sb);
}
