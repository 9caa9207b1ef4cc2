/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_ROWS_H
#define IMGFAC_PLUGIN_ROWS_H

/* Schema rows from the option lists in a plugin's description. */

#include "base/error.h"
#include "hcl/value.h"
#include "schema/schema.h"

/* LIST is a list of objects (null: none); WHERE is for messages.  RESERVE: the
 * names that blocks of a build have in common are refused.  The rows fill a
 * struct of *SIZE bytes.  False with what is wrong. */
bool plugin_rows(struct arena *a, value list, const char *where, bool reserve,
                 const struct opt **out, size_t *size, struct error **err);

#endif
