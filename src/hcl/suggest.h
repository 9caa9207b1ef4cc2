/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_SUGGEST_H
#define IMGFAC_HCL_SUGGEST_H

/* "Did you mean ...?": the candidate nearest to a word, by edit distance with
 * transpositions, ignoring case and the difference of `-` and `_`.  Pure
 * functions. */

#include "base/arena.h"
#include "base/str.h"

struct suggest {
    str given;
    str best; /* .ptr NULL: none is near enough */
    size_t distance;
};

/* Offer candidates one by one, then look at best. */
void suggest_init(struct suggest *s, str given);
void suggest_offer(struct suggest *s, str candidate);
/* Over a NULL-terminated or counted table; .ptr NULL when none is near. */
str suggest_name(str given, const char *const *names, size_t count);
/* " Did you mean "x"?" to append to a detail, or "" when none is near. */
const char *suggest_text(struct arena *a, const struct suggest *s) ATTR_RETURNS_NONNULL;

#endif
