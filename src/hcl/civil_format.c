/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/civil.h"

#include <ctype.h>

static int hour12(const struct civil *c)
{
    return c->hour % 12 == 0 ? 12 : c->hour % 12;
}

/* --- Go's reference time --- */

/* What each piece of "Mon Jan 2 15:04:05 -0700 MST 2006" stands for; longer
 * pieces come before those they begin with. */
enum piece {
    MONTH_LONG,
    MONTH_SHORT,
    WEEKDAY_LONG,
    WEEKDAY_SHORT,
    ZONE_NAME,
    MONTH_ZERO,
    DAY_ZERO,
    HOUR12_ZERO,
    MINUTE_ZERO,
    SECOND_ZERO,
    YEAR_SHORT,
    YEAR_DAY,
    DAY_SPACE,
    YEAR_DAY_SPACE,
    YEAR_LONG,
    HOUR24,
    MONTH_PLAIN,
    DAY_PLAIN,
    HOUR12_PLAIN,
    MINUTE_PLAIN,
    SECOND_PLAIN,
    PM_UPPER,
    PM_LOWER,
    OFFSET_PLAIN,
    OFFSET_COLON,
    OFFSET_HOURS,
    ISO_PLAIN,
    ISO_COLON,
    ISO_HOURS,
};

static const struct {
    const char *text;
    enum piece piece;
} layout_pieces[] = {
    {"January", MONTH_LONG},  {"Jan", MONTH_SHORT},    {"Monday", WEEKDAY_LONG},
    {"Mon", WEEKDAY_SHORT},   {"MST", ZONE_NAME},      {"002", YEAR_DAY},
    {"01", MONTH_ZERO},       {"02", DAY_ZERO},        {"03", HOUR12_ZERO},
    {"04", MINUTE_ZERO},      {"05", SECOND_ZERO},     {"06", YEAR_SHORT},
    {"__2", YEAR_DAY_SPACE},  {"_2006", YEAR_LONG},    {"_2", DAY_SPACE},
    {"2006", YEAR_LONG},      {"15", HOUR24},          {"1", MONTH_PLAIN},
    {"2", DAY_PLAIN},         {"3", HOUR12_PLAIN},     {"4", MINUTE_PLAIN},
    {"5", SECOND_PLAIN},      {"PM", PM_UPPER},        {"pm", PM_LOWER},
    {"-07:00", OFFSET_COLON}, {"-0700", OFFSET_PLAIN}, {"-07", OFFSET_HOURS},
    {"Z07:00", ISO_COLON},    {"Z0700", ISO_PLAIN},    {"Z07", ISO_HOURS},
};

static void add_date_piece(const struct civil *c, enum piece p, struct strbuf *out)
{
    switch ((int)p) {
    case MONTH_LONG: strbuf_adds(out, civil_month_name(c->month)); break;
    case MONTH_SHORT: strbuf_add(out, civil_month_name(c->month), 3); break;
    case WEEKDAY_LONG: strbuf_adds(out, civil_weekday_name(c->weekday)); break;
    case WEEKDAY_SHORT: strbuf_add(out, civil_weekday_name(c->weekday), 3); break;
    case MONTH_ZERO: strbuf_addf(out, "%02d", c->month); break;
    case MONTH_PLAIN: strbuf_addf(out, "%d", c->month); break;
    case DAY_ZERO: strbuf_addf(out, "%02d", c->day); break;
    case DAY_SPACE: strbuf_addf(out, "%2d", c->day); break;
    case DAY_PLAIN: strbuf_addf(out, "%d", c->day); break;
    case YEAR_DAY: strbuf_addf(out, "%03d", c->year_day); break;
    case YEAR_DAY_SPACE: strbuf_addf(out, "%3d", c->year_day); break;
    case YEAR_SHORT: strbuf_addf(out, "%02d", (int)(c->year % 100)); break;
    case YEAR_LONG: strbuf_addf(out, "%04lld", (long long)c->year); break;
    default: break;
    }
}

static void add_clock_piece(const struct civil *c, enum piece p, struct strbuf *out)
{
    switch ((int)p) {
    case HOUR24: strbuf_addf(out, "%02d", c->hour); break;
    case HOUR12_ZERO: strbuf_addf(out, "%02d", hour12(c)); break;
    case HOUR12_PLAIN: strbuf_addf(out, "%d", hour12(c)); break;
    case MINUTE_ZERO: strbuf_addf(out, "%02d", c->minute); break;
    case MINUTE_PLAIN: strbuf_addf(out, "%d", c->minute); break;
    case SECOND_ZERO: strbuf_addf(out, "%02d", c->second); break;
    case SECOND_PLAIN: strbuf_addf(out, "%d", c->second); break;
    case PM_UPPER: strbuf_adds(out, c->hour >= 12 ? "PM" : "AM"); break;
    case PM_LOWER: strbuf_adds(out, c->hour >= 12 ? "pm" : "am"); break;
    default: break;
    }
}

