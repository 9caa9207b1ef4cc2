/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/fs_util.h"

#include "base/strbuf.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(str data, struct strbuf *out)
{
    for (size_t i = 0; i < data.len; i += 3) {
        size_t n = MIN(data.len - i, (size_t)3);
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < n ? (unsigned char)data.ptr[i + j] : 0);
        char quad[4];
        for (size_t j = 0; j < 4; j++)
            quad[j] = j <= n ? alphabet[bits >> (18 - 6 * j) & 63] : '=';
        strbuf_add(out, quad, sizeof(quad));
    }
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Next character that is no line end; *I stays at the end of the text. */
static int next_char(str s, size_t *i)
{
    while (*i < s.len && (s.ptr[*i] == '\n' || s.ptr[*i] == '\r'))
        (*i)++;
    return *i < s.len ? (unsigned char)s.ptr[*i] : -1;
}

/* What may follow the first "=" after DIGITS of a quad: the rest of the
 * padding and nothing else. */
static bool ends_well(str s, size_t *i, int digits)
{
    if (digits < 2)
        return false;
    for (int n = digits; n < 4; n++) {
        if (next_char(s, i) != '=')
            return false;
        (*i)++;
    }
    return next_char(s, i) < 0;
}

bool base64_decode(str text, struct strbuf *out, size_t *bad)
{
    size_t i = 0;
    for (;;) {
        uint32_t bits = 0;
        int digits = 0;
        while (digits < 4) {
            int c = next_char(text, &i);
            *bad = i;
            int v = c < 0 ? -1 : digit_of((char)c);
            if (v < 0)
                break;
            bits = bits << 6 | (uint32_t)v;
            digits++;
            i++;
        }
        if (digits == 0 && next_char(text, &i) < 0)
            return true;
        char triple[3];
        bits <<= 6 * (4 - digits);
        for (int j = 0; j < 3; j++)
            triple[j] = (char)(bits >> (16 - 8 * j));
        if (digits < 4 && !ends_well(text, &i, digits))
            return false;
        strbuf_add(out, triple, (size_t)MAX(digits - 1, 0));
        if (digits < 4)
            return true;
    }
}
