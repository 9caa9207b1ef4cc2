/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_STR_H
#define IMGFAC_BASE_STR_H

/* A slice of text: pointer and length, not NUL-terminated, passed by value,
 * owns nothing.  For looking at text; to build text use strbuf. */

#include <string.h>

#include "base/macros.h"

struct arena;

typedef struct str {
    const char *ptr;
    size_t len;
} str;

#define STR(literal) ((str){("" literal ""), sizeof(literal) - 1})
/* printf("%.*s", STR_FMT(s)) */
#define STR_FMT(s) (int)(s).len, (s).ptr

static inline str str_from(const char *s)
{
    return (str){s, s == NULL ? 0 : strlen(s)};
}
static inline str str_sub(str s, size_t start, size_t end)
{
    return (str){start == 0 ? s.ptr : s.ptr + start, end - start}; /* ptr may be NULL */
}

bool str_eq(str a, str b);
bool str_eqz(str a, const char *b);
/* ASCII case only. */
bool str_eq_nocase(str a, str b);
/* Byte order, as memcmp then length: negative, 0, positive. */
int str_cmp(str a, str b);
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
/* Offset of the first occurrence, or -1. */
ptrdiff_t str_find(str s, str needle);
ptrdiff_t str_find_char(str s, char c);
ptrdiff_t str_rfind_char(str s, char c);
/* ASCII white space at both ends. */
str str_trim(str s);
str str_trim_end(str s);
/* Cut *REST at the first C: returns the head, *REST is what follows.  When C
 * does not occur the whole is returned and *REST becomes empty with a NULL
 * pointer, which ends the loop `while (rest.ptr != NULL)`. */
str str_split(str *rest, char c);
/* Next line without its LF or CR LF; same protocol.  A final LF ends the last
 * line and does not start an empty one. */
str str_next_line(str *rest);

/* The whole of S is a decimal integer in range. */
bool str_to_i64(str s, int64_t *out);
bool str_to_u64(str s, uint64_t *out);
/* Bytes from "4G", "512M", "10k", "1T", "100b" (powers of 1024, any case, an
 * optional "iB" or "B" after the unit letter); a bare number is multiplied by
 * DEFAULT_UNIT. */
bool str_to_size(str s, uint64_t default_unit, uint64_t *out);

char *str_dup(struct arena *a, str s) ATTR_RETURNS_NONNULL;
char *str_xdup(str s) ATTR_RETURNS_NONNULL;

#endif
