/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/internal.h"

#include <ctype.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"

/* --- printf, after Go's package fmt --- */

#define WIDTH_MAX 10000

struct verb {
    bool minus, plus, zero, sharp, space, has_precision;
    int width, precision;
    char c;
};

/* %[flags][width][.precision]verb from the front of *REST. */
static bool parse_verb(str *rest, struct verb *v)
{
    size_t i = 0;
    *v = (struct verb){0};
    for (; i < rest->len && strchr("-+0# ", rest->ptr[i]) != NULL && rest->ptr[i] != '\0'; i++) {
        v->minus |= rest->ptr[i] == '-';
        v->plus |= rest->ptr[i] == '+';
        v->zero |= rest->ptr[i] == '0';
        v->sharp |= rest->ptr[i] == '#';
        v->space |= rest->ptr[i] == ' ';
    }
    for (; i < rest->len && isdigit((unsigned char)rest->ptr[i]); i++)
        v->width = MIN(v->width * 10 + rest->ptr[i] - '0', WIDTH_MAX);
    if (i < rest->len && rest->ptr[i] == '.') {
        v->has_precision = true;
        for (i++; i < rest->len && isdigit((unsigned char)rest->ptr[i]); i++)
            v->precision = MIN(v->precision * 10 + rest->ptr[i] - '0', WIDTH_MAX);
    }
    if (i == rest->len)
        return false;
    v->c = rest->ptr[i];
    *rest = str_sub(*rest, i + 1, rest->len);
    return true;
}

static void add_padded(struct strbuf *sb, const struct verb *v, str text)
{
    size_t len = utf8_valid(text) ? utf8_grapheme_count(text) : text.len;
    size_t pad = (size_t)v->width > len ? (size_t)v->width - len : 0;
    if (!v->minus)
        strbuf_addn(sb, ' ', pad);
    strbuf_addstr(sb, text);
    if (v->minus)
        strbuf_addn(sb, ' ', pad);
}

static void add_hex(struct strbuf *sb, str s, bool upper)
{
    for (size_t i = 0; i < s.len; i++)
        strbuf_addf(sb, upper ? "%02X" : "%02x", (unsigned char)s.ptr[i]);
}

static bool add_string(struct strbuf *out, const struct verb *v, str s)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    if (v->has_precision && (size_t)v->precision < s.len)
        s.len = (size_t)v->precision;
    if (v->c == 'q')
        strbuf_add_json_quoted(&sb, s);
    else if (v->c == 'x' || v->c == 'X')
        add_hex(&sb, s, v->c == 'X');
    else if (v->c == 's' || v->c == 'v')
        strbuf_addstr(&sb, s);
    else
        return false;
    add_padded(out, v, strbuf_str(&sb));
    return true;
}

static bool add_int(struct strbuf *out, const struct verb *v, int64_t i)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    char utf8[4];
    uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
    const char *sign = i < 0 ? "-" : v->plus ? "+" : v->space ? " " : "";
    int width = v->zero && !v->minus ? v->width - (int)strlen(sign) : 0;
    int digits = MAX(width, v->precision);
    switch (v->c) {
    case 'd':
    case 'v': strbuf_addf(&sb, "%s%0*llu", sign, digits, (unsigned long long)u); break;
    case 'x':
        strbuf_addf(&sb, "%s%s%0*llx", sign, v->sharp ? "0x" : "", digits, (unsigned long long)u);
        break;
    case 'X':
        strbuf_addf(&sb, "%s%s%0*llX", sign, v->sharp ? "0X" : "", digits, (unsigned long long)u);
        break;
    case 'o':
        strbuf_addf(&sb, "%s%s%0*llo", sign, v->sharp ? "0" : "", digits, (unsigned long long)u);
        break;
    case 'b':
        strbuf_adds(&sb, sign);
        for (int bit = u == 0 ? 0 : 63 - __builtin_clzll(u); bit >= 0; bit--)
            strbuf_addc(&sb, (char)('0' + (u >> bit & 1)));
        break;
    case 'c': strbuf_add(&sb, utf8, utf8_encode(u > 0x10ffff ? 0xfffd : (uint32_t)u, utf8)); break;
    default: return false;
    }
    add_padded(out, v, strbuf_str(&sb));
    return true;
}

