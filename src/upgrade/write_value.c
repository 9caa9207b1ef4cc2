/* SPDX-License-Identifier: Apache-2.0 */

#include "upgrade/internal.h"

#include "hcl/lex.h"

void upgrade_add_text(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool opens = (c == '$' || c == '%') && i + 1 < text.len && text.ptr[i + 1] == '{';
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
        else
            strbuf_addn(out, (char)c, opens ? 2 : 1);
    }
}

/* --- values --- */

static void add_list(struct upgrade_writer *w, const struct json_node *n)
{
    strbuf_addc(&w->out, '[');
    for (size_t i = 0; i < n->count; i++) {
        strbuf_adds(&w->out, i > 0 ? ", " : "");
        upgrade_add_value(w, n->items[i]);
    }
    strbuf_addc(&w->out, ']');
}

static void add_key(struct upgrade_writer *w, const struct json_member *m)
{
    size_t start = w->out.len;
    if (hcl_is_identifier(m->name) && !str_eqz(m->name, "for")) {
        strbuf_addstr(&w->out, m->name);
    } else {
        strbuf_addc(&w->out, '"');
        upgrade_add_text(&w->out, m->name);
        strbuf_addc(&w->out, '"');
    }
    upgrade_mark(w, start, m->name_range, false);
}

void upgrade_add_member(struct upgrade_writer *w, const struct json_member *m)
{
    upgrade_indent(w);
    add_key(w, m);
    strbuf_adds(&w->out, " = ");
    upgrade_add_value(w, m->value);
    strbuf_addc(&w->out, '\n');
}

static void add_object(struct upgrade_writer *w, const struct json_node *n)
{
    struct upgrade_members members = {0};
    upgrade_sorted(w->arena, n, &members);
    strbuf_adds(&w->out, members.len == 0 ? "{" : "{\n");
    w->depth++;
    VEC_EACH (m, &members)
        upgrade_add_member(w, *m);
    w->depth--;
    if (members.len > 0)
        upgrade_indent(w);
    strbuf_addc(&w->out, '}');
}

void upgrade_add_value(struct upgrade_writer *w, const struct json_node *n)
{
    size_t start = w->out.len;
    switch (n->kind) {
    case JSON_IS_NULL: strbuf_adds(&w->out, "null"); break;
    case JSON_IS_BOOL: strbuf_adds(&w->out, n->boolean ? "true" : "false"); break;
    case JSON_IS_NUMBER: strbuf_addstr(&w->out, n->text); break;
    case JSON_IS_STRING: upgrade_add_string(w, n); return;
    case JSON_IS_ARRAY: add_list(w, n); break;
    case JSON_IS_OBJECT: add_object(w, n); break;
    }
    upgrade_mark(w, start, n->range, false);
}

/* --- options: the old format converts loosely, HCL does not --- */

/* A text for a list is cut at commas. */
static void add_text_as_list(struct upgrade_writer *w, const struct json_node *n)
{
    size_t start = w->out.len;
    if (!gotmpl_is_plain(n->text) && upgrade_calls(w->arena, n->text, "user")) {
        strbuf_adds(&w->out, "split(\",\", ");
        upgrade_add_string(w, n);
        strbuf_addc(&w->out, ')');
    } else {
        str rest = n->text;
        strbuf_addc(&w->out, '[');
        for (bool first = true; rest.ptr != NULL && n->text.len > 0; first = false) {
            struct json_node part = *n;
            part.text = str_split(&rest, ',');
            strbuf_adds(&w->out, first ? "" : ", ");
            upgrade_add_string(w, &part);
        }
        strbuf_addc(&w->out, ']');
    }
    upgrade_mark(w, start, n->range, false);
}

static bool is_true_text(str s)
{
    return str_eqz(s, "t") || str_eqz(s, "T") || str_eqz(s, "TRUE") || str_eqz(s, "True");
}

static bool is_false_text(str s)
{
    return s.len == 0 || str_eqz(s, "f") || str_eqz(s, "F") || str_eqz(s, "FALSE") ||
           str_eqz(s, "False");
}

static void add_as_bool(struct upgrade_writer *w, const struct json_node *n)
{
    bool number = n->kind == JSON_IS_NUMBER, text = n->kind == JSON_IS_STRING;
    struct json_node plain = *n;
    plain.kind = JSON_IS_BOOL;
    if (number)
        plain.boolean = !str_eqz(n->text, "0");
    else if (text && (is_true_text(n->text) || is_false_text(n->text)))
        plain.boolean = is_true_text(n->text);
    else
        plain = *n;
    upgrade_add_value(w, &plain);
}

