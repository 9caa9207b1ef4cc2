/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/yaml.h"

#include "base/utf8.h"

/* A small emitter with libyaml's rules of layout.  (libyaml's own, since 0.2.2,
 * ends documents differently from what templates get elsewhere.) */

#define INDENT_STEP    2
#define BEST_WIDTH     80
#define SIMPLE_KEY_MAX 128

struct yaml_writer {
    struct strbuf *out;
    int column, indent;
    bool whitespace, indention; /* what was written last */
    bool open_ended;            /* the document needs "..." */
    bool root, in_mapping, simple_key;
    const char **why;
};

static void put(struct yaml_writer *w, const char *s, size_t len)
{
    strbuf_add(w->out, s, len);
    w->column++;
}

static void put_char(struct yaml_writer *w, char c)
{
    put(w, &c, 1);
}

static void put_break(struct yaml_writer *w)
{
    strbuf_addc(w->out, '\n');
    w->column = 0;
}

static void write_indent(struct yaml_writer *w)
{
    int indent = w->indent < 0 ? 0 : w->indent;
    if (!w->indention || w->column > indent || (w->column == indent && !w->whitespace))
        put_break(w);
    while (w->column < indent)
        put_char(w, ' ');
    w->whitespace = true;
    w->indention = true;
}

static void write_indicator(struct yaml_writer *w, const char *s, bool need_space, bool is_space,
                            bool is_indention)
{
    if (need_space && !w->whitespace)
        put_char(w, ' ');
    for (; *s != '\0'; s++)
        put_char(w, *s);
    w->whitespace = is_space;
    w->indention = w->indention && is_indention;
    w->open_ended = false;
}

static int increase_indent(struct yaml_writer *w, bool flow, bool indentless)
{
    int old = w->indent;
    if (w->indent < 0)
        w->indent = flow ? INDENT_STEP : 0;
    else if (!indentless)
        w->indent += INDENT_STEP;
    return old;
}

/* --- scalars --- */

static bool is_break(uint32_t cp)
{
    return cp == '\n' || cp == '\r' || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

static bool is_printable(uint32_t cp)
{
    return cp == '\n' || (cp >= 0x20 && cp <= 0x7E) || (cp >= 0xA0 && cp < 0xFEFF) ||
           (cp > 0xFEFF && cp < 0xFFFE);
}

static void write_escape(struct yaml_writer *w, uint32_t cp)
{
    static const struct {
        uint32_t cp;
        char c;
    } names[] = {{0, '0'},     {7, 'a'},    {8, 'b'},      {9, 't'},     {10, 'n'},
                 {11, 'v'},    {12, 'f'},   {13, 'r'},     {27, 'e'},    {'"', '"'},
                 {'\\', '\\'}, {0x85, 'N'}, {0x2028, 'L'}, {0x2029, 'P'}};
    put_char(w, '\\');
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].cp == cp) {
            put_char(w, names[i].c);
            return;
        }
    char buf[16];
    snprintf(buf, sizeof(buf), cp <= 0xFF ? "x%02X" : cp <= 0xFFFF ? "u%04X" : "U%08X", cp);
    for (const char *p = buf; *p != '\0'; p++)
        put_char(w, *p);
}

static void write_double_quoted(struct yaml_writer *w, str s)
{
    bool spaces = false, may_break = !w->simple_key;
    write_indicator(w, "\"", true, false, false);
    for (size_t i = 0; i < s.len;) {
        uint32_t cp;
        size_t n = MAX(utf8_decode(str_sub(s, i, s.len), &cp), (size_t)1);
        bool space = cp == ' ';
        if (!is_printable(cp) || is_break(cp) || cp == '"' || cp == '\\') {
            write_escape(w, cp);
        } else if (space && may_break && !spaces && w->column > BEST_WIDTH && i > 0 &&
                   i + 1 < s.len) {
            write_indent(w);
            if (s.ptr[i + 1] == ' ')
                put_char(w, '\\');
        } else {
            put(w, s.ptr + i, n);
        }
        spaces = space;
        i += n;
    }
    write_indicator(w, "\"", false, false, false);
    w->whitespace = false;
    w->indention = false;
}

/* A literal block can hold S: no special characters, no space at the end of a
 * line or of the text. */
static bool literal_allowed(str s)
{
    uint32_t previous = 0;
    for (size_t i = 0; i < s.len;) {
        uint32_t cp;
        i += MAX(utf8_decode(str_sub(s, i, s.len), &cp), (size_t)1);
        if (!is_printable(cp) || (is_break(cp) && previous == ' '))
            return false;
        previous = cp;
    }
    return previous != ' ';
}

