/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_STRBUF_H
#define IMGFAC_BASE_STRBUF_H

/* A growable byte string.  `buf` is never NULL and always NUL-terminated at
 * `len`; embedded NULs are allowed.  A buffer has a maximum: past it the
 * adding function returns false and the buffer is unchanged, `truncated` set.
 * STRBUF_INIT has a maximum of 1 GiB; give a smaller one to text that comes
 * from a guest or a network peer.  Not thread-safe. */

#include <stdarg.h>

#include "base/cleanup.h"
#include "base/str.h"

struct strbuf {
    char *buf;
    size_t len;
    size_t alloc; /* 0: buf is the shared empty string */
    size_t max;
    bool truncated;
};

extern char strbuf_empty[];
#define STRBUF_INIT                                                                                \
    {                                                                                              \
        .buf = strbuf_empty, .max = (size_t)1 << 30                                                \
    }
#define STRBUF_INIT_MAX(lim)                                                                       \
    {                                                                                              \
        .buf = strbuf_empty, .max = (lim)                                                          \
    }

void strbuf_init(struct strbuf *sb, size_t max);
void strbuf_clear(struct strbuf *sb); /* frees; usable again */
DEFINE_AUTO_CLEAR(strbuf, struct strbuf, strbuf_clear);

bool strbuf_add(struct strbuf *sb, const void *data, size_t len);
bool strbuf_adds(struct strbuf *sb, const char *s);
bool strbuf_addstr(struct strbuf *sb, str s);
bool strbuf_addc(struct strbuf *sb, char c);
bool strbuf_addn(struct strbuf *sb, char c, size_t count);
bool strbuf_addf(struct strbuf *sb, const char *fmt, ...) ATTR_PRINTF(2, 3);
bool strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) ATTR_PRINTF(2, 0);
/* Cut to LEN bytes (no longer than now); the memory is kept. */
void strbuf_truncate(struct strbuf *sb, size_t len);
/* Remove the first LEN bytes. */
void strbuf_shift(struct strbuf *sb, size_t len);
/* Room for LEN more bytes; NULL past the maximum.  Follow with strbuf_grew. */
char *strbuf_reserve(struct strbuf *sb, size_t len);
void strbuf_grew(struct strbuf *sb, size_t len);
str strbuf_str(const struct strbuf *sb);
/* The caller receives the heap string; the buffer is empty again. */
char *strbuf_steal(struct strbuf *sb) ATTR_RETURNS_NONNULL;

/* The words of TEXT, wrapped at WIDTH columns (counted in bytes), every line
 * after the first indented by INDENT, and a newline; the cursor is at column
 * INDENT already. */
void strbuf_add_wrapped(struct strbuf *out, str text, unsigned indent, unsigned width);

/* Quotings of S added to the buffer. */
bool strbuf_add_shell_quoted(struct strbuf *sb, str s); /* 'it'"'"'s' */
bool strbuf_add_json_quoted(struct strbuf *sb,
                            str s); /* "..." with escapes; invalid UTF-8 replaced */

#endif
