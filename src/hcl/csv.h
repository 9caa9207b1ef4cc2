/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_CSV_H
#define IMGFAC_HCL_CSV_H

/* CSV (RFC 4180) to a list of objects whose attributes are named by the first
 * record.  Empty lines are skipped, as Go's reader does.  Pure. */

#include "hcl/value.h"

bool csv_to_value(struct arena *a, str text, value *out, const char **why);

#endif
