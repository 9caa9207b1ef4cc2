/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SCHEMA_DOC_INTERNAL_H
#define IMGFAC_SCHEMA_DOC_INTERNAL_H

/* The formats of schema_doc(), one file each. */

#include "schema/doc.h"

/* Lines of a page that begin so are an example and stay as they are; an empty
 * line is in front of the first. */
#define DOC_VERBATIM "    "

void doc_text(struct strbuf *out, const struct doc_page *page, unsigned width);
void doc_markdown(struct strbuf *out, const struct doc_page *page);
void doc_man(struct strbuf *out, const struct doc_page *page);
void doc_json_schema(struct strbuf *out, const struct doc_page *page);
/* Sentences that follow from the row besides its text: default, bounds,
 * conflicts ... */
void doc_add_facts(struct strbuf *out, const struct opt *o);

#endif
