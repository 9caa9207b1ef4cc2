/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_YAML_SCALAR_H
#define IMGFAC_HCL_YAML_SCALAR_H

/* What a scalar of YAML means.  Pure. */

#include "hcl/value.h"

/* TAG is empty or the long form; QUOTED: in quotes, so nothing but a string.
 * False with *WHY. */
bool yaml_resolve(struct arena *a, str tag, str text, bool quoted, value *out, const char **why);

#endif
