/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_CONVERT_INTERNAL_H
#define IMGFAC_HCL_CONVERT_INTERNAL_H

/* What convert.c and unify.c share: each asks the other.  One unifier serves
 * one question; its work counter bounds the time for hostile types. */

#include "hcl/convert.h"

struct unifier {
    struct arena *a;
    bool safe; /* only conversions that cannot fail or lose anything */
    long work; /* comparisons left */
};
#define UNIFIER_INIT(arena, is_safe)                                                               \
    {                                                                                              \
        .a = (arena), .safe = (is_safe), .work = 5000000                                           \
    }

/* A conversion exists between the types (or they are equal). */
bool convert_known_possible(struct unifier *u, const struct type *from, const struct type *to);
/* NULL when there is none. */
const struct type *unify_types(struct unifier *u, const struct type *const *types, size_t n);
/* Why values of FROM do not convert to TO; in the arena. */
const char *convert_mismatch(struct unifier *u, const struct type *from,
                             const struct type *to) ATTR_RETURNS_NONNULL;

#endif
