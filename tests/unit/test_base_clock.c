/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"

#define MIN_NS  (60 * NS_PER_S)
#define HOUR_NS (60 * MIN_NS)

/* Rows of Go's time_test.go TestParseDuration and TestParseDurationErrors. */
static const struct {
    const char *in;
    bool ok;
    int64_t out;
} durations[] = {
    {"0", true, 0},
    {"5s", true, 5 * NS_PER_S},
    {"30s", true, 30 * NS_PER_S},
    {"1478s", true, 1478 * NS_PER_S},
    {"-5s", true, -5 * NS_PER_S},
    {"+5s", true, 5 * NS_PER_S},
    {"-0", true, 0},
    {"+0", true, 0},
    {"5.0s", true, 5 * NS_PER_S},
    {"5.6s", true, 5600 * NS_PER_MS},
    {"5.s", true, 5 * NS_PER_S},
    {".5s", true, 500 * NS_PER_MS},
    {"1.0s", true, NS_PER_S},
    {"1.004s", true, 1004 * NS_PER_MS},
    {"1.0040s", true, 1004 * NS_PER_MS},
    {"100.00100s", true, 100001 * NS_PER_MS},
    {"10ns", true, 10},
    {"11us", true, 11000},
    {"12\xc2\xb5s", true, 12000},
    {"12\xce\xbcs", true, 12000},
    {"13ms", true, 13 * NS_PER_MS},
    {"14s", true, 14 * NS_PER_S},
    {"15m", true, 15 * MIN_NS},
    {"16h", true, 16 * HOUR_NS},
    {"3h30m", true, 3 * HOUR_NS + 30 * MIN_NS},
    {"10.5s4m", true, 4 * MIN_NS + 10500 * NS_PER_MS},
    {"-2m3.4s", true, -(2 * MIN_NS + 3400 * NS_PER_MS)},
    {"1h2m3s4ms5us6ns", true, HOUR_NS + 2 * MIN_NS + 3 * NS_PER_S + 4 * NS_PER_MS + 5 * 1000 + 6},
    {"39h9m14.425s", true, 39 * HOUR_NS + 9 * MIN_NS + 14425 * NS_PER_MS},
    {"52763797000ns", true, INT64_C(52763797000)},
    {"0.3333333333333333333h", true, 20 * MIN_NS},
    {"9007199254740993ns", true, INT64_C(9007199254740993)},
    {"9223372036854775807ns", true, INT64_MAX},
    {"9223372036854775.807us", true, INT64_MAX},
    {"9223372036s854ms775us807ns", true, INT64_MAX},
    {"-9223372036854775808ns", true, INT64_MIN},
    {"-9223372036854775.808us", true, INT64_MIN},
    {"-9223372036s854ms775us808ns", true, INT64_MIN},
    {"0.100000000000000000000h", true, 6 * MIN_NS},
    {"0.830103483285477580700h", true, INT64_C(2988372539827)},
    {"", false, 0},
    {"3", false, 0},
    {"-", false, 0},
    {"s", false, 0},
    {".", false, 0},
    {"-.", false, 0},
    {".s", false, 0},
    {"+.s", false, 0},
    {"1d", false, 0},
    {"00", false, 0},
    {"1 s", false, 0},
    {" 1s", false, 0},
    {"1s ", false, 0},
    {"1S", false, 0},
    {"1h30", false, 0},
    {"1..5s", false, 0},
    {"--1s", false, 0},
    {"1s-1s", false, 0},
    {"1e3s", false, 0},
    {"\x85\x85", false, 0},
    {"\xff\xff", false, 0},
    {"hello \xff\xff world", false, 0},
    {"9223372036854775810ns", false, 0},
    {"9223372036854775808ns", false, 0},
    {"-9223372036854775809ns", false, 0},
    {"9223372036854776us", false, 0},
    {"3000000h", false, 0},
    {"9223372036854775.808us", false, 0},
    {"9223372036854ms775us808ns", false, 0},
    {"-9223372036854775808ns9223372036854775808ns", false, 0},
    {"-9223372036854775808ns1ns", false, 0},
    {"99999999999999999999s", false, 0},
};

