/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_OPT_H
#define IMGFAC_CLI_OPT_H

/* Flags of the command line by schema rows, with the rules of Go's flag
 * package: -x and --x are the same; -x=v or -x v; a bool is -x or -x=false;
 * parsing stops at the first word that is not a flag, or after "--".  Lists
 * may be given several times; a row whose `arg` ends in ",..." is also split
 * at commas.  Pure functions over an arena. */

#include "base/error.h"
#include "base/strbuf.h"
#include "schema/schema.h"

/* Rows and the struct they fill; several tables can be offered at once. */
struct opt_table {
    const struct opt *rows; /* NULL: none */
    void *config;
};

/* Fill the structs (defaults first) from WORDS; what follows the flags is left
 * in *REST.  ERR_USAGE names the flag, with "did you mean". */
bool opt_parse(const struct opt_table *tables, size_t count, const struct opt_strings *words,
               struct arena *a, struct opt_strings *rest, struct error **err);
/* The "Flags:" part of --help, wrapped at WIDTH columns; hidden rows (no doc)
 * are left out. */
void opt_help(struct strbuf *out, const struct opt *rows, unsigned width);

#endif
