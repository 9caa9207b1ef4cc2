/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/number.h"

#include <ctype.h>

#include "base/arena.h"
#include "base/mem.h"

/* log2(10), rounded up: bits of exponent for one decimal digit. */
#define BITS_PER_DIGIT 3.3219281
#define MAX_EXP2       ((mpfr_exp_t)(NUMBER_MAX_EXP10 * BITS_PER_DIGIT))

static struct number *number_alloc(struct arena *a, mpfr_prec_t prec)
{
    struct number *n = arena_new_object(a, struct number);
    mpfr_custom_init_set(n->f, MPFR_ZERO_KIND, 0, prec, n->limbs);
    return n;
}

static mpfr_prec_t prec_of(const struct number *n)
{
    return mpfr_get_prec(n->f);
}

static mpfr_prec_t larger_prec(const struct number *x, const struct number *y)
{
    return MAX(prec_of(x), prec_of(y));
}

/* Keep exponents where printing is affordable; NULL for what is no number. */
static const struct number *settle(struct number *n)
{
    if (mpfr_nan_p(n->f))
        return NULL;
    if (mpfr_regular_p(n->f)) {
        int sign = mpfr_sgn(n->f);
        if (mpfr_get_exp(n->f) > MAX_EXP2)
            mpfr_set_inf(n->f, sign);
        else if (mpfr_get_exp(n->f) < -MAX_EXP2)
            mpfr_set_zero(n->f, sign);
    }
    return n;
}

/* What the grammar check found. */
struct scanned {
    bool nonzero;
    size_t int_digits; /* before the point, leading zeros included */
    int64_t exp;       /* written exponent, saturated */
};

static size_t scan_digits(str s, size_t pos, struct scanned *out)
{
    for (; pos < s.len && isdigit((unsigned char)s.ptr[pos]); pos++)
        if (s.ptr[pos] != '0')
            out->nonzero = true;
    return pos;
}

static bool scan_exponent(str s, size_t pos, struct scanned *out)
{
    bool negative = false;
    pos++;
    if (pos < s.len && (s.ptr[pos] == '+' || s.ptr[pos] == '-'))
        negative = s.ptr[pos++] == '-';
    if (pos == s.len)
        return false;
    for (; pos < s.len; pos++) {
        if (!isdigit((unsigned char)s.ptr[pos]))
            return false;
        if (out->exp < INT32_MAX)
            out->exp = out->exp * 10 + (s.ptr[pos] - '0');
    }
    if (negative)
        out->exp = -out->exp;
    return true;
}

static bool scan(str s, struct scanned *out)
{
    size_t pos = s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-');
    size_t start = pos;
    pos = scan_digits(s, pos, out);
    out->int_digits = pos - start;
    size_t digits = out->int_digits;
    if (pos < s.len && s.ptr[pos] == '.') {
        size_t frac = scan_digits(s, pos + 1, out);
        digits += frac - pos - 1;
        pos = frac;
    }
    if (digits == 0)
        return false;
    if (pos == s.len)
        return true;
    if (s.ptr[pos] != 'e' && s.ptr[pos] != 'E')
        return false;
    return scan_exponent(s, pos, out);
}

enum number_status number_parse(struct arena *a, str s, const struct number **out)
{
    struct scanned sc = {0};
    if (!scan(s, &sc))
        return NUMBER_SYNTAX;
    struct number *n = number_alloc(a, NUMBER_PREC);
    if (!sc.nonzero) {
        mpfr_set_zero(n->f, s.ptr[0] == '-' ? -1 : 1);
        *out = n;
        return NUMBER_OK;
    }
    int64_t slack = (int64_t)s.len + NUMBER_MAX_EXP10;
    if (sc.exp > slack || sc.exp < -slack || sc.int_digits > INT32_MAX)
        return NUMBER_TOO_LARGE;
    autofree char *z = xstrndup(s.ptr, s.len);
    mpfr_strtofr(n->f, z, NULL, 10, MPFR_RNDN);
    if (!mpfr_regular_p(n->f) || mpfr_get_exp(n->f) > MAX_EXP2 || mpfr_get_exp(n->f) < -MAX_EXP2)
        return NUMBER_TOO_LARGE;
    *out = n;
    return NUMBER_OK;
}

const struct number *number_from_int(struct arena *a, int64_t v)
{
    struct number *n = number_alloc(a, 64);
    mpfr_set_si(n->f, v, MPFR_RNDN);
    return n;
}

const struct number *number_from_double(struct arena *a, double v)
{
    struct number *n = number_alloc(a, 53);
    mpfr_set_d(n->f, v, MPFR_RNDN);
    return n;
}

