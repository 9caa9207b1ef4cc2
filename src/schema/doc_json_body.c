/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/doc.h"

#include "schema/internal.h"

/* Bodies in the JSON syntax of templates.  What HCL converts is allowed: a
 * number as a string, a bool as a string, and an expression for everything. */

#define EXPRESSION "[$%]\\\\{"
#define TEXT       "{\"type\":[\"string\",\"number\",\"boolean\"]}"

static const char *scalar_type(enum opt_kind kind)
{
    switch (kind) {
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE:
        return "\"type\":[\"boolean\",\"string\",\"null\"],\"pattern\":\"^(true|false|1|0)$|" EXPRESSION
               "\"";
    case OPT_KIND_INT:
        return "\"type\":[\"integer\",\"string\",\"null\"],\"pattern\":\"^-?[0-9]+$|" EXPRESSION
               "\"";
    case OPT_KIND_SIZE: return "\"type\":[\"string\",\"number\",\"null\"]";
    case OPT_KIND_DURATION: return "\"type\":[\"string\",\"null\"]";
    case OPT_KIND_STRING: return "\"type\":[\"string\",\"number\",\"boolean\",\"null\"]";
    case OPT_KIND_STRINGS:
        return "\"type\":[\"array\",\"string\",\"null\"],\"pattern\":\"" EXPRESSION
               "\",\"items\":" TEXT;
    case OPT_KIND_INTS:
        return "\"type\":[\"array\",\"string\",\"null\"],\"pattern\":\"" EXPRESSION
               "\",\"items\":{\"type\":[\"integer\",\"string\"]}";
    case OPT_KIND_STRING_MAP:
        return "\"type\":[\"object\",\"string\",\"null\"],\"pattern\":\"" EXPRESSION
               "\",\"additionalProperties\":" TEXT;
    case OPT_KIND_STRINGS_LIST:
        return "\"type\":[\"array\",\"string\",\"null\"],\"pattern\":\"" EXPRESSION
               "\",\"items\":{\"type\":[\"array\",\"string\"],\"pattern\":\"" EXPRESSION
               "\",\"items\":" TEXT "}";
    case OPT_KIND_END:
    case OPT_KIND_ENUM:
    case OPT_KIND_VALUE_JSON:
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED: break;
    }
    return "\"$comment\":\"any value\"";
}

static void add_choices(struct strbuf *out, const struct opt_choice *choices)
{
    strbuf_adds(out, "\"anyOf\":[{\"enum\":[");
    for (const struct opt_choice *c = choices; c->name != NULL; c++) {
        strbuf_add_json_quoted(out, str_from(c->name));
        strbuf_addc(out, ',');
    }
    strbuf_adds(out, "null]},{\"type\":\"string\",\"pattern\":\"" EXPRESSION "\"}]");
}

/* Around a level of labels, or a body: itself or a list of it. */
static void add_level(struct strbuf *out, const struct opt *o, size_t labels)
{
    const struct opt *const tables[] = {o->opts, NULL};
    if (labels == 0) {
        schema_json_body(out, tables, true);
        strbuf_adds(out, ",\"items\":{");
        schema_json_body(out, tables, true);
        strbuf_addc(out, '}');
        return;
    }
    strbuf_adds(out, "\"type\":[\"object\",\"array\"],\"additionalProperties\":{");
    add_level(out, o, labels - 1);
    strbuf_adds(out, "},\"items\":{\"type\":\"object\",\"additionalProperties\":{");
    add_level(out, o, labels - 1);
    strbuf_adds(out, "}}");
}

static void add_block(struct strbuf *out, const struct opt *o)
{
    size_t labels = 0;
    if (o->opts == NULL) {
        strbuf_adds(out, "\"type\":[\"object\",\"array\"]");
        return;
    }
    for (const struct opt *row = o->opts; row->kind != OPT_KIND_END; row++)
        labels += (row->flags & OPT_LABEL) ? 1 : 0;
    add_level(out, o, labels);
}

static void add_property(struct strbuf *out, const struct opt *o)
{
    strbuf_add_json_quoted(out, str_from(o->name));
    strbuf_adds(out, ":{");
    if (schema_is_block(o))
        add_block(out, o);
    else if (o->kind == OPT_KIND_ENUM)
        add_choices(out, o->choices);
    else
        strbuf_adds(out, scalar_type(o->kind));
    if (o->doc != NULL) {
        strbuf_adds(out, ",\"description\":");
        strbuf_add_json_quoted(out, str_from(o->doc));
    }
    if (o->kind == OPT_KIND_INT && o->min != NULL)
        strbuf_addf(out, ",\"minimum\":%s", o->min);
    if (o->kind == OPT_KIND_INT && o->max != NULL)
        strbuf_addf(out, ",\"maximum\":%s", o->max);
    if (o->flags & OPT_DEPRECATED)
        strbuf_adds(out, ",\"deprecated\":true");
    strbuf_addc(out, '}');
}

/* A required block may come from a `dynamic` one. */
static void add_required(struct strbuf *out, const struct schema_rows *rows)
{
    const char *glue = "";
    strbuf_adds(out, ",\"required\":[");
    VEC_EACH (row, rows)
        if ((row->opt->flags & OPT_REQUIRED) && schema_is_argument(row->opt)) {
            strbuf_adds(out, glue);
            strbuf_add_json_quoted(out, str_from(row->opt->name));
            glue = ",";
        }
    strbuf_addc(out, ']');
}

static void add_table(struct strbuf *out, const struct schema_rows *rows, bool *has_blocks)
{
    VEC_EACH (row, rows) {
        if (row->opt->flags & OPT_LABEL)
            continue;
        *has_blocks |= schema_is_block(row->opt);
        strbuf_addc(out, ',');
        add_property(out, row->opt);
    }
}

void schema_json_body(struct strbuf *out, const struct opt *const *tables, bool requires)
{
    AUTO(arena) struct arena *a = arena_new("doc");
    struct schema_rows first = {0};
    bool has_blocks = false;
    strbuf_adds(out, "\"type\":[\"object\",\"array\"],\"properties\":{\"//\":{}");
    for (size_t i = 0; tables[i] != NULL; i++) {
        struct schema_rows rows = {0};
        schema_flatten(a, tables[i], &rows);
        add_table(out, &rows, &has_blocks);
        if (i == 0)
            first = rows;
    }
    strbuf_addf(out, "%s}", has_blocks ? ",\"dynamic\":{}" : "");
    if (requires)
        add_required(out, &first);
    strbuf_adds(out, ",\"additionalProperties\":false");
}