static void add_zone_piece(const struct civil *c, enum piece p, struct strbuf *out)
{
    bool iso = p == ISO_PLAIN || p == ISO_COLON || p == ISO_HOURS;
    if (p == ZONE_NAME && c->offset_s == 0)
        strbuf_adds(out, "UTC");
    else if (iso && c->offset_s == 0)
        strbuf_addc(out, 'Z');
    else if (p == OFFSET_HOURS || p == ISO_HOURS)
        strbuf_addf(out, "%+03d", c->offset_s / 3600);
    else
        civil_add_offset(c, p == OFFSET_COLON || p == ISO_COLON ? ':' : '\0', out);
}

static void add_piece(const struct civil *c, enum piece p, struct strbuf *out)
{
    size_t len = out->len;
    add_date_piece(c, p, out);
    if (out->len == len)
        add_clock_piece(c, p, out);
    if (out->len == len)
        add_zone_piece(c, p, out);
}

/* ".000" and ".999" (or with a comma) after the seconds: length of the piece,
 * 0 when there is none. */
static size_t add_fraction(const struct civil *c, str s, struct strbuf *out)
{
    size_t n = 1;
    if (s.len < 2 || (s.ptr[0] != '.' && s.ptr[0] != ',') || (s.ptr[1] != '0' && s.ptr[1] != '9'))
        return 0;
    while (n < s.len && s.ptr[n] == s.ptr[1])
        n++;
    if (n < s.len && isdigit((unsigned char)s.ptr[n]))
        return 0;
    char buf[16];
    snprintf(buf, sizeof(buf), "%09d", c->nanos);
    size_t len = MIN(n - 1, (size_t)9);
    while (s.ptr[1] == '9' && len > 0 && buf[len - 1] == '0')
        len--;
    if (len > 0)
        strbuf_addc(out, s.ptr[0]);
    strbuf_add(out, buf, len);
    return n;
}

void civil_format_layout(const struct civil *c, str layout, struct strbuf *out)
{
    while (layout.len > 0) {
        size_t n = add_fraction(c, layout, out);
        for (size_t i = 0; n == 0 && i < ARRAY_SIZE(layout_pieces); i++) {
            str text = str_from(layout_pieces[i].text);
            /* "Jan" and "Mon" are not pieces inside other words. */
            bool word = text.len == 3 && isupper((unsigned char)text.ptr[0]) &&
                        islower((unsigned char)text.ptr[1]) && layout.len > 3 &&
                        islower((unsigned char)layout.ptr[3]);
            if (word || !str_starts(layout, text))
                continue;
            add_piece(c, layout_pieces[i].piece, out);
            n = text.len;
        }
        if (n == 0)
            strbuf_addc(out, layout.ptr[0]);
        layout = str_sub(layout, MAX(n, (size_t)1), layout.len);
    }
}

/* --- strftime --- */

static const struct {
    char verb;
    const char *layout; /* the same as a layout */
} strftime_verbs[] = {
    {'a', "Mon"},
    {'A', "Monday"},
    {'b', "Jan"},
    {'B', "January"},
    {'c', "Mon Jan _2 15:04:05 2006"},
    {'d', "02"},
    {'D', "01/02/06"},
    {'e', "_2"},
    {'F', "2006-01-02"},
    {'H', "15"},
    {'h', "Jan"},
    {'I', "03"},
    {'j', "002"},
    {'m', "01"},
    {'M', "04"},
    {'p', "PM"},
    {'R', "15:04"},
    {'S', "05"},
    {'T', "15:04:05"},
    {'x', "01/02/06"},
    {'X', "15:04:05"},
    {'y', "06"},
    {'Y', "2006"},
    {'z', "-0700"},
    {'Z', "MST"},
};

static bool add_strftime_verb(const struct civil *c, char verb, struct strbuf *out)
{
    switch (verb) {
    case '%': return strbuf_addc(out, '%');
    case 'n': return strbuf_addc(out, '\n');
    case 't': return strbuf_addc(out, '\t');
    case 's': return strbuf_addf(out, "%lld", (long long)c->unix_s);
    case 'w': return strbuf_addf(out, "%d", c->weekday);
    case 'u': return strbuf_addf(out, "%d", c->weekday == 0 ? 7 : c->weekday);
    case 'V': return strbuf_addf(out, "%02d", c->iso_week);
    case 'G': return strbuf_addf(out, "%04lld", (long long)c->iso_year);
    case 'L': return strbuf_addf(out, ".%03d", c->nanos / 1000000);
    case 'f': return strbuf_addf(out, "%06d", c->nanos / 1000);
    default: break;
    }
    for (size_t i = 0; i < ARRAY_SIZE(strftime_verbs); i++)
        if (strftime_verbs[i].verb == verb) {
            civil_format_layout(c, str_from(strftime_verbs[i].layout), out);
            return true;
        }
    return false;
}

void civil_format_strftime(const struct civil *c, str format, struct strbuf *out)
{
    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != '%' || i + 1 == format.len) {
            strbuf_addc(out, format.ptr[i]);
        } else if (!add_strftime_verb(c, format.ptr[++i], out)) {
            strbuf_addc(out, '%');
            strbuf_addc(out, format.ptr[i]);
        }
    }
}
