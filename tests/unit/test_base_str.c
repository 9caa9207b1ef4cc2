/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/arena.h"

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        uint64_t out;
    } cases[] = {
        {"4G", true, UINT64_C(4) << 30},
        {"512M", true, UINT64_C(512) << 20},
        {"10k", true, 10240},
        {"1T", true, UINT64_C(1) << 40},
        {"1tib", true, UINT64_C(1) << 40},
        {"2GB", true, UINT64_C(2) << 30},
        {"100b", true, 100},
        {"100B", true, 100},
        {"7", true, 7 << 20},
        {"0", true, 0},
        {"15E", true, UINT64_C(15) << 60},
        {"16E", false, 0},
        {"18446744073709551615b", true, UINT64_MAX},
        {"18446744073709551616b", false, 0},
        {"", false, 0},
        {"G", false, 0},
        {"-1G", false, 0},
        {"1.5G", false, 0},
        {"1 G", false, 0},
        {"1X", false, 0},
        {"1ib", false, 0},
        {"1GiBs", false, 0},
        {"1Gi", false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t out = 99;
        bool ok = str_to_size(str_from(cases[i].in), 1 << 20, &out);
        if (ok != cases[i].ok || out != (ok ? cases[i].out : 99))
            fail_msg("'%s': %d, %lu", cases[i].in, ok, (unsigned long)out);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        int64_t out;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"--1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1x", false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t out = 99;
        bool ok = str_to_i64(str_from(cases[i].in), &out);
        if (ok != cases[i].ok || out != (ok ? cases[i].out : 99))
            fail_msg("'%s': %d, %ld", cases[i].in, ok, (long)out);
    }
    uint64_t u = 5;
    assert_true(str_to_u64(STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(str_to_u64(STR("-1"), &u));
    assert_false(str_to_u64(STR("1\0"), &u));
}

static void comparing(void **state)
{
    (void)state;
    str none = {NULL, 0};
    assert_true(str_eq(none, STR("")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_true(str_eqz(STR("abc"), "abc"));
    assert_false(str_eqz(STR("abc\0"), "abc"));
    assert_true(str_eq_nocase(STR("AbC"), STR("aBc")));
    assert_false(str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    assert_false(str_eq_nocase(STR("["), STR("{")));
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("b"), STR("a")) > 0);
    assert_true(str_cmp(STR("a"), STR("aa")) < 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(none, STR("")), 0);
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(none, STR("")));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_true(str_ends(STR("abc"), STR("")));
    assert_false(str_ends(STR("c"), STR("bc")));
}

static void finding(void **state)
{
    (void)state;
    str none = {NULL, 0};
    assert_int_equal(str_find(STR("hello"), STR("ll")), 2);
    assert_int_equal(str_find(STR("a\0b"), STR("\0b")), 1);
    assert_int_equal(str_find(STR("hello"), STR("lx")), -1);
    assert_int_equal(str_find(STR("hello"), STR("")), 0);
    assert_int_equal(str_find(none, STR("a")), -1);
    assert_int_equal(str_find_char(STR("a.b.c"), '.'), 1);
    assert_int_equal(str_rfind_char(STR("a.b.c"), '.'), 3);
    assert_int_equal(str_find_char(none, '.'), -1);
    assert_int_equal(str_rfind_char(STR("abc"), '.'), -1);
}

static void trimming(void **state)
{
    (void)state;
    assert_true(str_eq(str_trim(STR(" \t\r\n\v\fa b \n")), STR("a b")));
    assert_true(str_eq(str_trim(STR("   ")), STR("")));
    assert_true(str_eq(str_trim(STR("")), STR("")));
    assert_true(str_eq(str_trim(STR("\xc2\xa0x")), STR("\xc2\xa0x")));
    assert_true(str_eq(str_trim_end(STR(" a ")), STR(" a")));
}

/* The parts joined by '|' after each. */
static void expect_parts(str in, bool by_lines, const char *expected)
{
    AUTO(arena) struct arena *a = arena_new("test");
    const char *got = "";
    for (str rest = in; rest.ptr != NULL;) {
        str part = by_lines ? str_next_line(&rest) : str_split(&rest, ',');
        got = arena_fmt(a, "%s%.*s|", got, STR_FMT(part));
    }
    assert_string_equal(got, expected);
}

static void splitting(void **state)
{
    (void)state;
    expect_parts(STR("a,b"), false, "a|b|");
    expect_parts(STR("a,,b,"), false, "a||b||");
    expect_parts(STR(""), false, "|");
    expect_parts(STR(","), false, "||");
    expect_parts((str){NULL, 0}, false, "");
    expect_parts(STR("a\nb\r\nc"), true, "a|b|c|");
    expect_parts(STR("a\n"), true, "a|");
    expect_parts(STR("a\n\n"), true, "a||");
    expect_parts(STR("\r\n"), true, "|");
    expect_parts(STR("a\r"), true, "a\r|");
    expect_parts(STR(""), true, "|");
}

static void duplicating(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    autofree char *heap = str_xdup(str_sub(STR("abcd"), 1, 3));
    assert_string_equal(heap, "bc");
    assert_string_equal(str_dup(a, STR("xy")), "xy");
    assert_string_equal(str_dup(a, (str){NULL, 0}), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),       cmocka_unit_test(integers), cmocka_unit_test(comparing),
        cmocka_unit_test(finding),     cmocka_unit_test(trimming), cmocka_unit_test(splitting),
        cmocka_unit_test(duplicating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
