/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <unictype.h>
#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/mem.h"

#define REPLACEMENT           0xfffd
#define VARIATION_SELECTOR_16 0xfe0f

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

/* What UAX 29 needs to know of the code points before the one looked at. */
struct cluster {
    uint32_t last;
    bool is_emoji;    /* a pictograph, then only extending ones: GB11 */
    bool is_odd_flag; /* an odd number of regional indicators: GB12, GB13 */
};

static void cluster_add(struct cluster *k, uint32_t cp)
{
    int kind = uc_graphemeclusterbreak_property(cp);
    bool extends = kind == GBP_EXTEND || kind == GBP_ZWJ;
    k->is_emoji = uc_is_property_extended_pictographic(cp) || (k->is_emoji && extends);
    k->is_odd_flag = kind == GBP_RI && !k->is_odd_flag;
    k->last = cp;
}

/* libunistring's own test looks only at two neighbours, so it parts flags and
 * joined emoji. */
static bool cluster_goes_on(const struct cluster *k, uint32_t cp)
{
    int before = uc_graphemeclusterbreak_property(k->last);
    if (before == GBP_RI && uc_graphemeclusterbreak_property(cp) == GBP_RI)
        return k->is_odd_flag;
    if (before == GBP_ZWJ && k->is_emoji && uc_is_property_extended_pictographic(cp))
        return true;
    return !uc_is_grapheme_break(k->last, cp);
}

size_t utf8_grapheme_len(str s)
{
    struct cluster k = {0};
    uint32_t cp;
    size_t len = utf8_decode(s, &cp);
    if (len == 0)
        return MIN(s.len, (size_t)1);
    cluster_add(&k, cp);
    for (;;) {
        size_t more = utf8_decode(str_sub(s, len, s.len), &cp);
        if (more == 0 || !cluster_goes_on(&k, cp))
            return len;
        cluster_add(&k, cp);
        len += more;
    }
}

/* How many bytes at the start are clusters for sure: ASCII, no CR, and ASCII
 * behind. */
static size_t simple_prefix(str s)
{
    const uint64_t high = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);
    size_t len = 0;
    for (uint64_t word; len + 9 <= s.len; len += 8) {
        memcpy(&word, s.ptr + len, 8);
        uint64_t cr = word ^ (ones * '\r');
        if ((word & high) != 0 || ((cr - ones) & ~cr & high) != 0 || (s.ptr[len + 8] & 0x80) != 0)
            break;
    }
    return len;
}

size_t utf8_grapheme_count(str s)
{
    size_t count = 0;
    while (s.len > 0) {
        size_t simple = simple_prefix(s);
        s = str_sub(s, simple, s.len);
        s = str_sub(s, utf8_grapheme_len(s), s.len);
        count += simple + 1;
    }
    return count;
}

void utf8_to_utf16le(str s, struct strbuf *out)
{
    while (s.len > 0) {
        uint32_t cp = 0xFFFD;
        size_t len = utf8_decode(s, &cp);
        s = str_sub(s, MAX(len, (size_t)1), s.len);
        uint32_t units[2] = {cp, 0};
        if (cp > 0xFFFF) {
            units[0] = 0xD800 + ((cp - 0x10000) >> 10);
            units[1] = 0xDC00 + ((cp - 0x10000) & 0x3FF);
        }
        for (int i = 0; i < 2 && (i == 0 || units[i] != 0); i++) {
            strbuf_addc(out, (char)(units[i] & 0xFF));
            strbuf_addc(out, (char)(units[i] >> 8));
        }
    }
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

/* A picture or flag takes two columns however many code points it is made of;
 * in other clusters what extends the base has a width of its own or 0. */
static size_t cluster_width(str s)
{
    size_t columns = 0;
    bool is_picture = false, is_coloured = false;
    while (s.len > 0) {
        uint32_t cp;
        size_t len = utf8_decode(s, &cp);
        if (len == 0)
            return 1; /* shown as a replacement character */
        int width = uc_width(cp, "UTF-8");
        is_picture |= uc_is_property_extended_pictographic(cp);
        is_coloured |= cp == VARIATION_SELECTOR_16;
        is_picture |= uc_graphemeclusterbreak_property(cp) == GBP_RI;
        columns += width > 0 ? (size_t)width : 0;
        s = str_sub(s, len, s.len);
    }
    if (!is_picture)
        return columns;
    return is_coloured ? 2 : MIN(columns, (size_t)2);
}

size_t utf8_width(str s)
{
    size_t columns = 0;
    while (s.len > 0) {
        size_t len = utf8_grapheme_len(s);
        columns += cluster_width(str_sub(s, 0, len));
        s = str_sub(s, len, s.len);
    }
    return columns;
}
