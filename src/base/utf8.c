/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/mem.h"

#define REPLACEMENT 0xfffd

static const uint8_t *bytes(str s)
{
    return (const uint8_t *)s.ptr;
}

size_t utf8_decode(str s, uint32_t *out)
{
    ucs4_t cp;
    int len = s.len == 0 ? 0 : u8_mbtoucr(&cp, bytes(s), s.len);
    if (len <= 0)
        return 0;
    *out = cp;
    return (size_t)len;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    int len = u8_uctomb((uint8_t *)out, cp, 4);
    if (len < 0) /* a surrogate, or past U+10FFFF */
        len = u8_uctomb((uint8_t *)out, REPLACEMENT, 4);
    return (size_t)len;
}

size_t utf8_valid_prefix(str s)
{
    const uint8_t *bad = s.len == 0 ? NULL : u8_check(bytes(s), s.len);
    return bad == NULL ? s.len : (size_t)(bad - bytes(s));
}

bool utf8_valid(str s)
{
    return utf8_valid_prefix(s) == s.len;
}

size_t utf8_grapheme_len(str s)
{
    if (s.len == 0)
        return 0;
    size_t valid = utf8_valid_prefix(s);
    if (valid == 0)
        return 1;
    const uint8_t *next = u8_grapheme_next(bytes(s), bytes(s) + valid);
    return next == NULL ? valid : (size_t)(next - bytes(s));
}

size_t utf8_grapheme_count(str s)
{
    size_t count = 0;
    for (; s.len > 0; count++)
        s = str_sub(s, utf8_grapheme_len(s), s.len);
    return count;
}

str utf8_nfc(struct arena *a, str s)
{
    size_t len = 0;
    if (s.len == 0 || !utf8_valid(s))
        return s;
    autofree uint8_t *norm = u8_normalize(UNINORM_NFC, bytes(s), s.len, NULL, &len);
    if (norm == NULL)
        return s;
    str made = {(const char *)norm, len};
    if (str_eq(made, s))
        return s;
    return (str){arena_strndup(a, made.ptr, made.len), len};
}

size_t utf8_width(str s)
{
    size_t columns = 0;
    while (s.len > 0) {
        uint32_t cp;
        size_t len = utf8_decode(s, &cp);
        int width = len == 0 ? 1 : uc_width(cp, "UTF-8");
        columns += width > 0 ? (size_t)width : 0;
        s = str_sub(s, MAX(len, (size_t)1), s.len);
    }
    return columns;
}
