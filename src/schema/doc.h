/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SCHEMA_DOC_H
#define IMGFAC_SCHEMA_DOC_H

/* A table of options as documentation: text for the terminal, Markdown, an
 * mdoc manual page, a JSON schema for editors.  Pure functions that add to a
 * buffer. */

#include "base/strbuf.h"
#include "schema/schema.h"

enum doc_format { DOC_TEXT, DOC_MARKDOWN, DOC_MAN, DOC_JSON_SCHEMA };

struct doc_page {
    const char *name;    /* "qemu": name of the manual page is imgfac-qemu */
    const char *title;   /* source "qemu" "NAME" */
    const char *summary; /* one line */
    const char *doc;     /* paragraphs, and examples indented by four; may be NULL */
    const struct opt *rows;
};

/* WIDTH is for DOC_TEXT. */
void schema_doc(struct strbuf *out, const struct doc_page *page, enum doc_format format,
                unsigned width);
/* The JSON Schema of one body in the JSON syntax of templates, `"type":...` and what follows
 * without the braces: every value may be null or a string with "${...}", every block a list of
 * blocks. TABLES ends with NULL.  REQUIRES: the rows that must be set must be in this body. */
void schema_json_body(struct strbuf *out, const struct opt *const *tables, bool requires);
/* "string", "list of strings", "\"ssh\" or \"none\"": the type of an option. */
const char *schema_type_text(struct arena *a, const struct opt *o);
/* For manual pages in mdoc: one line, and paragraphs, with what mdoc would take
 * for its own escaped. */
void schema_man_line(struct strbuf *out, const char *text);
void schema_man_paragraphs(struct strbuf *out, const char *text);
/* Words of TEXT between columns INDENT and WIDTH; ends with a newline. */
void schema_doc_wrap(struct strbuf *out, str text, unsigned indent, unsigned width);

#endif