static bool add_float(struct strbuf *out, const struct verb *v, double f,
                      const struct gotmpl_data *data)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    int precision = v->has_precision ? v->precision : 6;
    switch (v->c) {
    case 'f': strbuf_addf(&sb, "%.*f", precision, f); break;
    case 'e': strbuf_addf(&sb, "%.*e", precision, f); break;
    case 'g':
    case 'v':
        if (v->has_precision)
            strbuf_addf(&sb, "%.*g", precision, f);
        else
            gt_print(&sb, (struct gt_value){.kind = GT_FLOAT, .f = f}, data);
        break;
    default: return false;
    }
    add_padded(out, v, strbuf_str(&sb));
    return true;
}

static bool add_arg(struct strbuf *out, const struct verb *v, struct gt_value arg,
                    const struct gotmpl_data *data)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    switch (arg.kind) {
    case GT_STR: return add_string(out, v, arg.s);
    case GT_INT: return add_int(out, v, arg.i);
    case GT_FLOAT: return add_float(out, v, arg.f, data);
    case GT_BOOL:
    case GT_NIL:
    case GT_ROOT:
        if (v->c != 'v' && !(v->c == 't' && arg.kind == GT_BOOL))
            return false;
        gt_print(&sb, arg, data);
        add_padded(out, v, strbuf_str(&sb));
        return true;
    }
    BUG("kind of a template value");
}

bool gt_printf(const struct gt_call *c, struct strbuf *sb, struct error **err)
{
    size_t next = 1;
    struct verb v;
    if (c->args[0].kind != GT_STR)
        return error_set(err, ERR_TEMPLATE, 0, "the format must be a string");
    str rest = c->args[0].s;
    while (rest.len > 0) {
        ptrdiff_t percent = str_find_char(rest, '%');
        if (percent < 0)
            break;
        strbuf_add(sb, rest.ptr, (size_t)percent);
        rest = str_sub(rest, (size_t)percent + 1, rest.len);
        if (!parse_verb(&rest, &v))
            return error_set(err, ERR_TEMPLATE, 0, "the format ends within a verb");
        if (v.c == '%') {
            strbuf_addc(sb, '%');
            continue;
        }
        if (next == c->count)
            return error_set(err, ERR_TEMPLATE, 0, "the format has more verbs than arguments");
        if (!add_arg(sb, &v, c->args[next], c->data))
            return error_set(err, ERR_TEMPLATE, 0, "verb %%%c does not fit argument %zu (%s)", v.c,
                             next, gt_kind_name(c->args[next].kind));
        next++;
    }
    strbuf_addstr(sb, rest);
    if (next < c->count)
        return error_set(err, ERR_TEMPLATE, 0, "the format has fewer verbs than arguments");
    return true;
}

/* --- time, after Go's package time --- */

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

enum part {
    PART_LONG_MONTH,
    PART_MONTH,
    PART_LONG_DAY,
    PART_DAY_NAME,
    PART_ZONE,
    PART_YDAY,
    PART_MONTH2,
    PART_DAY2,
    PART_HOUR12_2,
    PART_MINUTE2,
    PART_SECOND2,
    PART_YEAR2,
    PART_HOUR,
    PART_YEAR,
    PART_YDAY_SPACE,
    PART_DAY_SPACE,
    PART_PM,
    PART_PM_LOWER,
    PART_OFFSET_ISO,
    PART_OFFSET_COLON,
    PART_OFFSET_SECONDS,
    PART_OFFSET,
    PART_OFFSET_HOUR,
    PART_MONTH1,
    PART_DAY1,
    PART_HOUR12_1,
    PART_MINUTE1,
    PART_SECOND1,
    PART_NONE,
};