const struct number *number_from_mpz(struct arena *a, mpz_srcptr z)
{
    /* The reference takes as many bits as the integer has, at least 64. */
    size_t bits = mpz_sizeinbase(z, 2);
    struct number *n =
        number_alloc(a, (mpfr_prec_t)MIN(MAX(bits, (size_t)64), (size_t)NUMBER_PREC));
    mpfr_set_z(n->f, z, MPFR_RNDN);
    settle(n);
    return n;
}

const struct number *number_copy(struct arena *a, const struct number *x)
{
    struct number *n = number_alloc(a, prec_of(x));
    mpfr_set(n->f, x->f, MPFR_RNDN);
    return n;
}

/* --- looking --- */

int number_cmp(const struct number *a, const struct number *b)
{
    int c = mpfr_cmp(a->f, b->f);
    return c < 0 ? -1 : c > 0;
}

int number_sign(const struct number *n)
{
    int s = mpfr_sgn(n->f);
    return s < 0 ? -1 : s > 0;
}

bool number_is_int(const struct number *n)
{
    return mpfr_integer_p(n->f) != 0;
}

bool number_is_inf(const struct number *n)
{
    return mpfr_inf_p(n->f) != 0;
}

bool number_to_i64(const struct number *n, int64_t *out)
{
    if (!number_is_int(n) || !mpfr_fits_slong_p(n->f, MPFR_RNDN))
        return false;
    *out = mpfr_get_si(n->f, MPFR_RNDN);
    return true;
}

double number_to_double(const struct number *n)
{
    return mpfr_get_d(n->f, MPFR_RNDN);
}

/* --- arithmetic --- */

const struct number *number_add(struct arena *a, const struct number *x, const struct number *y)
{
    struct number *n = number_alloc(a, larger_prec(x, y));
    mpfr_add(n->f, x->f, y->f, MPFR_RNDN);
    return settle(n);
}

const struct number *number_sub(struct arena *a, const struct number *x, const struct number *y)
{
    struct number *n = number_alloc(a, larger_prec(x, y));
    mpfr_sub(n->f, x->f, y->f, MPFR_RNDN);
    return settle(n);
}

const struct number *number_mul(struct arena *a, const struct number *x, const struct number *y)
{
    struct number *full = number_alloc(a, NUMBER_PREC);
    mpfr_mul(full->f, x->f, y->f, MPFR_RNDN);
    if (settle(full) == NULL)
        return NULL;
    /* The product keeps the larger precision, or more when it needs more. */
    mpfr_prec_t need = mpfr_regular_p(full->f) ? mpfr_min_prec(full->f) : 1;
    mpfr_prec_t prec = MAX(larger_prec(x, y), need);
    if (prec >= NUMBER_PREC)
        return full;
    struct number *n = number_alloc(a, prec);
    mpfr_set(n->f, full->f, MPFR_RNDN);
    return n;
}

const struct number *number_div(struct arena *a, const struct number *x, const struct number *y)
{
    struct number *n = number_alloc(a, larger_prec(x, y));
    mpfr_div(n->f, x->f, y->f, MPFR_RNDN);
    return settle(n);
}

const struct number *number_mod(struct arena *a, const struct number *x, const struct number *y)
{
    if (number_is_inf(x) || number_is_inf(y))
        return number_mul(a, x, y);
    if (mpfr_zero_p(y->f))
        return x;
    const struct number *q = number_div(a, x, y);
    if (q == NULL || number_is_inf(q))
        return q;
    /* Rounded as the reference does it, step by step, at the precision of X. */
    struct number *n = number_alloc(a, prec_of(x));
    struct number *whole = number_alloc(a, NUMBER_PREC);
    mpfr_rint(whole->f, q->f, MPFR_RNDZ);
    mpfr_set(n->f, whole->f, MPFR_RNDN);
    mpfr_mul(n->f, y->f, n->f, MPFR_RNDN);
    mpfr_sub(n->f, x->f, n->f, MPFR_RNDN);
    return settle(n);
}

const struct number *number_neg(struct arena *a, const struct number *x)
{
    struct number *n = number_alloc(a, prec_of(x));
    mpfr_neg(n->f, x->f, MPFR_RNDN);
    return n;
}

const struct number *number_abs(struct arena *a, const struct number *x)
{
    struct number *n = number_alloc(a, prec_of(x));
    mpfr_abs(n->f, x->f, MPFR_RNDN);
    return n;
}

/* The reference goes through integers, which have no -0. */
static const struct number *without_minus_zero(struct number *n)
{
    if (mpfr_zero_p(n->f))
        mpfr_set_zero(n->f, 1);
    return n;
}

const struct number *number_floor(struct arena *a, const struct number *x)
{
    struct number *n = number_alloc(a, prec_of(x));
    mpfr_floor(n->f, x->f);
    return without_minus_zero(n);
}

const struct number *number_ceil(struct arena *a, const struct number *x)
{
    struct number *n = number_alloc(a, prec_of(x));
    mpfr_ceil(n->f, x->f);
    return without_minus_zero(n);
}
