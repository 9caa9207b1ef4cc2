/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/internal.h"

#include "base/clock.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/parse.h"

/* Defaults are HCL text in the table.  Nearly all are plain words, which need
 * no parser. */

static str unquoted(str text)
{
    bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return quoted ? str_sub(text, 1, text.len - 1) : text;
}

static bool is_scalar(const struct opt *o)
{
    return o->kind >= OPT_KIND_BOOL && o->kind <= OPT_KIND_ENUM;
}

static void set_parsed_default(struct arena *a, const struct opt *o, void *field)
{
    struct diags diags;
    diags_init(&diags, a);
    const struct source_file *f = source_file_new(a, o->name, str_from(o->def));
    const struct expr *e;
    value v;
    const char *why;
    if (!hcl_parse_expr(a, f, &diags, &e) || !eval_expr(e, NULL, a, &v, &diags) ||
        !schema_set_value(a, o, field, v, &why))
        BUG("schema: a default of a table cannot be read");
}

void schema_set_default(struct arena *a, const struct opt *o, void *field)
{
    if (o->kind == OPT_KIND_TRISTATE)
        *(int *)field = -1;
    if (o->def == NULL || schema_is_block(o) || strcmp(o->def, "[]") == 0 ||
        strcmp(o->def, "{}") == 0 || strcmp(o->def, "null") == 0)
        return;
    const char *why;
    str text = str_from(o->def);
    if (!is_scalar(o) || str_find_char(text, '\\') >= 0)
        set_parsed_default(a, o, field);
    else if (!schema_set_text(a, o, field, unquoted(text), &why))
        BUG("schema: a default of a table cannot be read");
}

void schema_set_defaults(struct arena *a, const struct schema_rows *rows, void *config)
{
    VEC_EACH (row, rows)
        if (!(row->opt->kind == OPT_KIND_BLOCKS && row->opt->opts == NULL))
            schema_set_default(a, row->opt, schema_field(row, config));
}

void schema_defaults(const struct opt *opts, struct arena *a, void *config)
{
    struct schema_rows rows = {0};
    schema_flatten(a, opts, &rows);
    schema_set_defaults(a, &rows, config);
}

/* Fields to text. */

static void add_quoted(struct strbuf *sb, const char *s)
{
    if (s == NULL)
        strbuf_adds(sb, "null");
    else
        strbuf_add_json_quoted(sb, str_from(s));
}

static void add_strings(struct strbuf *sb, const struct opt_strings *list)
{
    strbuf_addc(sb, '[');
    for (size_t i = 0; i < list->len; i++) {
        strbuf_adds(sb, i > 0 ? ", " : "");
        add_quoted(sb, list->ptr[i]);
    }
    strbuf_addc(sb, ']');
}

static void add_map(struct strbuf *sb, const struct opt_map *map)
{
    strbuf_adds(sb, "{");
    for (size_t i = 0; i < map->len; i++) {
        strbuf_adds(sb, i > 0 ? ", " : " ");
        add_quoted(sb, map->ptr[i].key);
        strbuf_adds(sb, " = ");
        add_quoted(sb, map->ptr[i].value);
    }
    strbuf_adds(sb, map->len > 0 ? " }" : "}");
}

static void add_ints(struct strbuf *sb, const struct opt_ints *list)
{
    strbuf_addc(sb, '[');
    for (size_t i = 0; i < list->len; i++)
        strbuf_addf(sb, "%s%lld", i > 0 ? ", " : "", (long long)list->ptr[i]);
    strbuf_addc(sb, ']');
}

static void add_strings_list(struct strbuf *sb, const struct opt_strings_list *list)
{
    strbuf_addc(sb, '[');
    for (size_t i = 0; i < list->len; i++) {
        strbuf_adds(sb, i > 0 ? ", " : "");
        add_strings(sb, &list->ptr[i]);
    }
    strbuf_addc(sb, ']');
}

static void add_size(struct strbuf *sb, uint64_t bytes)
{
    static const char units[] = "KMGT";
    size_t unit = 0;
    if (bytes == 0 || bytes % 1024 != 0) {
        strbuf_addf(sb, "\"%llub\"", (unsigned long long)bytes);
        return;
    }
    for (bytes /= 1024; bytes % 1024 == 0 && unit + 2 < sizeof(units); bytes /= 1024)
        unit++;
    strbuf_addf(sb, "\"%llu%c\"", (unsigned long long)bytes, units[unit]);
}

static void add_duration(struct strbuf *sb, int64_t ns)
{
    autofree char *text = clock_format_duration(ns);
    strbuf_addf(sb, "\"%s\"", text);
}

static void add_choice(struct strbuf *sb, const struct opt_choice *choices, int v)
{
    for (const struct opt_choice *c = choices; c->name != NULL; c++)
        if (c->value == v) {
            strbuf_addf(sb, "\"%s\"", c->name);
            return;
        }
    strbuf_adds(sb, "null");
}

static void add_tristate(struct strbuf *sb, int v)
{
    strbuf_adds(sb, v < 0 ? "null" : v > 0 ? "true" : "false");
}

static void add_field(struct strbuf *sb, const struct opt *o, const void *field)
{
    switch (o->kind) {
    case OPT_KIND_BOOL: add_tristate(sb, *(const bool *)field); break;
    case OPT_KIND_TRISTATE: add_tristate(sb, *(const int *)field); break;
    case OPT_KIND_INT: strbuf_addf(sb, "%lld", (long long)*(const int64_t *)field); break;
    case OPT_KIND_SIZE: add_size(sb, *(const uint64_t *)field); break;
    case OPT_KIND_DURATION: add_duration(sb, *(const int64_t *)field); break;
    case OPT_KIND_STRING: add_quoted(sb, *(const char *const *)field); break;
    case OPT_KIND_ENUM: add_choice(sb, o->choices, *(const int *)field); break;
    case OPT_KIND_STRINGS: add_strings(sb, field); break;
    case OPT_KIND_INTS: add_ints(sb, field); break;
    case OPT_KIND_STRING_MAP: add_map(sb, field); break;
    case OPT_KIND_STRINGS_LIST: add_strings_list(sb, field); break;
    case OPT_KIND_VALUE_JSON: {
        const char *json = *(const char *const *)field;
        strbuf_adds(sb, json == NULL ? "null" : json);
        break;
    }
    case OPT_KIND_END:
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED: break;
    }
}

char *schema_text(struct arena *a, const struct opt *opts, const void *config, const char *name)
{
    struct schema_rows rows = {0};
    schema_flatten(a, opts, &rows);
    const struct schema_row *row = schema_rows_find(&rows, str_from(name));
    if (row == NULL || schema_is_block(row->opt))
        return NULL;
    const void *field = (const char *)config + row->offset;
    bool hides = row->opt->flags & OPT_SENSITIVE;
    if (hides && !(row->opt->kind == OPT_KIND_STRING && *(const char *const *)field == NULL))
        return arena_strdup(a, "<sensitive>");
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    add_field(&sb, row->opt, field);
    return arena_strndup(a, sb.buf, sb.len);
}