static void add_as_row(struct upgrade_writer *w, const struct opt *row, const struct json_node *n)
{
    bool scalar = n->kind == JSON_IS_NUMBER || n->kind == JSON_IS_BOOL;
    enum opt_kind kind = row == NULL ? OPT_KIND_END : row->kind;
    bool list = kind == OPT_KIND_STRINGS || kind == OPT_KIND_INTS;
    if (list && n->kind == JSON_IS_STRING) {
        add_text_as_list(w, n);
    } else if (list && scalar) {
        const struct json_node *items[] = {n};
        struct json_node one = *n;
        one.kind = JSON_IS_ARRAY;
        one.items = items;
        one.count = 1;
        upgrade_add_value(w, &one);
    } else if (kind == OPT_KIND_BOOL || kind == OPT_KIND_TRISTATE) {
        add_as_bool(w, n);
    } else {
        upgrade_add_value(w, n);
    }
}

void upgrade_begin_attribute(struct upgrade_writer *w, str name, struct range range)
{
    upgrade_indent(w);
    size_t start = w->out.len;
    strbuf_addstr(&w->out, name);
    upgrade_mark(w, start, range, false);
    strbuf_adds(&w->out, " = ");
}

static bool holds_objects(const struct json_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct json_node *item =
            n->kind == JSON_IS_OBJECT ? n->members[i].value : n->items[i];
        if (item->kind == JSON_IS_OBJECT ||
            (n->kind == JSON_IS_OBJECT && item->kind == JSON_IS_ARRAY))
            return true;
    }
    return n->kind == JSON_IS_OBJECT && n->count == 0;
}

/* Without a table: an object of plain values is a map, any other one a block;
 * a list of objects is as many blocks. */
static bool is_block(const struct opt *row, const struct json_node *n)
{
    bool object = n->kind == JSON_IS_OBJECT;
    if (row != NULL && (row->kind == OPT_KIND_BLOCK || row->kind == OPT_KIND_BLOCKS))
        return object || (n->kind == JSON_IS_ARRAY && n->count > 0 && holds_objects(n));
    return row == NULL && (object || n->kind == JSON_IS_ARRAY) && holds_objects(n);
}

static void add_block(struct upgrade_writer *w, const struct json_member *m, const struct opt *row,
                      const struct json_node *body)
{
    struct upgrade_members members = {0};
    const struct opt *outer = w->rows;
    const struct opt none = {.kind = OPT_KIND_END};
    upgrade_open_block(w, str_dup(w->arena, m->name), NULL, m->name_range);
    w->rows = row == NULL ? NULL : row->opts != NULL ? row->opts : &none;
    upgrade_sorted(w->arena, body, &members);
    VEC_EACH (inner, &members)
        upgrade_add_option(w, *inner);
    w->rows = outer;
    upgrade_close_block(w);
}

/* Nothing for a number is zero, which is what an unset one is. */
static bool says_nothing(const struct opt *row, const struct json_node *n)
{
    bool numeric = row != NULL && (row->kind == OPT_KIND_INT || row->kind == OPT_KIND_SIZE);
    return (n->kind == JSON_IS_ARRAY && n->count == 0) ||
           (numeric && n->kind == JSON_IS_STRING && n->text.len == 0);
}

void upgrade_add_option(struct upgrade_writer *w, const struct json_member *m)
{
    const struct opt *row =
        w->rows == NULL ? NULL : schema_find(w->rows, str_dup(w->arena, m->name));
    const struct json_node *n = m->value;
    if (!hcl_is_identifier(m->name)) {
        diags_error(w->diags, m->name_range, "Wrong name of an option",
                    "\"%.*s\" cannot be the name of an option.", STR_FMT(m->name));
        return;
    }
    if (says_nothing(row, n))
        return;
    if (!is_block(row, n)) {
        upgrade_begin_attribute(w, m->name, m->name_range);
        add_as_row(w, row, n);
        strbuf_addc(&w->out, '\n');
        return;
    }
    if (n->kind == JSON_IS_OBJECT)
        add_block(w, m, row, n);
    for (size_t i = 0; n->kind == JSON_IS_ARRAY && i < n->count; i++)
        add_block(w, m, row, n->items[i]);
}
