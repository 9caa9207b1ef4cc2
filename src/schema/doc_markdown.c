/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/doc_internal.h"
#include "schema/internal.h"

/* One table row per option; nested blocks follow as sections of their own. */

static void add_cell(struct strbuf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|' || *c == '<' || *c == '*' || *c == '_')
            strbuf_addc(out, '\\');
        strbuf_addc(out, *c == '\n' ? ' ' : *c);
    }
}

static void add_row(struct strbuf *out, const struct opt *o, struct arena *a)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_addf(out, "| `%s` | ", o->name);
    add_cell(out, schema_type_text(a, o));
    strbuf_adds(out, " | ");
    strbuf_adds(&text, o->doc == NULL ? "" : o->doc);
    doc_add_facts(&text, o);
    add_cell(out, text.buf);
    strbuf_adds(out, " |\n");
}

static void add_rows(struct strbuf *out, const struct opt *rows, struct arena *a)
{
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            add_rows(out, o->opts, a);
        else if (!(o->flags & OPT_LABEL))
            add_row(out, o, a);
    }
}

static void add_table(struct strbuf *out, const struct opt *rows, struct arena *a)
{
    strbuf_adds(out, "| option | type | meaning |\n|---|---|---|\n");
    add_rows(out, rows, a);
    struct schema_rows flat = {0};
    schema_flatten(a, rows, &flat);
    VEC_EACH (row, &flat) {
        if (!schema_is_block(row->opt) || row->opt->opts == NULL)
            continue;
        strbuf_addf(out, "\n### `%s` block\n\n", row->opt->name);
        add_table(out, row->opt->opts, a);
    }
}

void doc_markdown(struct strbuf *out, const struct doc_page *page)
{
    AUTO(arena) struct arena *a = arena_new("doc");
    strbuf_addf(out, "## %s\n\n`%s`\n\n%s\n", page->name, page->title, page->summary);
    if (page->doc != NULL)
        strbuf_addf(out, "\n%s\n", page->doc);
    strbuf_addc(out, '\n');
    if (page->rows != NULL && page->rows->kind != OPT_KIND_END)
        add_table(out, page->rows, a);
}
