/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_CONVERT_H
#define IMGFAC_HCL_CONVERT_H

/* Conversion of values between types and the search for a common type, by the
 * rules of HCL: string <-> number and bool, tuple -> list -> set, object ->
 * map, and so on inside.  Results live in the given arena and share what did
 * not change.  Thread-safe. */

#include "hcl/value.h"

/* Convert V to TYPE (which may contain `any`, optional attributes with
 * defaults).  False with *WHY (arena), without a place: "a number is
 * required", `element 2: string required`, `attribute "size" is required`.
 * Marks survive. */
bool convert(struct arena *a, value v, const struct type *type, value *out, const char **why);
/* Would convert() possibly work for values of this type? */
bool convert_possible(struct arena *a, const struct type *from, const struct type *to);
/* A type that values of all N types convert to, or NULL.  `any` among them
 * gives `any` only when all are. */
const struct type *convert_unify(struct arena *a, const struct type *const *types, size_t n);
/* The same by conversions that always succeed: not from string to number, not
 * from list to set. */
const struct type *convert_unify_safe(struct arena *a, const struct type *const *types, size_t n);
/* Convert N values to their common type in place; NULL when there is none. */
const struct type *convert_unify_values(struct arena *a, value *values, size_t n);

/* Short cuts for C code that wants a plain thing: false with *WHY. */
bool convert_to_string(struct arena *a, value v, value *out, const char **why);
bool convert_to_number(struct arena *a, value v, value *out, const char **why);
bool convert_to_bool(struct arena *a, value v, value *out, const char **why);

#endif