/* Longest first among those with the same start. */
static const struct {
    const char *text;
    enum part part;
} parts[] = {
    {"January", PART_LONG_MONTH},
    {"Jan", PART_MONTH},
    {"Monday", PART_LONG_DAY},
    {"Mon", PART_DAY_NAME},
    {"MST", PART_ZONE},
    {"002", PART_YDAY},
    {"01", PART_MONTH2},
    {"02", PART_DAY2},
    {"03", PART_HOUR12_2},
    {"04", PART_MINUTE2},
    {"05", PART_SECOND2},
    {"06", PART_YEAR2},
    {"15", PART_HOUR},
    {"2006", PART_YEAR},
    {"__2", PART_YDAY_SPACE},
    {"_2", PART_DAY_SPACE},
    {"PM", PART_PM},
    {"pm", PART_PM_LOWER},
    {"Z07:00:00", PART_OFFSET_ISO},
    {"Z070000", PART_OFFSET_ISO},
    {"Z07:00", PART_OFFSET_ISO},
    {"Z0700", PART_OFFSET_ISO},
    {"Z07", PART_OFFSET_ISO},
    {"-07:00:00", PART_OFFSET_SECONDS},
    {"-070000", PART_OFFSET_SECONDS},
    {"-07:00", PART_OFFSET_COLON},
    {"-0700", PART_OFFSET},
    {"-07", PART_OFFSET_HOUR},
    {"1", PART_MONTH1},
    {"2", PART_DAY1},
    {"3", PART_HOUR12_1},
    {"4", PART_MINUTE1},
    {"5", PART_SECOND1},
};

static enum part next_part(str rest, size_t *len)
{
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (rest.ptr[0] != parts[i].text[0] || !str_starts(rest, str_from(parts[i].text)))
            continue;
        *len = strlen(parts[i].text);
        bool is_short_name = parts[i].part == PART_MONTH || parts[i].part == PART_DAY_NAME;
        /* "Month" is a word, not "Mon" with "th". */
        if (is_short_name && rest.len > 3 && islower((unsigned char)rest.ptr[3]))
            continue;
        /* "_2006" is an underscore and the year. */
        if (parts[i].part == PART_DAY_SPACE && str_starts(rest, STR("_2006")))
            continue;
        return parts[i].part;
    }
    return PART_NONE;
}

/* Of a number that is not negative; printf is slow in a long range. */
static void add_digits(struct strbuf *sb, int n, size_t width, char pad)
{
    char digits[16];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (sizeof(digits) - at < width)
        digits[--at] = pad;
    strbuf_add(sb, digits + at, sizeof(digits) - at);
}

static void add_number(struct strbuf *sb, enum part part, const struct tm *tm)
{
    int hour12 = tm->tm_hour % 12 == 0 ? 12 : tm->tm_hour % 12;
    switch ((int)part) {
    case PART_YDAY: add_digits(sb, tm->tm_yday + 1, 3, '0'); break;
    case PART_MONTH2: add_digits(sb, tm->tm_mon + 1, 2, '0'); break;
    case PART_DAY2: add_digits(sb, tm->tm_mday, 2, '0'); break;
    case PART_HOUR12_2: add_digits(sb, hour12, 2, '0'); break;
    case PART_MINUTE2: add_digits(sb, tm->tm_min, 2, '0'); break;
    case PART_SECOND2: add_digits(sb, tm->tm_sec, 2, '0'); break;
    case PART_YEAR2: add_digits(sb, tm->tm_year % 100, 2, '0'); break;
    case PART_HOUR: add_digits(sb, tm->tm_hour, 2, '0'); break;
    case PART_YEAR: add_digits(sb, tm->tm_year + 1900, 4, '0'); break;
    case PART_YDAY_SPACE: add_digits(sb, tm->tm_yday + 1, 3, ' '); break;
    case PART_DAY_SPACE: add_digits(sb, tm->tm_mday, 2, ' '); break;
    case PART_MONTH1: add_digits(sb, tm->tm_mon + 1, 1, ' '); break;
    case PART_DAY1: add_digits(sb, tm->tm_mday, 1, ' '); break;
    case PART_HOUR12_1: add_digits(sb, hour12, 1, ' '); break;
    case PART_MINUTE1: add_digits(sb, tm->tm_min, 1, ' '); break;
    case PART_SECOND1: add_digits(sb, tm->tm_sec, 1, ' '); break;
    default: BUG("part of a time layout");
    }
}

