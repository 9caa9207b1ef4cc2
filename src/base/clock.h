/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_CLOCK_H
#define IMGFAC_BASE_CLOCK_H

/* Time.  Durations and instants are int64_t nanoseconds everywhere and are
 * parsed and printed only here.  IMGFAC_CLOCK (RFC 3339) freezes wall time for
 * tests.  Thread-safe; printed strings are heap or the caller's buffer. */

#include "base/str.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

int64_t clock_now(void);  /* monotonic */
int64_t clock_wall(void); /* since 1970, UTC */
/* Wall time at which the process started (first call): `timestamp` functions. */
int64_t clock_start_wall(void);

/* Go's durations: "1h30m", "10s", "1.5h", "300ms", "-5s", "0"; no "d". */
bool clock_parse_duration(str s, int64_t *out_ns);
/* Shortest Go form: "1h30m0s", "1.5s", "300ms", "0s"; heap. */
char *clock_format_duration(int64_t ns) ATTR_RETURNS_NONNULL;
/* For people, the two most significant units: "3 minutes 2 seconds"; heap. */
char *clock_human_duration(int64_t ns) ATTR_RETURNS_NONNULL;
/* "0:07", "12:34", "1:02:03"; heap. */
char *clock_short_duration(int64_t ns) ATTR_RETURNS_NONNULL;

#define CLOCK_RFC3339_SIZE 40
/* "2026-11-22T15:04:05Z" of a wall instant. */
void clock_format_rfc3339(int64_t wall_ns, char out[CLOCK_RFC3339_SIZE]);
/* Accepts offsets and fractions. */
bool clock_parse_rfc3339(str s, int64_t *out_wall_ns);

#endif