static void write_literal(struct yaml_writer *w, str s)
{
    write_indicator(w, "|", true, false, false);
    if (s.ptr[0] == ' ' || s.ptr[0] == '\n')
        write_indicator(w, "2", false, false, false);
    bool ends = s.ptr[s.len - 1] == '\n';
    bool more = ends && (s.len == 1 || s.ptr[s.len - 2] == '\n');
    if (!ends || more)
        write_indicator(w, ends ? "+" : "-", false, false, false);
    put_break(w);
    w->indention = true;
    w->whitespace = true;
    for (size_t i = 0; i < s.len; i++) {
        bool starts_line = i == 0 || s.ptr[i - 1] == '\n';
        if (s.ptr[i] == '\n') {
            put_break(w);
            w->indention = true;
            continue;
        }
        if (starts_line)
            write_indent(w);
        strbuf_addc(w->out, s.ptr[i]);
        w->column++;
        w->indention = false;
    }
}

static void write_string(struct yaml_writer *w, str s)
{
    int old = increase_indent(w, true, false);
    bool multiline = memchr(s.ptr, '\n', s.len) != NULL;
    if (multiline && !w->simple_key && literal_allowed(s))
        write_literal(w, s);
    else
        write_double_quoted(w, s);
    w->indent = old;
}

static void write_plain(struct yaml_writer *w, const char *s, size_t len)
{
    if (!w->whitespace)
        put_char(w, ' ');
    strbuf_add(w->out, s, len);
    w->column += (int)MIN(len, (size_t)1000000);
    w->whitespace = false;
    w->indention = false;
    if (w->root)
        w->open_ended = true;
}

/* --- structure --- */

static bool write_node(struct yaml_writer *w, value v, bool root, bool in_mapping);

static bool write_sequence(struct yaml_writer *w, value v)
{
    if (value_len(v) == 0) {
        write_indicator(w, "[", true, true, false);
        write_indicator(w, "]", false, false, false);
        return true;
    }
    int old = increase_indent(w, false, w->in_mapping && !w->indention);
    for (size_t i = 0; i < value_len(v); i++) {
        write_indent(w);
        write_indicator(w, "-", true, false, true);
        if (!write_node(w, value_at(v, i), false, false))
            return false;
    }
    w->indent = old;
    return true;
}

static bool key_is_simple(str key)
{
    return key.len <= SIMPLE_KEY_MAX && memchr(key.ptr, '\n', key.len) == NULL;
}

static bool write_mapping(struct yaml_writer *w, value v)
{
    if (value_len(v) == 0) {
        write_indicator(w, "{", true, true, false);
        write_indicator(w, "}", false, false, false);
        return true;
    }
    int old = increase_indent(w, false, false);
    for (size_t i = 0; i < value_len(v); i++) {
        str key = value_key_at(v, i);
        write_indent(w);
        w->simple_key = key_is_simple(key);
        if (!w->simple_key)
            write_indicator(w, "?", true, false, true);
        write_string(w, key);
        if (!w->simple_key)
            write_indent(w);
        write_indicator(w, ":", !w->simple_key, false, !w->simple_key);
        w->simple_key = false;
        if (!write_node(w, value_at(v, i), false, true))
            return false;
    }
    w->indent = old;
    return true;
}

static bool write_number(struct yaml_writer *w, const struct number *n)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    number_print(n, &sb);
    write_plain(w, sb.buf, sb.len);
    return true;
}

static bool write_known(struct yaml_writer *w, value v)
{
    switch (v.type->kind) {
    case TYPE_STRING: write_string(w, v.s); return true;
    case TYPE_NUMBER: return write_number(w, v.num);
    case TYPE_BOOL: write_plain(w, v.b ? "true" : "false", v.b ? 4 : 5); return true;
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_TUPLE: return write_sequence(w, v);
    case TYPE_MAP:
    case TYPE_OBJECT: return write_mapping(w, v);
    case TYPE_DYNAMIC: break;
    }
    return true;
}

static bool write_node(struct yaml_writer *w, value v, bool root, bool in_mapping)
{
    w->root = root;
    w->in_mapping = in_mapping;
    if (w->out->truncated)
        *w->why = "the text would be too long";
    else if (v.state == VALUE_UNKNOWN)
        *w->why = "the value is not known yet";
    else if (v.state == VALUE_NULL)
        return write_plain(w, "null", 4), true;
    else
        return write_known(w, v);
    return false;
}

bool value_to_yaml(value v, struct strbuf *out, const char **why)
{
    struct yaml_writer w = {
        .out = out, .indent = -1, .whitespace = true, .indention = true, .why = why};
    if (!write_node(&w, v, true, false))
        return false;
    w.indent = -1;
    write_indent(&w);
    if (w.open_ended) {
        write_indicator(&w, "...", true, false, false);
        write_indent(&w);
    }
    *why = "the text would be too long";
    return !out->truncated;
}
