/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_REGEX_H
#define IMGFAC_HCL_REGEX_H

/* Regular expressions with Go's (RE2's) syntax on PCRE2.  The pattern is read
 * by our own grammar, which refuses what Go refuses (look-around, back
 * references, possessive quantifiers...), and written anew in PCRE2's syntax
 * with Go's meaning.  Matching counts its steps and gives up with an error
 * instead of taking exponential time.  Not thread-safe per object. */

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

/* Steps that one object may take in all its matches. */
#define REGEX_MAX_STEPS 10000000L

struct regex;

/* NULL with *WHY (arena). */
struct regex *regex_new(struct arena *a, str pattern, const char **why);
void regex_free(struct regex *re);
DEFINE_AUTO(regex, struct regex *, regex_free);

size_t regex_group_count(const struct regex *re);
/* Name of group I (from 1); empty when it has none. */
str regex_group_name(const struct regex *re, size_t i);

enum regex_result { REGEX_MATCH, REGEX_NO_MATCH, REGEX_TOO_LONG };

/* Search S from offset START.  SPANS gets start and end of the match and of
 * each group, -1 where a group took no part; it has room for
 * 2 * (1 + regex_group_count()). */
enum regex_result regex_search(struct regex *re, str s, size_t start, ptrdiff_t *spans);

/* The rewriting alone: PCRE2's pattern and the names of the groups. */
struct regex_names {
    str *ptr; /* by group, from 0; len 0: unnamed */
    size_t len;
};
bool regex_translate(struct arena *a, str pattern, struct strbuf *out, struct regex_names *names,
                     const char **why);

#endif
