/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <ctype.h>

#include "base/clock.h"
#include "hcl/civil.h"

/* --- formatdate() --- */

static bool bad_verb(struct func_call *call, str verb, const char *want)
{
    return func_error(call, 0, "invalid date format verb \"%.*s\": %s", STR_FMT(verb), want);
}

/* A number with one or two digits by the length of the verb. */
static bool add_short(struct func_call *call, str verb, int n, const char *want, struct strbuf *out)
{
    if (verb.len > 2)
        return bad_verb(call, verb, want);
    strbuf_addf(out, verb.len == 2 ? "%02d" : "%d", n);
    return true;
}

static bool add_year(struct func_call *call, const struct civil *c, str verb, struct strbuf *out)
{
    if (verb.len == 2)
        strbuf_addf(out, "%02d", (int)(c->year % 100));
    else if (verb.len == 4)
        strbuf_addf(out, "%04lld", (long long)c->year);
    else
        return bad_verb(call, verb, "year must either be \"YY\" or \"YYYY\"");
    return true;
}

static bool add_name(struct func_call *call, str verb, const char *name, const char *want,
                     struct strbuf *out)
{
    if (verb.len != 3 && verb.len != 4)
        return bad_verb(call, verb, want);
    strbuf_add(out, name, verb.len == 3 ? 3 : strlen(name));
    return true;
}

static bool add_half(struct func_call *call, const struct civil *c, str verb, struct strbuf *out)
{
    if (verb.len != 2)
        return bad_verb(call, verb, verb.ptr[0] == 'A' ? "must be \"AA\"" : "must be \"aa\"");
    strbuf_adds(out,
                verb.ptr[0] == 'A' ? (c->hour < 12 ? "AM" : "PM") : (c->hour < 12 ? "am" : "pm"));
    return true;
}

static bool add_zone(struct func_call *call, const struct civil *c, str verb, struct strbuf *out)
{
    if (verb.len == 2 || verb.len > 5)
        return bad_verb(call, verb, "timezone must be Z, ZZZ, ZZZZ, or ZZZZZ");
    if (verb.len == 1 && c->offset_s == 0)
        strbuf_addc(out, 'Z');
    else if (verb.len == 3 && c->offset_s == 0)
        strbuf_adds(out, "UTC");
    else
        civil_add_offset(c, verb.len == 1 || verb.len == 5 ? ':' : '\0', out);
    return true;
}

static bool add_verb(struct func_call *call, const struct civil *c, str verb, struct strbuf *out)
{
    static const char month[] = "month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"";
    int hour12 = c->hour % 12 == 0 ? 12 : c->hour % 12;
    switch (verb.ptr[0]) {
    case 'Y': return add_year(call, c, verb, out);
    case 'M':
        return verb.len < 3 ? add_short(call, verb, c->month, month, out)
                            : add_name(call, verb, civil_month_name(c->month), month, out);
    case 'D':
        return add_short(call, verb, c->day, "day of month must either be \"D\" or \"DD\"", out);
    case 'E':
        return add_name(call, verb, civil_weekday_name(c->weekday),
                        "day of week must either be \"EEE\" or \"EEEE\"", out);
    case 'h': return add_short(call, verb, c->hour, "24-hour must either be \"h\" or \"hh\"", out);
    case 'H': return add_short(call, verb, hour12, "12-hour must either be \"H\" or \"HH\"", out);
    case 'A':
    case 'a': return add_half(call, c, verb, out);
    case 'm': return add_short(call, verb, c->minute, "minute must either be \"m\" or \"mm\"", out);
    case 's': return add_short(call, verb, c->second, "second must either be \"s\" or \"ss\"", out);
    case 'Z': return add_zone(call, c, verb, out);
    default: return bad_verb(call, verb, "there is no such verb");
    }
}

/* Text in '...' with '' for a quote, at the start of S: its length, or 0. */
static size_t add_quoted(str s, struct strbuf *out)
{
    if (s.len > 1 && s.ptr[1] == '\'') {
        strbuf_addc(out, '\'');
        return 2;
    }
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] != '\'') {
            strbuf_addc(out, s.ptr[i]);
        } else if (i + 1 < s.len && s.ptr[i + 1] == '\'') {
            strbuf_addc(out, '\'');
            i++;
        } else {
            return i + 1;
        }
    }
    return 0;
}

static bool arg_time(struct func_call *call, size_t i, bool allow_space, struct civil *out)
{
    const char *why;
    return civil_parse(arg_str(call, i), allow_space, out, &why) ||
           func_error(call, (ptrdiff_t)i, "not a valid RFC3339 timestamp: %s", why);
}

static bool fn_formatdate(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    struct civil c;
    str s = arg_str(call, 0);
    if (!arg_time(call, 1, false, &c))
        return false;
    while (s.len > 0) {
        size_t n = 1;
        if (s.ptr[0] == '\'') {
            n = add_quoted(s, &sb);
            if (n == 0)
                return func_error(call, 0, "unterminated literal '");
        } else if (isalpha((unsigned char)s.ptr[0])) {
            while (n < s.len && s.ptr[n] == s.ptr[0])
                n++;
            if (!add_verb(call, &c, str_sub(s, 0, n), &sb))
                return false;
        } else {
            strbuf_addc(&sb, s.ptr[0]);
        }
        s = str_sub(s, n, s.len);
    }
    return result_string(call, &sb, out);
}

/* --- others --- */

