/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_JSON_H
#define IMGFAC_HCL_JSON_H

/* JSON text to values with exact numbers.  (Values to JSON: value_to_json().)
 * Objects become objects, arrays tuples, null a null without a type. */

#include "hcl/json_read.h"
#include "hcl/value.h"

/* False with *WHY (arena): "a comma is missing at offset 7". */
bool json_to_value(struct arena *a, str text, value *out, const char **why);
bool json_node_to_value(struct arena *a, const struct json_node *n, value *out, const char **why);

#endif
