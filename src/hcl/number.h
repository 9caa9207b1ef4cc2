/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_NUMBER_H
#define IMGFAC_HCL_NUMBER_H

/* HCL's numbers: binary floats of up to 512 bits with round to nearest even,
 * as the reference implementation has.  A number is immutable, lives in an
 * arena and remembers its precision: what came through an int or a double of
 * the reference has 64 or 53 bits and prints the fewer digits for it.
 * Functions that make a number take the arena first.  Thread-safe for
 * readers. */

#include <mpfr.h>

#include "base/strbuf.h"

struct arena;

#define NUMBER_PREC 512
/* Decimal exponents beyond this are refused: printing writes all digits. */
#define NUMBER_MAX_EXP10 10000

struct number {
    mp_limb_t limbs[NUMBER_PREC / GMP_NUMB_BITS];
    mpfr_t f;
};

enum number_status { NUMBER_OK, NUMBER_SYNTAX, NUMBER_TOO_LARGE };

/* Parse digits[.digits][e[+-]digits] with an optional sign; as a *string* is
 * converted: no white space, no base prefix, ".5" and "+1" are fine. */
enum number_status number_parse(struct arena *a, str s, const struct number **out);
const struct number *number_from_int(struct arena *a, int64_t v) ATTR_RETURNS_NONNULL;
/* 53 bits of precision; V must not be a NaN. */
const struct number *number_from_double(struct arena *a, double v) ATTR_RETURNS_NONNULL;
/* Rounded to 512 bits when Z has more. */
const struct number *number_from_mpz(struct arena *a, mpz_srcptr z) ATTR_RETURNS_NONNULL;

const struct number *number_copy(struct arena *a, const struct number *x) ATTR_RETURNS_NONNULL;

/* Shortest decimal that reads back as the same number, never with an
 * exponent.  Infinities print as "+Inf", "-Inf". */
bool number_print(const struct number *n, struct strbuf *out);
char *number_str(struct arena *a, const struct number *n) ATTR_RETURNS_NONNULL;

/* As Go's %e, %f, %g (or E, G) of a big.Float: PREC digits; for g, a negative
 * PREC means as many as are needed. */
void number_format(const struct number *n, char verb, int prec, struct strbuf *out);

int number_cmp(const struct number *a, const struct number *b);
int number_sign(const struct number *n); /* -1, 0, 1 */
bool number_is_int(const struct number *n);
bool number_is_inf(const struct number *n);
/* True when N is a whole number in range. */
bool number_to_i64(const struct number *n, int64_t *out);
double number_to_double(const struct number *n);

/* Arithmetic as the reference's: NULL for 0/0, Inf/Inf, 0*Inf, Inf-Inf.
 * Results past NUMBER_MAX_EXP10 become infinite. */
const struct number *number_add(struct arena *a, const struct number *x, const struct number *y);
const struct number *number_sub(struct arena *a, const struct number *x, const struct number *y);
const struct number *number_mul(struct arena *a, const struct number *x, const struct number *y);
const struct number *number_div(struct arena *a, const struct number *x, const struct number *y);
/* Truncated remainder; X itself when Y is 0. */
const struct number *number_mod(struct arena *a, const struct number *x, const struct number *y);
const struct number *number_neg(struct arena *a, const struct number *x) ATTR_RETURNS_NONNULL;
const struct number *number_abs(struct arena *a, const struct number *x) ATTR_RETURNS_NONNULL;
const struct number *number_floor(struct arena *a, const struct number *x) ATTR_RETURNS_NONNULL;
const struct number *number_ceil(struct arena *a, const struct number *x) ATTR_RETURNS_NONNULL;

#endif
