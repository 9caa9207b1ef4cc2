/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/doc_internal.h"

#include <ctype.h>

#include "schema/internal.h"

/* mdoc(7).  A line may not begin with a dot or an apostrophe, and backslashes
 * are escapes. */

void schema_man_line(struct strbuf *out, const char *text)
{
    bool at_start = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (at_start && (*c == '.' || *c == '\''))
            strbuf_adds(out, "\\&");
        if (at_start && *c == '\n')
            strbuf_adds(out, c == text ? "\\&" : ".Pp");
        if (*c == '\\')
            strbuf_adds(out, "\\e");
        else
            strbuf_addc(out, *c);
        at_start = *c == '\n';
    }
    strbuf_addc(out, '\n');
}

/* A new sentence begins a new input line, as mdoc wants. */
static void add_verbatim(struct strbuf *out, const char *text)
{
    str rest = str_from(text);
    strbuf_adds(out, ".Bd -literal -offset indent\n");
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        size_t indent = MIN(line.len, sizeof(DOC_VERBATIM) - 1);
        autofree char *copy = xstrndup(line.ptr + indent, line.len - indent);
        schema_man_line(out, copy);
    }
    strbuf_adds(out, ".Ed\n");
}

static void add_paragraph(struct strbuf *out, const char *text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *start = text;
    if (str_starts(str_from(text), STR(DOC_VERBATIM))) {
        add_verbatim(out, text);
        return;
    }
    for (const char *c = text; *c != '\0'; c++) {
        bool ends = (*c == '.' || *c == '?' || *c == '!') && (c[1] == ' ' || c[1] == '\0');
        if (!ends && c[1] != '\0')
            continue;
        schema_doc_wrap(&sb, (str){start, (size_t)(c + 1 - start)}, 0, 75);
        start = c + 1;
    }
    if (sb.len > 0)
        sb.buf[--sb.len] = '\0';
    if (sb.len > 0)
        schema_man_line(out, sb.buf);
}

/* Paragraphs are separated by empty lines. */
void schema_man_paragraphs(struct strbuf *out, const char *text)
{
    const char *end;
    for (; (end = strstr(text, "\n\n")) != NULL; text = end + 2) {
        autofree char *one = xstrndup(text, (size_t)(end - text));
        add_paragraph(out, one);
        if (!str_starts(str_from(end + 2), STR(DOC_VERBATIM)))
            strbuf_adds(out, ".Pp\n");
    }
    add_paragraph(out, text);
}

static void add_rows(struct strbuf *out, const struct opt *rows, struct arena *a);

static void add_row(struct strbuf *out, const struct opt *o, struct arena *a)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_addf(out, ".It Cm %s Pq ", o->name);
    schema_man_line(out, schema_type_text(a, o));
    strbuf_adds(&text, o->doc == NULL ? "" : o->doc);
    doc_add_facts(&text, o);
    schema_man_paragraphs(out, text.buf);
    if (!schema_is_block(o) || o->opts == NULL)
        return;
    strbuf_adds(out, ".Bl -tag -width Ds\n");
    add_rows(out, o->opts, a);
    strbuf_adds(out, ".El\n");
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

void doc_man(struct strbuf *out, const struct doc_page *page)
{
    AUTO(arena) struct arena *a = arena_new("doc");
    char *upper = arena_strdup(a, page->name);
    for (char *c = upper; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    strbuf_addf(out, ".Dd $Mdocdate$\n.Dt IMGFAC-%s 5\n.Os\n.Sh NAME\n.Nm imgfac-%s\n.Nd ", upper,
                page->name);
    str summary = str_from(page->summary);
    if (str_ends(summary, STR(".")))
        summary.len--;
    schema_man_line(out, str_dup(a, summary));
    strbuf_adds(out, ".Sh SYNOPSIS\n.Bd -literal\n");
    schema_man_line(out, page->title);
    strbuf_adds(out, ".Ed\n.Sh DESCRIPTION\n");
    schema_man_paragraphs(out, page->doc != NULL ? page->doc : page->summary);
    if (page->rows == NULL || page->rows->kind == OPT_KIND_END)
        return;
    strbuf_adds(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
    add_rows(out, page->rows, a);
    strbuf_adds(out, ".El\n.Sh SEE ALSO\n.Xr imgfac 1\n");
}
