/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Shared by all empty buffers, so it is never written to. */
char strbuf_empty[1] = "";

void strbuf_init(struct strbuf *sb, size_t max)
{
    *sb = (struct strbuf){.buf = strbuf_empty, .max = max};
}

void strbuf_clear(struct strbuf *sb)
{
    if (sb->alloc > 0)
        free(sb->buf);
    strbuf_init(sb, sb->max);
}

char *strbuf_reserve(struct strbuf *sb, size_t len)
{
    size_t wanted;
    if (len > sb->max - MIN(sb->len, sb->max) || !ckd_add_ok(sb->len + len, (size_t)1, &wanted)) {
        sb->truncated = true;
        return NULL;
    }
    if (wanted > sb->alloc) {
        size_t usual = sb->alloc == 0 ? 64 : sb->alloc + sb->alloc / 2;
        size_t grown = MAX(wanted, usual);
        bool was_empty = sb->alloc == 0;
        sb->buf = xrealloc(was_empty ? NULL : sb->buf, grown);
        sb->alloc = grown;
        if (was_empty)
            sb->buf[0] = '\0';
    }
    return sb->buf + sb->len;
}

void strbuf_grew(struct strbuf *sb, size_t len)
{
    assert(len == 0 || len < sb->alloc - sb->len);
    sb->len += len;
    if (sb->alloc > 0)
        sb->buf[sb->len] = '\0';
}

bool strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
    char *end = strbuf_reserve(sb, len);
    if (end == NULL)
        return false;
    if (len > 0)
        memcpy(end, data, len);
    strbuf_grew(sb, len);
    return true;
}

bool strbuf_adds(struct strbuf *sb, const char *s)
{
    return strbuf_add(sb, s, strlen(s));
}

bool strbuf_addstr(struct strbuf *sb, str s)
{
    return strbuf_add(sb, s.ptr, s.len);
}

bool strbuf_addc(struct strbuf *sb, char c)
{
    return strbuf_add(sb, &c, 1);
}

bool strbuf_addn(struct strbuf *sb, char c, size_t count)
{
    char *end = strbuf_reserve(sb, count);
    if (end == NULL)
        return false;
    memset(end, c, count);
    strbuf_grew(sb, count);
    return true;
}

bool strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *end = len < 0 ? NULL : strbuf_reserve(sb, (size_t)len);
    if (end == NULL) {
        sb->truncated = true;
        return false;
    }
    vsnprintf(end, (size_t)len + 1, fmt, ap);
    strbuf_grew(sb, (size_t)len);
    return true;
}

bool strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = strbuf_vaddf(sb, fmt, ap);
    va_end(ap);
    return ok;
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
    assert(len <= sb->len);
    sb->len = len;
    if (sb->alloc > 0)
        sb->buf[len] = '\0';
}

void strbuf_shift(struct strbuf *sb, size_t len)
{
    assert(len <= sb->len);
    if (sb->alloc > 0 && len > 0)
        memmove(sb->buf, sb->buf + len, sb->len - len);
    strbuf_truncate(sb, sb->len - len);
}

str strbuf_str(const struct strbuf *sb)
{
    return (str){sb->buf, sb->len};
}

char *strbuf_steal(struct strbuf *sb)
{
    char *text = sb->alloc > 0 ? sb->buf : xstrdup("");
    strbuf_init(sb, sb->max);
    return text;
}

/* Undo what was added since START when a part did not fit. */
static bool all_or_nothing(struct strbuf *sb, size_t start, bool ok)
{
    if (!ok)
        strbuf_truncate(sb, start);
    return ok;
}

/* Nothing is special to a POSIX shell between single quotes but the quote. */
bool strbuf_add_shell_quoted(struct strbuf *sb, str s)
{
    size_t start = sb->len;
    bool ok = strbuf_addc(sb, '\'');
    for (size_t i = 0; ok && i < s.len; i++) {
        if (s.ptr[i] == '\'')
            ok = strbuf_adds(sb, "'\"'\"'");
        else
            ok = strbuf_addc(sb, s.ptr[i]);
    }
    ok = ok && strbuf_addc(sb, '\'');
    return all_or_nothing(sb, start, ok);
}

/* RFC 8259 section 7. */
static bool add_json_ascii(struct strbuf *sb, char c)
{
    static const char shorts[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                     {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    for (size_t i = 0; i < ARRAY_SIZE(shorts); i++) {
        if (c == shorts[i][0])
            return strbuf_add(sb, (char[]){'\\', shorts[i][1]}, 2);
    }
    if ((unsigned char)c < 0x20 || c == 0x7f)
        return strbuf_addf(sb, "\\u%04x", (unsigned)c);
    return strbuf_addc(sb, c);
}

bool strbuf_add_json_quoted(struct strbuf *sb, str s)
{
    size_t start = sb->len;
    bool ok = strbuf_addc(sb, '"');
    while (ok && s.len > 0) {
        uint32_t cp;
        size_t len = utf8_decode(s, &cp);
        if (len == 0)
            ok = strbuf_adds(sb, "\xef\xbf\xbd"); /* U+FFFD for each invalid byte */
        else if (len == 1)
            ok = add_json_ascii(sb, s.ptr[0]);
        else
            ok = strbuf_add(sb, s.ptr, len);
        s = str_sub(s, MAX(len, (size_t)1), s.len);
    }
    ok = ok && strbuf_addc(sb, '"');
    return all_or_nothing(sb, start, ok);
}

void strbuf_add_wrapped(struct strbuf *out, str text, unsigned indent, unsigned width)
{
    unsigned column = indent;
    bool first = true;
    while (text.ptr != NULL) {
        str word = str_split(&text, ' ');
        if (word.len == 0)
            continue;
        if (!first && column + 1 + word.len > width) {
            strbuf_addc(out, '\n');
            strbuf_addn(out, ' ', indent);
            column = indent;
        } else if (!first) {
            strbuf_addc(out, ' ');
            column++;
        }
        strbuf_addstr(out, word);
        column += (unsigned)word.len;
        first = false;
    }
    strbuf_addc(out, '\n');
}
