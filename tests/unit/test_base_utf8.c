/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void decoding(void **state)
{
    (void)state;
    static const struct {
        str in;
        size_t len;
        uint32_t cp;
    } cases[] = {
        {{"", 0}, 0, 0},
        {{NULL, 0}, 0, 0},
        {{"\0", 1}, 1, 0},
        {{"ab", 2}, 1, 'a'},
        {{"\x7f", 1}, 1, 0x7f},
        {{"\xc2\x80", 2}, 2, 0x80},
        {{"\xdf\xbf", 2}, 2, 0x7ff},
        {{"\xe0\xa0\x80", 3}, 3, 0x800},
        {{"\xed\x9f\xbf", 3}, 3, 0xd7ff},
        {{"\xef\xbf\xbf", 3}, 3, 0xffff},
        {{"\xf0\x90\x80\x80", 4}, 4, 0x10000},
        {{"\xf4\x8f\xbf\xbf", 4}, 4, 0x10ffff},
        {{"\xf4\x90\x80\x80", 4}, 0, 0}, /* past the end of Unicode */
        {{"\xed\xa0\x80", 3}, 0, 0},     /* a surrogate */
        {{"\xc0\x80", 2}, 0, 0},         /* overlong */
        {{"\xe0\x80\xaf", 3}, 0, 0},
        {{"\xf0\x80\x80\xaf", 4}, 0, 0},
        {{"\x80", 1}, 0, 0}, /* continuation alone */
        {{"\xff", 1}, 0, 0},
        {{"\xc3", 1}, 0, 0}, /* cut short */
        {{"\xe2\x82", 2}, 0, 0},
        {{"\xf0\x9f\x98", 3}, 0, 0},
        {{"\xc3\x28", 2}, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint32_t cp = 0;
        size_t len = utf8_decode(cases[i].in, &cp);
        if (len != cases[i].len || cp != cases[i].cp)
            fail_msg("case %zu: length %zu, U+%04X", i, len, (unsigned)cp);
        if (len == 0)
            continue;
        char back[4];
        assert_int_equal(utf8_encode(cp, back), len);
        assert_memory_equal(back, cases[i].in.ptr, len);
    }
}

static void encoding_of_no_character(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0xd800, 0xdfff, 0x110000, 0xffffffff};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char out[4];
        assert_int_equal(utf8_encode(bad[i], out), 3);
        assert_memory_equal(out, "\xef\xbf\xbd", 3);
    }
}

