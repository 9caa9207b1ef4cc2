/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/arena.h"

static const struct number *num(struct arena *a, const char *s)
{
    const struct number *n;
    if (number_parse(a, str_from(s), &n) != NUMBER_OK)
        fail_msg("not a number: %s", s);
    return n;
}

static void parsing(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* NULL: not a number; "": out of range */
    } cases[] = {
        {"0", "0"},
        {"-0", "-0"},
        {"007", "7"},
        {"+1", "1"},
        {".5", "0.5"},
        {"5.", "5"},
        {"1.50", "1.5"},
        {"1e3", "1000"},
        {"1E-3", "0.001"},
        {"0e999999999999", "0"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"0.1", "0.1"},
        {"3.14159265358979323846264338327950288419716939937510",
         "3.1415926535897932384626433832795028841971693993751"},
        {"1e10001", ""},
        {"1e-10001", ""},
        {"1e999999999999999999999", ""},
        {"", NULL},
        {"-", NULL},
        {".", NULL},
        {"e1", NULL},
        {"1e", NULL},
        {"1e+", NULL},
        {" 1", NULL},
        {"1 ", NULL},
        {"0x10", NULL},
        {"1_0", NULL},
        {"inf", NULL},
        {"1.2.3", NULL},
        {"1p3", NULL},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct number *n;
        enum number_status st = number_parse(a, str_from(cases[i].in), &n);
        if (cases[i].out == NULL)
            assert_int_equal(st, NUMBER_SYNTAX);
        else if (cases[i].out[0] == '\0')
            assert_int_equal(st, NUMBER_TOO_LARGE);
        else
            assert_string_equal(number_str(a, n), cases[i].out);
    }
}

/* Answers of Go's math/big with the same precisions. */
static void printing(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    assert_string_equal(number_str(a, number_from_double(a, 0.1)), "0.1");
    assert_string_equal(number_str(a, number_from_double(a, 1e23)), "100000000000000000000000");
    assert_string_equal(number_str(a, number_from_double(a, 18446744073709551616.0)),
                        "18446744073709550000");
    assert_string_equal(number_str(a, number_from_int(a, INT64_MIN)), "-9223372036854775808");
    assert_string_equal(number_str(a, number_from_double(a, INFINITY)), "+Inf");
    assert_string_equal(number_str(a, number_from_double(a, -INFINITY)), "-Inf");
    assert_string_equal(number_str(a, number_from_double(a, 9.5)), "9.5");
    assert_string_equal(number_str(a, number_from_double(a, 0.3)), "0.3");
}

static void formats(void **state)
{
    (void)state;
    static const struct {
        const char *n;
        char verb;
        int prec;
        const char *out;
    } cases[] = {
        {"0", 'f', 2, "0.00"},
        {"0", 'e', 2, "0.00e+00"},
        {"0", 'g', -1, "0"},
        {"2.5", 'f', 0, "2"},
        {"3.5", 'f', 0, "4"},
        {"0.5", 'f', 0, "0"},
        {"0.05", 'f', 1, "0.1"},
        {"999.96", 'f', 1, "1000.0"},
        {"0.001", 'f', 2, "0.00"},
        {"99.5", 'f', 6, "99.500000"},
        {"12345.678", 'E', 6, "1.234568E+04"},
        {"9.99", 'e', 1, "1.0e+01"},
        {"100000", 'g', -1, "100000"},
        {"1000000", 'g', -1, "1e+06"},
        {"0.0001", 'g', -1, "0.0001"},
        {"0.00001", 'g', -1, "1e-05"},
        {"1234.5", 'g', 3, "1.23e+03"},
        {"1234.5", 'g', 10, "1234.5"},
        {"-1.5", 'g', 0, "-2"},
        {"1e100", 'e', -1, "1e+100"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        int prec = cases[i].verb == 'e' && cases[i].prec < 0 ? 0 : cases[i].prec;
        number_format(num(a, cases[i].n), cases[i].verb, prec, &sb);
        if (strcmp(sb.buf, cases[i].out) != 0)
            fail_msg("%s %%.%d%c: want %s, got %s", cases[i].n, cases[i].prec, cases[i].verb,
                     cases[i].out, sb.buf);
    }
}

static void arithmetic(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const struct number *zero = num(a, "0"), *one = num(a, "1"), *inf = number_div(a, one, zero);
    assert_string_equal(number_str(a, number_add(a, num(a, "0.1"), num(a, "0.2"))), "0.3");
    assert_int_equal(number_cmp(number_add(a, num(a, "0.1"), num(a, "0.2")), num(a, "0.3")), 0);
    assert_string_equal(number_str(a, number_mod(a, num(a, "-10"), num(a, "3"))), "-1");
    assert_string_equal(number_str(a, number_mod(a, num(a, "5.5"), num(a, "2"))), "1.5");
    assert_ptr_equal(number_mod(a, one, zero), one);
    assert_true(number_is_inf(inf));
    assert_null(number_div(a, zero, zero));
    assert_null(number_sub(a, inf, inf));
    assert_null(number_mul(a, zero, inf));
    assert_null(number_div(a, inf, inf));
    assert_int_equal(number_cmp(inf, num(a, "1e9999")), 1);
    assert_true(number_is_inf(number_mul(a, num(a, "1e9000"), num(a, "1e9000"))));
    assert_int_equal(number_sign(number_mul(a, num(a, "1e-9000"), num(a, "1e-9000"))), 0);
    /* The precision of an integer from the program is 64 bits. */
    assert_string_equal(number_str(a, number_div(a, number_from_int(a, 1), number_from_int(a, 3))),
                        "0.33333333333333333334");
    assert_string_equal(number_str(a, number_floor(a, num(a, "-1.2"))), "-2");
    assert_string_equal(number_str(a, number_ceil(a, num(a, "-1.2"))), "-1");
}

static void conversions(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    int64_t i;
    assert_true(number_to_i64(num(a, "-9223372036854775808"), &i));
    assert_int_equal(i, INT64_MIN);
    assert_false(number_to_i64(num(a, "9223372036854775808"), &i));
    assert_false(number_to_i64(num(a, "1.5"), &i));
    assert_false(number_to_i64(number_from_double(a, INFINITY), &i));
    assert_true(number_to_double(num(a, "0.1")) == 0.1);
    assert_true(number_is_int(num(a, "1e100")));
    assert_string_equal(number_str(a, number_copy(a, num(a, "0.1"))), "0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing),    cmocka_unit_test(printing),    cmocka_unit_test(formats),
        cmocka_unit_test(arithmetic), cmocka_unit_test(conversions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
