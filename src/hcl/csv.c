/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/csv.h"

#include "base/strbuf.h"
#include "base/vec.h"

DEFINE_ARENA_VEC(fields, value);

struct csv {
    struct arena *a;
    str rest;
    size_t line;
    const char **why;
};

static bool csv_error(struct csv *c, const char *what)
{
    *c->why = arena_fmt(c->a, "CSV parse error on line %zu: %s", c->line, what);
    return false;
}

/* A line end at the start of the rest: its length, 0 when there is none. */
static size_t line_end(str s)
{
    if (s.len > 0 && s.ptr[0] == '\n')
        return 1;
    if (s.len > 0 && s.ptr[0] == '\r' && (s.len == 1 || s.ptr[1] == '\n'))
        return MIN(s.len, (size_t)2);
    return 0;
}

static void skip(struct csv *c, size_t n)
{
    c->rest = str_sub(c->rest, n, c->rest.len);
}

static bool quoted_field(struct csv *c, struct strbuf *out)
{
    skip(c, 1);
    for (;;) {
        if (c->rest.len == 0)
            return csv_error(c, "extraneous or missing \" in quoted-field");
        size_t end = line_end(c->rest);
        if (end > 0) {
            strbuf_addc(out, '\n');
            c->line++;
            skip(c, end);
        } else if (c->rest.ptr[0] != '"') {
            strbuf_addc(out, c->rest.ptr[0]);
            skip(c, 1);
        } else if (c->rest.len > 1 && c->rest.ptr[1] == '"') {
            strbuf_addc(out, '"');
            skip(c, 2);
        } else {
            skip(c, 1);
            break;
        }
    }
    bool ends = c->rest.len == 0 || c->rest.ptr[0] == ',' || line_end(c->rest) > 0;
    return ends || csv_error(c, "extraneous or missing \" in quoted-field");
}

static bool bare_field(struct csv *c, struct strbuf *out)
{
    size_t n = 0;
    while (n < c->rest.len && c->rest.ptr[n] != ',' &&
           line_end(str_sub(c->rest, n, c->rest.len)) == 0) {
        if (c->rest.ptr[n] == '"')
            return csv_error(c, "bare \" in non-quoted-field");
        n++;
    }
    strbuf_add(out, c->rest.ptr, n);
    skip(c, n);
    return true;
}

/* The next record; no fields at the end of the text. */
static bool read_record(struct csv *c, struct fields *out)
{
    size_t end;
    *out = (struct fields){0};
    while ((end = line_end(c->rest)) > 0) {
        c->line++;
        skip(c, end);
    }
    while (c->rest.len > 0) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        if (!(c->rest.ptr[0] == '"' ? quoted_field(c, &sb) : bare_field(c, &sb)))
            return false;
        fields_push(c->a, out, value_string(c->a, strbuf_str(&sb)));
        bool more = c->rest.len > 0 && c->rest.ptr[0] == ',';
        skip(c, more ? 1 : line_end(c->rest));
        if (!more)
            break;
        if (c->rest.len == 0 || line_end(c->rest) > 0) { /* a comma ends the line */
            fields_push(c->a, out, value_string_raw(STR("")));
            skip(c, line_end(c->rest));
            break;
        }
    }
    c->line++;
    return true;
}

static bool check_header(struct csv *c, const struct fields *header)
{
    if (header->len == 0) {
        *c->why = "missing header line";
        return false;
    }
    if (header->len > 10000)
        return csv_error(c, "too many columns");
    for (size_t i = 0; i < header->len; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(header->ptr[i].s, header->ptr[j].s)) {
                *c->why =
                    arena_fmt(c->a, "duplicate column name \"%.*s\"", STR_FMT(header->ptr[i].s));
                return false;
            }
    return true;
}

static value row_object(struct csv *c, const struct fields *header, const value *cells)
{
    struct value_entry *entries = arena_new_array(c->a, struct value_entry, header->len);
    for (size_t i = 0; i < header->len; i++) {
        entries[i].key = header->ptr[i].s;
        entries[i].val = cells == NULL ? value_null(&type_string) : cells[i];
    }
    return value_object(c->a, entries, header->len);
}

bool csv_to_value(struct arena *a, str text, value *out, const char **why)
{
    struct csv c = {.a = a, .rest = text, .line = 1, .why = why};
    struct fields header, row, rows = {0};
    if (!read_record(&c, &header) || !check_header(&c, &header))
        return false;
    for (;;) {
        size_t line = c.line;
        if (!read_record(&c, &row))
            return false;
        if (row.len == 0)
            break;
        if (row.len != header.len) {
            c.line = line;
            return csv_error(&c, "wrong number of fields");
        }
        fields_push(a, &rows, row_object(&c, &header, row.ptr));
    }
    *out = value_list(a, row_object(&c, &header, NULL).type, rows.ptr, rows.len);
    return true;
}
