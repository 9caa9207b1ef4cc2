/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/doc.h"

#include "schema/doc_internal.h"
#include "schema/internal.h"

const char *schema_type_text(struct arena *a, const struct opt *o)
{
    switch (o->kind) {
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE: return "bool";
    case OPT_KIND_INT: return "number";
    case OPT_KIND_SIZE: return "size";
    case OPT_KIND_DURATION: return "duration";
    case OPT_KIND_STRING: return (o->flags & OPT_PATH) ? "path" : "string";
    case OPT_KIND_ENUM: return schema_choices_text(a, o->choices);
    case OPT_KIND_STRINGS: return (o->flags & OPT_PATH) ? "list of paths" : "list of strings";
    case OPT_KIND_INTS: return "list of numbers";
    case OPT_KIND_STRING_MAP: return "map of strings";
    case OPT_KIND_STRINGS_LIST: return "list of lists of strings";
    case OPT_KIND_VALUE_JSON: return "any value";
    case OPT_KIND_BLOCK: return "block";
    case OPT_KIND_BLOCKS: return "blocks, any number";
    case OPT_KIND_END:
    case OPT_KIND_EMBED: break;
    }
    return "";
}

static bool is_empty_default(const char *def)
{
    static const char *const empty[] = {"[]", "{}", "null", "\"\""};
    for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
        if (strcmp(def, empty[i]) == 0)
            return true;
    return false;
}

static void add_names(struct strbuf *out, const char *lead, const char *names)
{
    strbuf_addf(out, " %s ", lead);
    str rest = str_from(names);
    for (const char *glue = ""; rest.ptr != NULL; glue = ", ") {
        str name = str_split(&rest, ' ');
        strbuf_addf(out, "%s%.*s", glue, STR_FMT(name));
    }
    strbuf_addc(out, '.');
}

void doc_add_facts(struct strbuf *out, const struct opt *o)
{
    if (o->flags & OPT_REQUIRED)
        strbuf_adds(out, " Required.");
    if (o->def != NULL && !is_empty_default(o->def))
        strbuf_addf(out, " Default: %s.", o->def);
    if (o->min != NULL)
        strbuf_addf(out, " At least %s.", o->min);
    if (o->max != NULL)
        strbuf_addf(out, " At most %s.", o->max);
    if (o->conflicts != NULL)
        add_names(out, "Not together with", o->conflicts);
    if (o->needs != NULL)
        add_names(out, "Needs", o->needs);
    if ((o->flags & OPT_DEPRECATED) && o->instead != NULL)
        strbuf_addf(out, " Deprecated: use %s.", o->instead);
    else if (o->flags & OPT_DEPRECATED)
        strbuf_adds(out, " Deprecated.");
    if (o->flags & OPT_IGNORED)
        strbuf_adds(out, " Accepted, but without effect.");
    if (o->flags & OPT_TMPL)
        strbuf_adds(out, " {{ }} is filled in when it is used.");
    if (o->flags & OPT_IMGFAC)
        strbuf_adds(out, " Not known to Packer.");
    if (o->see != NULL)
        strbuf_addf(out, " See also %s.", o->see);
}

void schema_doc_wrap(struct strbuf *out, str text, unsigned indent, unsigned width)
{
    strbuf_addn(out, ' ', indent);
    strbuf_add_wrapped(out, text, indent, width);
}

/* Text. */

static void text_row(struct strbuf *out, const struct opt *o, struct arena *a, unsigned indent,
                     unsigned width)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_addn(out, ' ', indent);
    if (schema_is_block(o))
        strbuf_addf(out, "%s { }  (%s)\n", o->name, schema_type_text(a, o));
    else
        strbuf_addf(out, "%s  (%s)\n", o->name, schema_type_text(a, o));
    strbuf_adds(&text, o->doc == NULL ? "" : o->doc);
    doc_add_facts(&text, o);
    if (text.len > 0)
        schema_doc_wrap(out, strbuf_str(&text), indent + 4, width);
}

static void text_rows(struct strbuf *out, const struct opt *rows, struct arena *a, unsigned indent,
                      unsigned width)
{
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED) {
            text_rows(out, o->opts, a, indent, width);
            continue;
        }
        if (o->flags & OPT_LABEL)
            continue;
        text_row(out, o, a, indent, width);
        if (schema_is_block(o) && o->opts != NULL)
            text_rows(out, o->opts, a, indent + 4, width);
    }
}

void doc_text(struct strbuf *out, const struct doc_page *page, unsigned width)
{
    AUTO(arena) struct arena *a = arena_new("doc");
    strbuf_addf(out, "%s\n\n", page->title);
    schema_doc_wrap(out, str_from(page->summary), 4, width);
    str rest = str_from(page->doc);
    if (page->doc != NULL)
        strbuf_addc(out, '\n');
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (line.len == 0)
            strbuf_addc(out, '\n');
        else if (str_starts(line, STR(DOC_VERBATIM)))
            strbuf_addf(out, DOC_VERBATIM "%.*s\n", STR_FMT(line));
        else
            schema_doc_wrap(out, line, 4, width);
    }
    if (page->rows == NULL || page->rows->kind == OPT_KIND_END)
        return;
    strbuf_adds(out, "\nOptions\n\n");
    text_rows(out, page->rows, a, 4, width);
}

void schema_doc(struct strbuf *out, const struct doc_page *page, enum doc_format format,
                unsigned width)
{
    switch (format) {
    case DOC_TEXT: doc_text(out, page, width); break;
    case DOC_MARKDOWN: doc_markdown(out, page); break;
    case DOC_MAN: doc_man(out, page); break;
    case DOC_JSON_SCHEMA: doc_json_schema(out, page); break;
    }
}
