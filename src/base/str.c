/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <strings.h>

#include "base/arena.h"
#include "base/mem.h"

bool str_eq(str a, str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eqz(str a, const char *b)
{
    return str_eq(a, str_from(b));
}

/* Not tolower(3), which depends on the locale. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_nocase(str a, str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

int str_cmp(str a, str b)
{
    size_t common = MIN(a.len, b.len);
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(str s, str prefix)
{
    return s.len >= prefix.len && str_eq((str){s.ptr, prefix.len}, prefix);
}

bool str_ends(str s, str suffix)
{
    return s.len >= suffix.len && str_eq(str_sub(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t str_find(str s, str needle)
{
    if (needle.len == 0)
        return 0;
    if (s.len < needle.len)
        return -1;
    const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return hit == NULL ? -1 : hit - s.ptr;
}

ptrdiff_t str_find_char(str s, char c)
{
    const char *hit = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
    return hit == NULL ? -1 : hit - s.ptr;
}

ptrdiff_t str_rfind_char(str s, char c)
{
    const char *hit = s.len == 0 ? NULL : memrchr(s.ptr, c, s.len);
    return hit == NULL ? -1 : hit - s.ptr;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim_end(str s)
{
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

str str_trim(str s)
{
    s = str_trim_end(s);
    while (s.len > 0 && is_space(s.ptr[0]))
        s = str_sub(s, 1, s.len);
    return s;
}

str str_split(str *rest, char c)
{
    str head = *rest;
    ptrdiff_t at = str_find_char(head, c);
    if (at < 0) {
        *rest = (str){NULL, 0};
        return head;
    }
    *rest = str_sub(head, (size_t)at + 1, head.len);
    return str_sub(head, 0, (size_t)at);
}

str str_next_line(str *rest)
{
    str line = str_split(rest, '\n');
    bool had_lf = rest->ptr != NULL;
    if (rest->len == 0)
        rest->ptr = NULL;
    if (had_lf && str_ends(line, STR("\r")))
        line.len--;
    return line;
}

bool str_to_u64(str s, uint64_t *out)
{
    uint64_t n = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (!ckd_mul_ok(n, UINT64_C(10), &n) || !ckd_add_ok(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

bool str_to_i64(str s, int64_t *out)
{
    bool is_negative = str_starts(s, STR("-"));
    uint64_t n;
    if (!str_to_u64(is_negative ? str_sub(s, 1, s.len) : s, &n))
        return false;
    if (n > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
        return false;
    *out = is_negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

/* Unit after the digits: "", "b", or one of kmgtpe with an optional "b" or
 * "ib".  False when it is none of them. */
static bool parse_unit(str unit, uint64_t default_unit, uint64_t *out)
{
    static const char letters[] = "kmgtpe";
    if (unit.len == 0) {
        *out = default_unit;
        return true;
    }
    if (str_eq_nocase(unit, STR("b"))) {
        *out = 1;
        return true;
    }
    ptrdiff_t power = str_find_char(str_from(letters), lower(unit.ptr[0]));
    str tail = str_sub(unit, 1, unit.len);
    if (power < 0)
        return false;
    if (tail.len > 0 && !str_eq_nocase(tail, STR("b")) && !str_eq_nocase(tail, STR("ib")))
        return false;
    *out = UINT64_C(1) << (10 * (power + 1));
    return true;
}

bool str_to_size(str s, uint64_t default_unit, uint64_t *out)
{
    size_t digits = 0;
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
        digits++;
    uint64_t n, unit, total;
    if (!str_to_u64((str){s.ptr, digits}, &n))
        return false;
    if (!parse_unit(str_sub(s, digits, s.len), default_unit, &unit))
        return false;
    if (!ckd_mul_ok(n, unit, &total))
        return false;
    *out = total;
    return true;
}

char *str_dup(struct arena *a, str s)
{
    return arena_strndup(a, s.ptr, s.len);
}

char *str_xdup(str s)
{
    return xstrndup(s.ptr, s.len);
}
