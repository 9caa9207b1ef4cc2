/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_COMPLETE_H
#define IMGFAC_CLI_COMPLETE_H

/* What may stand at the cursor of a command line: commands, flags, their
 * values, pages of the reference, buckets of the catalog.  Changes nothing:
 * the catalog is only looked into when there is one. */

#include "base/strbuf.h"
#include "schema/schema.h"

struct app;

/* WORDS are those behind the program's name, the one at the cursor last (may be
 * empty).  One candidate on each line, whole words; a line ":files PREFIX" says
 * that names of files may follow PREFIX. */
void complete_words(struct app *app, const struct opt_strings *words, struct strbuf *out);

#endif
