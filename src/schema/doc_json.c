/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/doc_internal.h"
#include "schema/internal.h"

/* JSON Schema, draft 2020-12.  Numbers and bools may be written as strings in
 * HCL, and every value may be an expression, so types are those of the plain
 * way to write them. */

static void add_type(struct strbuf *out, const struct opt *o);

static void add_object(struct strbuf *out, const struct opt *rows)
{
    AUTO(arena) struct arena *a = arena_new("doc");
    struct schema_rows flat = {0};
    const char *glue = "";
    schema_flatten(a, rows, &flat);
    strbuf_adds(out, "\"type\":\"object\",\"properties\":{");
    VEC_EACH (row, &flat) {
        const struct opt *o = row->opt;
        if (o->flags & OPT_LABEL)
            continue;
        strbuf_adds(out, glue);
        strbuf_add_json_quoted(out, str_from(o->name));
        strbuf_adds(out, ":{");
        add_type(out, o);
        strbuf_addc(out, '}');
        glue = ",";
    }
    strbuf_adds(out, "},\"required\":[");
    glue = "";
    VEC_EACH (row, &flat)
        if (row->opt->flags & OPT_REQUIRED) {
            strbuf_adds(out, glue);
            strbuf_add_json_quoted(out, str_from(row->opt->name));
            glue = ",";
        }
    strbuf_adds(out, "],\"additionalProperties\":false");
}

static void add_choices(struct strbuf *out, const struct opt_choice *choices)
{
    strbuf_adds(out, "\"enum\":[");
    for (const struct opt_choice *c = choices; c->name != NULL; c++) {
        strbuf_adds(out, c == choices ? "" : ",");
        strbuf_add_json_quoted(out, str_from(c->name));
    }
    strbuf_addc(out, ']');
}

static void add_kind(struct strbuf *out, const struct opt *o)
{
    switch (o->kind) {
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE: strbuf_adds(out, "\"type\":\"boolean\""); break;
    case OPT_KIND_INT: strbuf_adds(out, "\"type\":\"integer\""); break;
    case OPT_KIND_SIZE: strbuf_adds(out, "\"type\":[\"string\",\"integer\"]"); break;
    case OPT_KIND_DURATION:
    case OPT_KIND_STRING: strbuf_adds(out, "\"type\":\"string\""); break;
    case OPT_KIND_ENUM: add_choices(out, o->choices); break;
    case OPT_KIND_STRINGS:
        strbuf_adds(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
        break;
    case OPT_KIND_INTS:
        strbuf_adds(out, "\"type\":\"array\",\"items\":{\"type\":\"integer\"}");
        break;
    case OPT_KIND_STRING_MAP:
        strbuf_adds(out, "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}");
        break;
    case OPT_KIND_STRINGS_LIST:
        strbuf_adds(out, "\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":"
                         "\"string\"}}");
        break;
    case OPT_KIND_BLOCK: add_object(out, o->opts); break;
    case OPT_KIND_BLOCKS:
        strbuf_adds(out, "\"type\":\"array\",\"items\":{");
        if (o->opts != NULL)
            add_object(out, o->opts);
        strbuf_addc(out, '}');
        break;
    case OPT_KIND_END:
    case OPT_KIND_VALUE_JSON:
    case OPT_KIND_EMBED: strbuf_adds(out, "\"$comment\":\"any value\""); break;
    }
}

static bool is_json_default(const struct opt *o)
{
    return o->def != NULL && o->kind != OPT_KIND_VALUE_JSON && !schema_is_block(o);
}

static void add_type(struct strbuf *out, const struct opt *o)
{
    add_kind(out, o);
    if (o->doc != NULL) {
        strbuf_adds(out, ",\"description\":");
        strbuf_add_json_quoted(out, str_from(o->doc));
    }
    if (is_json_default(o))
        strbuf_addf(out, ",\"default\":%s", o->def);
    if (o->kind == OPT_KIND_INT && o->min != NULL)
        strbuf_addf(out, ",\"minimum\":%s", o->min);
    if (o->kind == OPT_KIND_INT && o->max != NULL)
        strbuf_addf(out, ",\"maximum\":%s", o->max);
    if (o->flags & OPT_DEPRECATED)
        strbuf_adds(out, ",\"deprecated\":true");
}

void doc_json_schema(struct strbuf *out, const struct doc_page *page)
{
    strbuf_adds(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":");
    strbuf_add_json_quoted(out, str_from(page->title));
    strbuf_adds(out, ",\"description\":");
    strbuf_add_json_quoted(out, str_from(page->summary));
    strbuf_addc(out, ',');
    static const struct opt none[] = {OPT_END};
    add_object(out, page->rows != NULL ? page->rows : none);
    strbuf_adds(out, "}\n");
}
