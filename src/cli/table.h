/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_TABLE_H
#define IMGFAC_CLI_TABLE_H

/* Listings: the same rows as an aligned table that fits the terminal, or as
 * CSV (RFC 4180).  Cells are copied into the arena. */

#include "base/arena.h"
#include "base/strbuf.h"

struct table;

/* HEADINGS is NULL-ended; a heading that begins with '>' is right-aligned. */
struct table *table_new(struct arena *a, const char *const *headings);
/* One cell per heading; NULL is an empty one. */
void table_add_row(struct table *t, const char *const *cells);
/* The widest columns are cut, with an ellipsis, until the row fits WIDTH (0:
 * no limit). */
void table_print(const struct table *t, unsigned width, struct strbuf *out);
void table_print_csv(const struct table *t, struct strbuf *out);

/* "152 MiB", "4 GiB", "1.5 GiB": for cells. */
const char *table_bytes(struct arena *a, uint64_t bytes);

#endif
