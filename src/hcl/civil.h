/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_CIVIL_H
#define IMGFAC_HCL_CIVIL_H

/* Calendar time with an offset from UTC, in the proleptic Gregorian calendar:
 * what the time functions take apart and put together.  Pure functions. */

#include "base/str.h"
#include "base/strbuf.h"

struct civil {
    int64_t unix_s; /* the instant */
    int nanos;
    int offset_s; /* of the fields below, east of UTC */
    bool is_utc;  /* written as Z */
    int64_t year;
    int month, day; /* from 1 */
    int hour, minute, second;
    int weekday;  /* 0: Sunday */
    int year_day; /* from 1 */
    int64_t iso_year;
    int iso_week;
};

/* Fields of an instant at an offset. */
struct civil civil_from_unix(int64_t unix_s, int nanos, int offset_s, bool is_utc);
/* Strict RFC 3339, or as LENIENT as Go: " " for "T", "," for ".".  *WHY is static:
 * "missing required time introducer 'T'". */
bool civil_parse(str s, bool lenient, struct civil *out, const char **why);
void civil_add_rfc3339(const struct civil *c, struct strbuf *out);
/* "+07:00", with SEP between hours and minutes ('\0': none). */
void civil_add_offset(const struct civil *c, char sep, struct strbuf *out);
const char *civil_month_name(int month) ATTR_RETURNS_NONNULL;
const char *civil_weekday_name(int weekday) ATTR_RETURNS_NONNULL;

/* Go's time.Format with a layout like "2006-01-02T15:04:05Z07:00". */
void civil_format_layout(const struct civil *c, str layout, struct strbuf *out);
/* The C library's %Y %m ... of github.com/jehiah/go-strftime. */
void civil_format_strftime(const struct civil *c, str format, struct strbuf *out);

#endif