static bool fn_timeadd(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    struct civil c;
    int64_t ns;
    if (!arg_time(call, 0, false, &c))
        return false;
    if (!clock_parse_duration(arg_str(call, 1), &ns))
        return func_error(call, 1, "invalid duration \"%.*s\": write it like \"1h30m\" or \"-10s\"",
                          STR_FMT(arg_str(call, 1)));
    int64_t total = c.nanos + ns % NS_PER_S, carry = total < 0 ? -1 : total / NS_PER_S;
    c = civil_from_unix(c.unix_s + ns / NS_PER_S + carry, (int)(total - carry * NS_PER_S),
                        c.offset_s, c.is_utc);
    civil_add_rfc3339(&c, &sb);
    return result_string(call, &sb, out);
}

static struct civil utc(int64_t wall_ns)
{
    return civil_from_unix(wall_ns / NS_PER_S, (int)(wall_ns % NS_PER_S), 0, true);
}

static bool fn_timestamp(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    struct civil c = utc(clock_wall());
    civil_add_rfc3339(&c, &sb);
    return result_string(call, &sb, out);
}

static bool fn_legacy_isotime(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    struct civil c = utc(clock_start_wall());
    str layout = call->len > 0 ? arg_str(call, 0) : STR("2006-01-02T15:04:05Z07:00");
    civil_format_layout(&c, layout, &sb);
    return result_string(call, &sb, out);
}

static bool fn_legacy_strftime(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    struct civil c = utc(clock_start_wall());
    if (call->len > 0)
        civil_format_strftime(&c, arg_str(call, 0), &sb);
    else
        civil_add_rfc3339(&c, &sb);
    return result_string(call, &sb, out);
}

/* The object of the *_parse functions; EXTRA is their one difference. */
static value time_object(struct func_call *call, const struct civil *c, const char *extra,
                         value extra_value)
{
    struct arena *a = call->arena;
    struct value_entry entries[] = {
        {STR("year"), value_int(a, c->year)},
        {STR("year_day"), value_int(a, c->year_day)},
        {STR("day"), value_int(a, c->day)},
        {STR("month"), value_int(a, c->month)},
        {STR("month_name"), value_stringz(a, civil_month_name(c->month))},
        {STR("weekday"), value_int(a, c->weekday)},
        {STR("weekday_name"), value_stringz(a, civil_weekday_name(c->weekday))},
        {STR("hour"), value_int(a, c->hour)},
        {STR("minute"), value_int(a, c->minute)},
        {STR("second"), value_int(a, c->second)},
        {STR("iso_year"), value_int(a, c->iso_year)},
        {STR("iso_week"), value_int(a, c->iso_week)},
        {str_from(extra), extra_value},
    };
    return value_object(a, arena_memdup(a, entries, sizeof(entries)), ARRAY_SIZE(entries));
}

static bool fn_rfc3339_parse(struct func_call *call, value *out)
{
    struct civil c;
    if (!arg_time(call, 0, true, &c))
        return false;
    *out = time_object(call, &c, "unix", value_int(call->arena, c.unix_s));
    return true;
}

/* Years with more than 18 digits would not be computed right. */
#define MAX_UNIX_TIME (INT64_C(1) << 56)

static bool fn_unix_timestamp_parse(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    int64_t n;
    value text;
    if (!arg_int(call, 0, &n))
        return false;
    if (n > MAX_UNIX_TIME || n < -MAX_UNIX_TIME)
        return func_error(call, 0, "the timestamp is out of range");
    struct civil c = civil_from_unix(n, 0, 0, true);
    civil_add_rfc3339(&c, &sb);
    if (!result_string(call, &sb, &text))
        return false;
    *out = time_object(call, &c, "rfc3339", text);
    return true;
}

#define TIME_FUNC(fn_name, text, ex, want)                                                         \
    .name = #fn_name, .impl = fn_##fn_name, .group = "time", .doc = text, .example = ex,           \
    .expected = want

const struct func funcs_time[] = {
    {TIME_FUNC(formatdate,
               "A timestamp in another format: YYYY, MM, MMM, DD, EEE, hh, mm, ss, ZZZZ and others "
               "stand for its parts, text is quoted by '.",
               "formatdate(\"DD MMM YYYY\", \"2024-02-29T12:00:00Z\")", "\"29 Feb 2024\""),
     .params = {{"format", &type_string, 0}, {"time", &type_string, 0}}, .returns = &type_string},
    {TIME_FUNC(legacy_isotime,
               "The start of the program in a format written as Go's reference time.",
               "length(legacy_isotime(\"2006-01-02\"))", "10"),
     .params = {{"format", &type_string, 0}}, .optional = 1, .returns = &type_string},
    {TIME_FUNC(legacy_strftime, "The start of the program in a format of %Y, %m, %d and so on.",
               "length(legacy_strftime(\"%Y-%m\"))", "7"),
     .params = {{"format", &type_string, 0}}, .optional = 1, .returns = &type_string},
    {TIME_FUNC(rfc3339_parse, "The parts of a timestamp as an object.",
               "rfc3339_parse(\"2024-02-29T12:00:00Z\").year_day", "60"),
     .params = {{"timestamp", &type_string, 0}}},
    {TIME_FUNC(timeadd, "A timestamp moved by a duration such as \"1h30m\" or \"-24h\".",
               "timeadd(\"2024-02-29T12:00:00Z\", \"24h\")", "\"2024-03-01T12:00:00Z\""),
     .params = {{"timestamp", &type_string, 0}, {"duration", &type_string, 0}},
     .returns = &type_string},
    {TIME_FUNC(timestamp, "The current time, in UTC, as RFC 3339 writes it.", "length(timestamp())",
               "20"),
     .returns = &type_string},
    {TIME_FUNC(unix_timestamp_parse, "The parts of a time given in seconds since 1970.",
               "unix_timestamp_parse(0).rfc3339", "\"1970-01-01T00:00:00Z\""),
     .params = {{"unix_timestamp", &type_number, 0}}},
    {.name = NULL},
};
