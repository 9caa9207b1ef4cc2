/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/civil.h"

#include <ctype.h>

static bool is_leap(int64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int days_in(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01; the year begins in March so that leap days end it. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = floor_div(y, 400), yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t days, struct civil *c)
{
    days += 719468;
    int64_t era = floor_div(days, 146097), doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c->year = yoe + era * 400 + (c->month <= 2);
}

/* The ISO week is that of its Thursday. */
static void set_iso_week(int64_t days, struct civil *c)
{
    int64_t thursday = days + 3 - (c->weekday + 6) % 7;
    struct civil t;
    civil_from_days(thursday, &t);
    c->iso_year = t.year;
    c->iso_week = (int)((thursday - days_from_civil(t.year, 1, 1)) / 7) + 1;
}

struct civil civil_from_unix(int64_t unix_s, int nanos, int offset_s, bool is_utc)
{
    struct civil c = {.unix_s = unix_s, .nanos = nanos, .offset_s = offset_s, .is_utc = is_utc};
    int64_t days = floor_div(unix_s, 86400);
    int64_t secs = unix_s - days * 86400 + offset_s;
    days += floor_div(secs, 86400);
    secs -= floor_div(secs, 86400) * 86400;
    civil_from_days(days, &c);
    c.hour = (int)(secs / 3600);
    c.minute = (int)(secs / 60 % 60);
    c.second = (int)(secs % 60);
    c.weekday = (int)(((days + 4) % 7 + 7) % 7);
    c.year_day = (int)(days - days_from_civil(c.year, 1, 1)) + 1;
    set_iso_week(days, &c);
    return c;
}

/* --- parsing --- */

/* COUNT digits at *POS as a number from MIN to MAX. */
static bool digits(str s, size_t *pos, int count, int min, int max, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*pos)++) {
        if (*pos >= s.len || !isdigit((unsigned char)s.ptr[*pos]))
            return false;
        *out = *out * 10 + (s.ptr[*pos] - '0');
    }
    return *out >= min && *out <= max;
}

static bool literal(str s, size_t *pos, const char *any)
{
    bool ok = *pos < s.len && strchr(any, s.ptr[*pos]) != NULL && s.ptr[*pos] != '\0';
    (*pos)++;
    return ok;
}

static bool parse_fraction(str s, size_t *pos, bool lenient, int *nanos)
{
    int scale = 100000000;
    bool dot = *pos < s.len && (s.ptr[*pos] == '.' || (lenient && s.ptr[*pos] == ','));
    if (*pos + 1 >= s.len || !dot || !isdigit((unsigned char)s.ptr[*pos + 1]))
        return false;
    for ((*pos)++; *pos < s.len && isdigit((unsigned char)s.ptr[*pos]); (*pos)++) {
        *nanos += (s.ptr[*pos] - '0') * scale;
        scale /= 10;
    }
    return true;
}

static bool parse_zone(str s, size_t *pos, bool lenient, int *offset, bool *is_utc)
{
    int h, m;
    *offset = 0;
    *is_utc = *pos + 1 == s.len && s.ptr[*pos] == 'Z';
    if (*is_utc) {
        (*pos)++;
        return true;
    }
    size_t start = *pos;
    if (!literal(s, pos, "+-") || !digits(s, pos, 2, 0, lenient ? 24 : 23, &h) ||
        !literal(s, pos, ":") || !digits(s, pos, 2, 0, lenient ? 60 : 59, &m))
        return false;
    *offset = (h * 60 + m) * (s.ptr[start] == '-' ? -60 : 60);
    return *pos == s.len;
}

static bool wrong(const char **why, const char *what)
{
    *why = what;
    return false;
}

static bool parse_date(str s, size_t *pos, int *year, int *month, int *day, const char **why)
{
    if (!digits(s, pos, 4, 0, 9999, year))
        return wrong(why, "the year must have four digits");
    if (!literal(s, pos, "-"))
        return wrong(why, "a \"-\" is expected after the year");
    if (!digits(s, pos, 2, 1, 12, month))
        return wrong(why, "the month must be between 01 and 12");
    if (!literal(s, pos, "-"))
        return wrong(why, "a \"-\" is expected after the month");
    if (!digits(s, pos, 2, 1, days_in(*year, *month), day))
        return wrong(why, "there is no such day in the month");
    return true;
}

static bool parse_clock(str s, size_t *pos, int *hour, int *minute, int *second, const char **why)
{
    if (!digits(s, pos, 2, 0, 23, hour))
        return wrong(why, "the hour must have two digits, from 00 to 23");
    if (!literal(s, pos, ":") || !digits(s, pos, 2, 0, 59, minute))
        return wrong(why, "the minute must follow the hour as \":00\" to \":59\"");
    if (!literal(s, pos, ":") || !digits(s, pos, 2, 0, 59, second))
        return wrong(why, "the second must follow the minute as \":00\" to \":59\"");
    return true;
}

bool civil_parse(str s, bool lenient, struct civil *out, const char **why)
{
    size_t pos = 0;
    int year, month, day, hour, minute, second, nanos = 0, offset;
    bool is_utc;
    if (!parse_date(s, &pos, &year, &month, &day, why))
        return false;
    if (!literal(s, &pos, lenient ? "T " : "T"))
        return wrong(why, "missing required time introducer 'T'");
    if (!parse_clock(s, &pos, &hour, &minute, &second, why))
        return false;
    parse_fraction(s, &pos, lenient, &nanos);
    if (!parse_zone(s, &pos, lenient, &offset, &is_utc))
        return wrong(why, "the UTC offset must be \"Z\" or like \"+02:00\"");
    int64_t unix_s =
        days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    *out = civil_from_unix(unix_s, nanos, offset, is_utc);
    return true;
}

/* --- printing --- */

const char *civil_month_name(int month)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    return names[month - 1];
}

const char *civil_weekday_name(int weekday)
{
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    return names[weekday];
}

void civil_add_offset(const struct civil *c, char sep, struct strbuf *out)
{
    int minutes = (c->offset_s < 0 ? -c->offset_s : c->offset_s) / 60;
    strbuf_addf(out, "%c%02d", c->offset_s < 0 ? '-' : '+', minutes / 60);
    if (sep != '\0')
        strbuf_addc(out, sep);
    strbuf_addf(out, "%02d", minutes % 60);
}

void civil_add_rfc3339(const struct civil *c, struct strbuf *out)
{
    strbuf_addf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c->year, c->month, c->day,
                c->hour, c->minute, c->second);
    if (c->offset_s == 0)
        strbuf_addc(out, 'Z');
    else
        civil_add_offset(c, ':', out);
}
