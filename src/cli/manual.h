/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_MANUAL_H
#define IMGFAC_CLI_MANUAL_H

/* Manual pages that are more than a table of options: the program, its
 * commands, and the language of templates.  All come from the tables the
 * program works with; the examples are run by the tests. */

#include "base/strbuf.h"
#include "cli/command.h"

/* One topic of the language. */
struct language_topic {
    const char *heading;
    const char *text;     /* paragraphs */
    const char *example;  /* an expression; or blocks of a template, with EXPECTED NULL */
    const char *expected; /* compact JSON */
};
/* Ends with heading NULL. */
extern const struct language_topic language_topics[];

/* imgfac(1). */
void manual_program(struct strbuf *out, struct arena *a);
/* imgfac-PATH(1); PATH is "catalog-list". */
void manual_command(struct strbuf *out, struct arena *a, const struct command *c, const char *path);
/* imgfac-templates(5): the language and every function. */
void manual_templates(struct strbuf *out, struct arena *a);
/* The same as text. */
void manual_templates_text(struct strbuf *out, struct arena *a, unsigned width);

#endif
