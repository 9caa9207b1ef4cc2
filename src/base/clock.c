/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define NS_PER_MIN  (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)
#define NS_PER_DAY  (24 * NS_PER_HOUR)

/* Magnitude of INT64_MIN. */
#define NS_LIMIT (UINT64_C(1) << 63)

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    if (clock_gettime(id, &ts) != 0)
        BUG("no clock");
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
    int64_t frozen;
    const char *text = getenv("IMGFAC_CLOCK");
    if (text != NULL && clock_parse_rfc3339(str_from(text), &frozen))
        return frozen;
    return read_clock(CLOCK_REALTIME);
}

static int64_t start_wall;

static void note_start(void)
{
    start_wall = clock_wall();
}

int64_t clock_start_wall(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, note_start);
    return start_wall;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip(str *s, str prefix)
{
    if (!str_starts(*s, prefix))
        return false;
    *s = str_sub(*s, prefix.len, s->len);
    return true;
}

/* Digits at the start of *S, which may be none; false on overflow. */
static bool take_whole(str *s, uint64_t *out)
{
    uint64_t n = 0;
    for (; s->len > 0 && is_digit(s->ptr[0]); *s = str_sub(*s, 1, s->len)) {
        if (n > NS_LIMIT / 10)
            return false;
        n = n * 10 + (uint64_t)(s->ptr[0] - '0');
        if (n > NS_LIMIT)
            return false;
    }
    *out = n;
    return true;
}

/* Digits after the point as *OUT / *SCALE; those that do not fit are dropped,
 * as they are far below one nanosecond. */
static void take_fraction(str *s, uint64_t *out, double *scale)
{
    bool is_full = false;
    *out = 0;
    *scale = 1;
    for (; s->len > 0 && is_digit(s->ptr[0]); *s = str_sub(*s, 1, s->len)) {
        uint64_t digit = (uint64_t)(s->ptr[0] - '0');
        is_full = is_full || *out > (NS_LIMIT - 1) / 10 || *out * 10 + digit > NS_LIMIT;
        if (is_full)
            continue;
        *out = *out * 10 + digit;
        *scale *= 10;
    }
}

static bool take_unit(str *s, uint64_t *out)
{
    static const struct {
        str name;
        uint64_t ns;
    } units[] = {
        {{"ns", 2}, 1},           {{"us", 2}, 1000},
        {{"\xc2\xb5s", 3}, 1000}, /* U+00B5, the micro sign */
        {{"\xce\xbcs", 3}, 1000}, /* U+03BC, the letter mu */
        {{"ms", 2}, NS_PER_MS},   {{"s", 1}, NS_PER_S},
        {{"m", 1}, NS_PER_MIN},   {{"h", 1}, NS_PER_HOUR},
    };
    size_t len = 0;
    while (len < s->len && !is_digit(s->ptr[len]) && s->ptr[len] != '.')
        len++;
    str name = str_sub(*s, 0, len);
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (str_eq(name, units[i].name)) {
            *out = units[i].ns;
            return skip(s, name);
        }
    }
    return false;
}

/* term = digits [ "." digits ] unit, with a digit on at least one side. */
static bool take_term(str *s, uint64_t *out)
{
    uint64_t whole, fraction = 0, unit;
    double scale = 1;
    size_t before = s->len;
    if (!take_whole(s, &whole))
        return false;
    size_t digits = before - s->len;
    if (skip(s, STR("."))) {
        before = s->len;
        take_fraction(s, &fraction, &scale);
        digits += before - s->len;
    }
    if (digits == 0 || !take_unit(s, &unit) || whole > NS_LIMIT / unit)
        return false;
    *out = whole * unit + (uint64_t)((double)fraction * ((double)unit / scale));
    return *out <= NS_LIMIT;
}

/* Go's time.ParseDuration: [-+] ( "0" | term { term } ). */
bool clock_parse_duration(str s, int64_t *out_ns)
{
    bool is_negative = str_starts(s, STR("-"));
    uint64_t total = 0;
    if (is_negative || str_starts(s, STR("+")))
        s = str_sub(s, 1, s.len);
    if (s.len == 0)
        return false;
    bool is_zero = str_eq(s, STR("0"));
    while (!is_zero && s.len > 0) {
        uint64_t term;
        if (!take_term(&s, &term))
            return false;
        total += term; /* two values of at most 2^63: wraps only to 0 */
        if (total > NS_LIMIT || (term > 0 && total == 0))
            return false;
    }
    if (total == NS_LIMIT && !is_negative)
        return false;
    *out_ns = is_negative ? (int64_t)(0 - total) : (int64_t)total;
    return true;
}

static uint64_t magnitude(int64_t ns)
{
    return ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
}

/* N / UNIT as a decimal fraction without trailing zeros. */
static void add_decimal(struct strbuf *sb, uint64_t n, uint64_t unit)
{
    strbuf_addf(sb, "%llu", (unsigned long long)(n / unit));
    uint64_t rest = n % unit;
    if (rest > 0)
        strbuf_addc(sb, '.');
    for (uint64_t place = unit / 10; rest > 0; place /= 10) {
        strbuf_addc(sb, (char)('0' + (char)(rest / place)));
        rest %= place;
    }
}

static void add_below_second(struct strbuf *sb, uint64_t n)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {{NS_PER_MS, "ms"}, {1000, "\xc2\xb5s"}, {1, "ns"}};
    size_t i = 0;
    while (n < units[i].ns)
        i++;
    add_decimal(sb, n, units[i].ns);
    strbuf_adds(sb, units[i].name);
}