static void add_part(struct strbuf *sb, enum part part, const struct tm *tm)
{
    switch ((int)part) {
    case PART_LONG_MONTH: strbuf_adds(sb, months[tm->tm_mon]); break;
    case PART_MONTH: strbuf_add(sb, months[tm->tm_mon], 3); break;
    case PART_LONG_DAY: strbuf_adds(sb, days[tm->tm_wday]); break;
    case PART_DAY_NAME: strbuf_add(sb, days[tm->tm_wday], 3); break;
    case PART_ZONE: strbuf_adds(sb, "UTC"); break;
    case PART_PM: strbuf_adds(sb, tm->tm_hour >= 12 ? "PM" : "AM"); break;
    case PART_PM_LOWER: strbuf_adds(sb, tm->tm_hour >= 12 ? "pm" : "am"); break;
    case PART_OFFSET_ISO: strbuf_adds(sb, "Z"); break;
    case PART_OFFSET_COLON: strbuf_adds(sb, "+00:00"); break;
    case PART_OFFSET_SECONDS: strbuf_adds(sb, "+00:00:00"); break;
    case PART_OFFSET: strbuf_adds(sb, "+0000"); break;
    case PART_OFFSET_HOUR: strbuf_adds(sb, "+00"); break;
    default: add_number(sb, part, tm); break;
    }
}

/* Length of ".000" or ",999" at the front of REST, 0 when there is none: the
 * mark and one to nine equal digits that no other digit follows. */
static size_t fraction_length(str rest)
{
    if (rest.len < 2 || (rest.ptr[0] != '.' && rest.ptr[0] != ','))
        return 0;
    char kind = rest.ptr[1];
    size_t n = 1;
    while (n < rest.len && rest.ptr[n] == kind && n <= 9)
        n++;
    bool digit_follows = n < rest.len && isdigit((unsigned char)rest.ptr[n]);
    return (kind == '0' || kind == '9') && !digit_follows ? n : 0;
}

/* ".000" prints so many digits, ".999" as many as are not zero. */
static size_t add_fraction(struct strbuf *sb, str rest, int64_t ns)
{
    char digits[24];
    size_t n = fraction_length(rest);
    if (n == 0)
        return 0;
    snprintf(digits, sizeof(digits), "%09d", (int)(ns % NS_PER_S));
    size_t shown = n - 1;
    while (rest.ptr[1] == '9' && shown > 0 && digits[shown - 1] == '0')
        shown--;
    if (shown > 0) {
        strbuf_addc(sb, rest.ptr[0]);
        strbuf_add(sb, digits, shown);
    }
    return n;
}

void gt_format_time(struct strbuf *sb, str layout, int64_t wall_ns)
{
    struct tm tm;
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    gmtime_r(&seconds, &tm);
    while (layout.len > 0) {
        size_t len = add_fraction(sb, layout, wall_ns);
        if (len == 0) {
            enum part part = next_part(layout, &len);
            if (part != PART_NONE) {
                add_part(sb, part, &tm);
            } else {
                strbuf_addc(sb, layout.ptr[0]);
                len = 1;
            }
        }
        layout = str_sub(layout, len, layout.len);
    }
}
