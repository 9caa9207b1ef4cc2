/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SCHEMA_OBJECT_H
#define IMGFAC_SCHEMA_OBJECT_H

/* The other way round: a struct that rows describe becomes a value of the
 * language, one attribute for each row.  For what data sources hand back, and
 * for options that a plugin is told.  Pure functions; results live in the
 * arena and may share strings of the struct. */

#include "hcl/value.h"
#include "schema/schema.h"

/* Type of the value that a row becomes; rows of blocks have none: any. */
const struct type *schema_object_type(const struct opt *o) ATTR_RETURNS_NONNULL;
/* Strings that are not set and tristates of -1 become null; a text in JSON
 * becomes what it says.  Values of sensitive rows are marked.  A text with
 * invalid UTF-8 gets U+FFFD. */
value schema_object(struct arena *a, const struct opt *rows, const void *config);
/* The same names and types, nothing known. */
value schema_object_unknown(struct arena *a, const struct opt *rows);

#endif