static void parsing_durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
        int64_t out = 77;
        bool ok = clock_parse_duration(str_from(durations[i].in), &out);
        if (ok != durations[i].ok || out != (ok ? durations[i].out : 77))
            fail_msg("'%s': %d, %ld", durations[i].in, ok, (long)out);
    }
    int64_t out;
    assert_false(clock_parse_duration((str){NULL, 0}, &out));
    assert_false(clock_parse_duration((str){"1s\0", 3}, &out));
}

static void printing_durations(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *go, *human, *brief;
    } cases[] = {
        {0, "0s", "0 seconds", "0:00"},
        {1, "1ns", "0 seconds", "0:00"},
        {1100, "1.1\xc2\xb5s", "1 microsecond", "0:00"},
        {2200000, "2.2ms", "2 milliseconds 200 microseconds", "0:00"},
        {47319 * 1000, "47.319ms", "47 milliseconds 319 microseconds", "0:00"},
        {300 * NS_PER_MS, "300ms", "300 milliseconds", "0:00"},
        {999999999, "999.999999ms", "999 milliseconds 999 microseconds", "0:00"},
        {NS_PER_S, "1s", "1 second", "0:01"},
        {1631 * NS_PER_MS, "1.631s", "1 second 631 milliseconds", "0:01"},
        {1500 * NS_PER_MS, "1.5s", "1 second 500 milliseconds", "0:01"},
        {7 * NS_PER_S, "7s", "7 seconds", "0:07"},
        {MIN_NS, "1m0s", "1 minute", "1:00"},
        {3 * MIN_NS + 2 * NS_PER_S, "3m2s", "3 minutes 2 seconds", "3:02"},
        {12 * MIN_NS + 34 * NS_PER_S, "12m34s", "12 minutes 34 seconds", "12:34"},
        {HOUR_NS + 30 * MIN_NS, "1h30m0s", "1 hour 30 minutes", "1:30:00"},
        {HOUR_NS + 2 * MIN_NS + 3 * NS_PER_S, "1h2m3s", "1 hour 2 minutes", "1:02:03"},
        {HOUR_NS + 1, "1h0m0.000000001s", "1 hour", "1:00:00"},
        {25 * HOUR_NS + NS_PER_S, "25h0m1s", "1 day 1 hour", "25:00:01"},
        {8 * 24 * HOUR_NS, "192h0m0s", "1 week 1 day", "192:00:00"},
        {-5 * NS_PER_S, "-5s", "-5 seconds", "0:00"},
        {-1, "-1ns", "0 seconds", "0:00"},
        {INT64_MAX, "2562047h47m16.854775807s", "292 years 24 weeks", "2562047:47:16"},
        {INT64_MIN, "-2562047h47m16.854775808s", "-292 years 24 weeks", "0:00"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        autofree char *go = clock_format_duration(cases[i].ns);
        autofree char *human = clock_human_duration(cases[i].ns);
        autofree char *brief = clock_short_duration(cases[i].ns);
        assert_string_equal(go, cases[i].go);
        assert_string_equal(human, cases[i].human);
        assert_string_equal(brief, cases[i].brief);
        int64_t back;
        assert_true(clock_parse_duration(str_from(go), &back));
        assert_int_equal(back, cases[i].ns);
    }
}