/* Go's Duration.String(). */
char *clock_format_duration(int64_t ns)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    uint64_t n = magnitude(ns);
    if (n == 0)
        return xstrdup("0s");
    if (ns < 0)
        strbuf_addc(&sb, '-');
    if (n < (uint64_t)NS_PER_S) {
        add_below_second(&sb, n);
        return strbuf_steal(&sb);
    }
    if (n >= (uint64_t)NS_PER_HOUR)
        strbuf_addf(&sb, "%lluh", (unsigned long long)(n / (uint64_t)NS_PER_HOUR));
    if (n >= (uint64_t)NS_PER_MIN)
        strbuf_addf(&sb, "%llum", (unsigned long long)(n / (uint64_t)NS_PER_MIN % 60));
    add_decimal(&sb, n % (uint64_t)NS_PER_MIN, (uint64_t)NS_PER_S);
    strbuf_addc(&sb, 's');
    return strbuf_steal(&sb);
}

char *clock_human_duration(int64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {
        {365 * NS_PER_DAY, "year"}, {7 * NS_PER_DAY, "week"}, {NS_PER_DAY, "day"},
        {NS_PER_HOUR, "hour"},      {NS_PER_MIN, "minute"},   {NS_PER_S, "second"},
        {NS_PER_MS, "millisecond"}, {1000, "microsecond"},
    };
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    uint64_t rest = magnitude(ns);
    int shown = 0;
    for (size_t i = 0; i < ARRAY_SIZE(units) && shown < 2; i++) {
        unsigned long long count = rest / units[i].ns;
        rest %= units[i].ns;
        if (count == 0)
            continue;
        strbuf_adds(&sb, shown > 0 ? " " : (ns < 0 ? "-" : ""));
        strbuf_addf(&sb, "%llu %s%s", count, units[i].name, count == 1 ? "" : "s");
        shown++;
    }
    return shown == 0 ? xstrdup("0 seconds") : strbuf_steal(&sb);
}

char *clock_short_duration(int64_t ns)
{
    long long seconds = ns < 0 ? 0 : ns / NS_PER_S;
    long long hours = seconds / 3600, minutes = seconds / 60 % 60;
    if (hours > 0)
        return xasprintf("%lld:%02lld:%02lld", hours, minutes, seconds % 60);
    return xasprintf("%lld:%02lld", minutes, seconds % 60);
}

void clock_format_rfc3339(int64_t wall_ns, char out[CLOCK_RFC3339_SIZE])
{
    struct tm tm;
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    if (wall_ns % NS_PER_S < 0)
        seconds--;
    if (gmtime_r(&seconds, &tm) == NULL)
        BUG("an instant of 64-bit nanoseconds has a date");
    strftime(out, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Exactly WIDTH digits with a value of MIN to MAX. */
static bool take_field(str *s, size_t width, int min, int max, int *out)
{
    int n = 0;
    if (s->len < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        if (!is_digit(s->ptr[i]))
            return false;
        n = n * 10 + (s->ptr[i] - '0');
    }
    *s = str_sub(*s, width, s->len);
    *out = n;
    return n >= min && n <= max;
}

static bool skip_letter(str *s, const char *either)
{
    bool ok = s->len > 0 && (s->ptr[0] == either[0] || s->ptr[0] == either[1]);
    if (ok)
        *s = str_sub(*s, 1, s->len);
    return ok;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* full-date "T" partial-time up to the fraction. */
static bool take_date_time(str *s, struct tm *tm)
{
    int year, month;
    if (!take_field(s, 4, 0, 9999, &year) || !skip(s, STR("-")))
        return false;
    if (!take_field(s, 2, 1, 12, &month) || !skip(s, STR("-")))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    return take_field(s, 2, 1, days_in_month(year, month), &tm->tm_mday) && skip_letter(s, "Tt") &&
           take_field(s, 2, 0, 23, &tm->tm_hour) && skip(s, STR(":")) &&
           take_field(s, 2, 0, 59, &tm->tm_min) && skip(s, STR(":")) &&
           take_field(s, 2, 0, 59, &tm->tm_sec);
}

/* [ "." digits ]; past nanoseconds they are dropped. */
static bool take_nanoseconds(str *s, int64_t *out)
{
    int64_t n = 0, place = NS_PER_S / 10;
    if (!skip(s, STR("."))) {
        *out = 0;
        return true;
    }
    size_t before = s->len;
    for (; s->len > 0 && is_digit(s->ptr[0]); *s = str_sub(*s, 1, s->len)) {
        n += (s->ptr[0] - '0') * place;
        place /= 10;
    }
    *out = n;
    return s->len < before;
}

/* "Z" or ("+" / "-") hh ":" mm, to the end of the text. */
static bool take_offset(str *s, int64_t *out_seconds)
{
    int hours = 0, minutes = 0;
    if (!skip_letter(s, "Zz")) {
        bool is_west = str_starts(*s, STR("-"));
        if (!skip_letter(s, "+-") || !take_field(s, 2, 0, 23, &hours) || !skip(s, STR(":")) ||
            !take_field(s, 2, 0, 59, &minutes))
            return false;
        hours = is_west ? -hours : hours;
        minutes = is_west ? -minutes : minutes;
    }
    *out_seconds = hours * 3600 + minutes * 60;
    return s->len == 0;
}

/* RFC 3339 section 5.6; leap seconds are refused, as Go does. */
bool clock_parse_rfc3339(str s, int64_t *out_wall_ns)
{
    struct tm tm = {0};
    int64_t fraction, offset, ns;
    if (!take_date_time(&s, &tm) || !take_nanoseconds(&s, &fraction) || !take_offset(&s, &offset))
        return false;
    int64_t seconds = (int64_t)timegm(&tm) - offset;
    if (!ckd_mul_ok(seconds, NS_PER_S, &ns) || !ckd_add_ok(ns, fraction, &ns))
        return false;
    *out_wall_ns = ns;
    return true;
}