static void validity(void **state)
{
    (void)state;
    static const struct {
        str in;
        size_t prefix;
    } cases[] = {
        {{"", 0}, 0},
        {{NULL, 0}, 0},
        {{"a\0b", 3}, 3},
        {{"\xc3\xa4\xe2\x82\xac", 5}, 5},
        {{"ab\xff"
          "cd",
          5},
         2},
        {{"\xff", 1}, 0},
        {{"ab\xe2\x82", 4}, 2},
        {{"x\xed\xa0\x80", 4}, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(utf8_valid_prefix(cases[i].in), cases[i].prefix);
        assert_int_equal(utf8_valid(cases[i].in), cases[i].prefix == cases[i].in.len);
    }
}

#define WOMAN  "\xf0\x9f\x91\xa9"
#define MAN    "\xf0\x9f\x91\xa8"
#define GIRL   "\xf0\x9f\x91\xa7"
#define ZWJ    "\xe2\x80\x8d"
#define VS16   "\xef\xb8\x8f"
#define HEART  "\xe2\x9d\xa4"
#define FIRE   "\xf0\x9f\x94\xa5"
#define THUMB  "\xf0\x9f\x91\x8d"
#define TONE   "\xf0\x9f\x8f\xbd"
#define RI_D   "\xf0\x9f\x87\xa9"
#define RI_E   "\xf0\x9f\x87\xaa"
#define RI_F   "\xf0\x9f\x87\xab"
#define RI_R   "\xf0\x9f\x87\xb7"
#define FAMILY MAN ZWJ WOMAN ZWJ GIRL
/* STR() is no constant initialiser. */
#define S(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void graphemes_and_width(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        str in;
        size_t count;
        size_t first;
        size_t width;
    } cases[] = {
        {"empty", {"", 0}, 0, 0, 0},
        {"ascii", {"abc", 3}, 3, 1, 3},
        {"a NUL", {"a\0b", 3}, 3, 1, 2},
        {"CR LF is one", {"\r\n", 2}, 1, 2, 0},
        {"LF CR is two", {"\n\r", 2}, 2, 1, 0},
        {"controls do not extend", {"a\xcc\x81\n\xcc\x81", 6}, 3, 3, 1},
        {"combining accent", {"e\xcc\x81x", 4}, 2, 3, 2},
        {"two accents", {"o\xcc\x88\xcc\x84", 5}, 1, 5, 1},
        {"Hangul syllable", {"\xea\xb0\x81", 3}, 1, 3, 2},
        {"Hangul L V T", {"\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 9}, 1, 9, 2},
        {"Hangul T L", {"\xe1\x86\xa8\xe1\x84\x80", 6}, 2, 3, 2},
        {"Hangul LV T", {"\xea\xb0\x80\xe1\x86\xa8", 6}, 1, 6, 2},
        {"CJK", {"\xe6\xbc\xa2\xe5\xad\x97", 6}, 2, 3, 4},
        {"Devanagari vowel sign", {"\xe0\xa4\xa8\xe0\xa4\xbf", 6}, 1, 6, 2},
        {"Arabic prepended sign",
         {"\xd8\x80"
          "a",
          3},
         1,
         3,
         1},
        {"family", S(FAMILY), 1, sizeof(FAMILY) - 1, 2},
        {"two families", S(FAMILY FAMILY), 2, sizeof(FAMILY) - 1, 4},
        {"skin tone", S(THUMB TONE), 1, 8, 2},
        {"heart on fire", S(HEART VS16 ZWJ FIRE), 1, 13, 2},
        {"coloured heart", S(HEART VS16), 1, 6, 2},
        {"plain heart", S(HEART), 1, 3, 1},
        {"letters do not join", S("a" ZWJ "b"), 2, 4, 2},
        {"nor letter and emoji", S("a" ZWJ FIRE), 2, 4, 3},
        {"ZWJ twice does not join", S(FIRE ZWJ ZWJ FIRE), 1, 14, 2},
        {"one flag", S(RI_D RI_E), 1, 8, 2},
        {"two flags", S(RI_D RI_E RI_F RI_R), 2, 8, 4},
        {"flag and a half", S(RI_D RI_E RI_F), 2, 8, 3},
        {"flag after a letter", S("a" RI_D RI_E), 2, 1, 3},
        {"flags parted by ZWJ", S(RI_D ZWJ RI_E RI_F), 2, 7, 3},
        {"invalid bytes alone", {"\xff\xfe", 2}, 2, 1, 2},
        {"invalid ends a cluster", {"e\xff\xcc\x81", 4}, 3, 1, 2},
        {"cut short", {"a\xe2\x82", 3}, 3, 1, 3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t count = utf8_grapheme_count(cases[i].in);
        size_t first = utf8_grapheme_len(cases[i].in);
        size_t width = utf8_width(cases[i].in);
        if (count != cases[i].count || first != cases[i].first || width != cases[i].width)
            fail_msg("%s: count %zu, first %zu, width %zu", cases[i].what, count, first, width);
    }
}

static void normalising(void **state)
{
    (void)state;
    static const struct {
        str in, out;
    } cases[] = {
        {{"", 0}, {"", 0}},
        {{"abc", 3}, {"abc", 3}},
        {{"e\xcc\x81", 3}, {"\xc3\xa9", 2}},
        {{"\xc3\xa9", 2}, {"\xc3\xa9", 2}},
        {{"\xe2\x84\xab", 3}, {"\xc3\x85", 2}}, /* the angstrom sign */
        {{"\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 9}, {"\xea\xb0\x81", 3}},
        {{"q\xcc\x87\xcc\xa3", 5}, {"q\xcc\xa3\xcc\x87", 5}}, /* marks in canonical order */
        {{"\xef\xac\x81", 3}, {"\xef\xac\x81", 3}},           /* the fi ligature stays */
        {{"e\xcc\x81\0e\xcc\x81", 7}, {"\xc3\xa9\0\xc3\xa9", 5}},
        {{"e\xcc\x81\xff", 4}, {"e\xcc\x81\xff", 4}}, /* invalid: untouched */
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str out = utf8_nfc(a, cases[i].in);
        if (!str_eq(out, cases[i].out))
            fail_msg("case %zu: '%.*s'", i, STR_FMT(out));
        if (str_eq(cases[i].in, cases[i].out))
            assert_ptr_equal(out.ptr, cases[i].in.ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding),    cmocka_unit_test(encoding_of_no_character),
        cmocka_unit_test(validity),    cmocka_unit_test(graphemes_and_width),
        cmocka_unit_test(normalising),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