static void parsing_instants(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool ok;
        int64_t out;
    } cases[] = {
        {"1970-01-01T00:00:00Z", true, 0},
        {"2026-11-22T15:04:05Z", true, INT64_C(1795359845) * NS_PER_S},
        {"2026-11-22t15:04:05z", true, INT64_C(1795359845) * NS_PER_S},
        {"2026-11-22T16:34:05+01:30", true, INT64_C(1795359845) * NS_PER_S},
        {"2026-11-22T07:04:05-08:00", true, INT64_C(1795359845) * NS_PER_S},
        {"2026-11-22T15:04:05-00:00", true, INT64_C(1795359845) * NS_PER_S},
        {"1970-01-01T00:00:00.5Z", true, NS_PER_S / 2},
        {"1970-01-01T00:00:00.000000001Z", true, 1},
        {"1970-01-01T00:00:00.0000000019Z", true, 1},
        {"1969-12-31T23:59:59.9Z", true, -NS_PER_S / 10},
        {"2024-02-29T00:00:00Z", true, INT64_C(1709164800) * NS_PER_S},
        {"2000-02-29T00:00:00Z", true, INT64_C(951782400) * NS_PER_S},
        {"2262-04-11T23:47:16.854775807Z", true, INT64_MAX},
        {"2262-04-11T23:47:16.854775808Z", false, 0},
        {"9999-12-31T23:59:59Z", false, 0},
        {"0000-01-01T00:00:00Z", false, 0},
        {"2023-02-29T00:00:00Z", false, 0},
        {"1900-02-29T00:00:00Z", false, 0},
        {"2026-04-31T00:00:00Z", false, 0},
        {"2026-00-01T00:00:00Z", false, 0},
        {"2026-13-01T00:00:00Z", false, 0},
        {"2026-01-00T00:00:00Z", false, 0},
        {"2026-01-01T24:00:00Z", false, 0},
        {"2026-01-01T00:60:00Z", false, 0},
        {"2026-01-01T00:00:60Z", false, 0},
        {"2026-01-01T00:00:00", false, 0},
        {"2026-01-01T00:00:00.Z", false, 0},
        {"2026-01-01T00:00:00+1:00", false, 0},
        {"2026-01-01T00:00:00+0100", false, 0},
        {"2026-01-01T00:00:00+24:00", false, 0},
        {"2026-01-01T00:00:00+00:60", false, 0},
        {"2026-01-01T00:00:00Z ", false, 0},
        {" 2026-01-01T00:00:00Z", false, 0},
        {"2026-01-01 00:00:00Z", false, 0},
        {"2026-1-1T00:00:00Z", false, 0},
        {"+026-01-01T00:00:00Z", false, 0},
        {"2026-01-01", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t out = 77;
        bool ok = clock_parse_rfc3339(str_from(cases[i].in), &out);
        if (ok != cases[i].ok || out != (ok ? cases[i].out : 77))
            fail_msg("'%s': %d, %ld", cases[i].in, ok, (long)out);
    }
}

static void printing_instants(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *out;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {NS_PER_S - 1, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {-NS_PER_S, "1969-12-31T23:59:59Z"},
        {INT64_C(1795359845) * NS_PER_S, "2026-11-22T15:04:05Z"},
        {INT64_MAX, "2262-04-11T23:47:16Z"},
        {INT64_MIN, "1677-09-21T00:12:43Z"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char out[CLOCK_RFC3339_SIZE];
        clock_format_rfc3339(cases[i].ns, out);
        assert_string_equal(out, cases[i].out);
    }
}

static void clocks(void **state)
{
    (void)state;
    setenv("IMGFAC_CLOCK", "2026-11-22T15:04:05Z", 1);
    assert_int_equal(clock_wall(), INT64_C(1795359845) * NS_PER_S);
    int64_t start = clock_start_wall();
    assert_int_equal(start, INT64_C(1795359845) * NS_PER_S);
    setenv("IMGFAC_CLOCK", "nonsense", 1);
    assert_int_not_equal(clock_wall(), start);
    unsetenv("IMGFAC_CLOCK");
    assert_true(clock_wall() > INT64_C(1700000000) * NS_PER_S);
    assert_int_equal(clock_start_wall(), start);
    int64_t before = clock_now();
    assert_true(clock_now() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_durations),
        cmocka_unit_test(printing_durations),
        cmocka_unit_test(parsing_instants),
        cmocka_unit_test(printing_instants),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
