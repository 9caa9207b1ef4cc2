/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/number.h"

#include "base/arena.h"
#include "base/mem.h"

/* Digits d1 d2 ... of 0.d1d2... * 10^point, without trailing zeros. */
struct decimal {
    char *digits;
    size_t len;
    int64_t point;
};

static void decimal_clear(struct decimal *d)
{
    free(d->digits);
}
DEFINE_AUTO_CLEAR(decimal, struct decimal, decimal_clear);

static void clear_mpz(mpz_t *z)
{
    mpz_clear(*z);
}
#define automp __attribute__((cleanup(clear_mpz)))

/* MANT * 2^EXP, exactly. */
static struct decimal decimal_make(mpz_srcptr mant, mpfr_exp_t exp)
{
    struct decimal d = {0};
    automp mpz_t z;
    mpz_init_set(z, mant);
    if (exp >= 0) {
        mpz_mul_2exp(z, z, (mp_bitcnt_t)exp);
    } else {
        automp mpz_t five;
        mpz_init(five);
        mpz_ui_pow_ui(five, 5, (unsigned long)-exp);
        mpz_mul(z, z, five);
    }
    d.digits = xmalloc(mpz_sizeinbase(z, 10) + 2);
    mpz_get_str(d.digits, 10, z);
    d.len = strlen(d.digits);
    d.point = (int64_t)d.len + (exp < 0 ? exp : 0);
    while (d.len > 0 && d.digits[d.len - 1] == '0')
        d.len--;
    return d;
}

static char decimal_at(const struct decimal *d, size_t i)
{
    return i < d->len ? d->digits[i] : '0';
}

static void decimal_round_up(struct decimal *d, size_t n)
{
    while (n > 0 && d->digits[n - 1] >= '9')
        n--;
    if (n == 0) {
        d->digits[0] = '1';
        d->len = 1;
        d->point++;
        return;
    }
    d->digits[n - 1]++;
    d->len = n;
}

static void decimal_round_down(struct decimal *d, size_t n)
{
    d->len = n;
    while (d->len > 0 && d->digits[d->len - 1] == '0')
        d->len--;
}

static void decimal_round(struct decimal *d, size_t n)
{
    if (n >= d->len)
        return;
    bool up = d->digits[n] >= '5';
    if (d->digits[n] == '5' && n + 1 == d->len)
        up = n > 0 && ((d->digits[n - 1] - '0') & 1) != 0;
    if (up)
        decimal_round_up(d, n);
    else
        decimal_round_down(d, n);
}

/* Cut D to the shortest digits inside the interval that rounds to it: between
 * LOWER and UPPER, the bounds themselves when INCLUSIVE.  The digit walk is
 * that of Go's math/big ftoa.go roundShortest, whose output we must match (also
 * in that it takes the interval of a power of two for symmetric). */
static void decimal_shorten(struct decimal *d, const struct decimal *lower,
                            const struct decimal *upper, bool inclusive)
{
    for (size_t i = 0; i < d->len; i++) {
        char m = d->digits[i], l = decimal_at(lower, i), u = decimal_at(upper, i);
        bool down = l != m || (inclusive && i + 1 == lower->len);
        bool up = m != u && (inclusive || m + 1 < u || i + 1 < upper->len);
        if (down && up)
            decimal_round(d, i + 1);
        else if (down)
            decimal_round_down(d, i + 1);
        else if (up && i + 1 < d->len)
            decimal_round_up(d, i + 1);
        if (down || up)
            return;
    }
}

static struct decimal decimal_shortest(const struct number *n)
{
    automp mpz_t mant;
    mpz_init(mant);
    mpfr_exp_t exp = mpfr_get_z_2exp(mant, n->f);
    mpz_abs(mant, mant);
    struct decimal d = decimal_make(mant, exp);
    bool inclusive = mpz_even_p(mant);
    mpz_mul_2exp(mant, mant, 1); /* now one unit is half of the last place */
    automp mpz_t bound;
    mpz_init(bound);
    mpz_sub_ui(bound, mant, 1);
    AUTO(decimal) struct decimal lower = decimal_make(bound, exp - 1);
    mpz_add_ui(bound, mant, 1);
    AUTO(decimal) struct decimal upper = decimal_make(bound, exp - 1);
    decimal_shorten(&d, &lower, &upper, inclusive);
    return d;
}

/* Rounded to shortest (PREC < 0) or so that PREC digits of the verb's kind stay. */
static struct decimal decimal_rounded(const struct number *n, char verb, int prec)
{
    if (prec < 0)
        return decimal_shortest(n);
    automp mpz_t mant;
    mpz_init(mant);
    mpfr_exp_t exp = mpfr_get_z_2exp(mant, n->f);
    mpz_abs(mant, mant);
    struct decimal d = decimal_make(mant, exp);
    int64_t keep = prec;
    if (verb == 'e')
        keep = (int64_t)prec + 1;
    else if (verb == 'f')
        keep = d.point + prec;
    else if (prec == 0)
        keep = 1;
    if (keep < 0)
        d.len = 0;
    else if ((uint64_t)keep < d.len)
        decimal_round(&d, (size_t)keep);
    return d;
}

static void add_fixed(struct strbuf *out, const struct decimal *d, int64_t prec)
{
    if (d->point <= 0)
        strbuf_addc(out, '0');
    for (int64_t i = 0; i < d->point; i++)
        strbuf_addc(out, decimal_at(d, (size_t)i));
    if (prec > 0)
        strbuf_addc(out, '.');
    for (int64_t i = 0; i < prec; i++)
        strbuf_addc(out, d->point + i < 0 ? '0' : decimal_at(d, (size_t)(d->point + i)));
}

static void add_scientific(struct strbuf *out, const struct decimal *d, int64_t prec, char e)
{
    strbuf_addc(out, decimal_at(d, 0));
    if (prec > 0)
        strbuf_addc(out, '.');
    for (int64_t i = 1; i <= prec; i++)
        strbuf_addc(out, decimal_at(d, (size_t)i));
    int64_t exp = d->len == 0 ? 0 : d->point - 1;
    strbuf_addf(out, "%c%c%02d", e, exp < 0 ? '-' : '+', (int)(exp < 0 ? -exp : exp));
}

static void add_general(struct strbuf *out, const struct decimal *d, int prec, char e)
{
    int64_t len = (int64_t)d->len, p = prec < 0 ? len : prec == 0 ? 1 : prec;
    int64_t limit = prec < 0 ? 6 : p;
    if (prec >= 0 && limit > len && len >= d->point)
        limit = len;
    int64_t exp = d->point - 1;
    if (exp < -4 || exp >= limit) {
        add_scientific(out, d, MIN(p, len) - 1, e);
        return;
    }
    if (p > d->point)
        p = len;
    add_fixed(out, d, MAX(p - d->point, (int64_t)0));
}

void number_format(const struct number *n, char verb, int prec, struct strbuf *out)
{
    char lower = verb == 'E' ? 'e' : verb == 'G' ? 'g' : verb;
    char e = lower == verb ? 'e' : 'E';
    if (mpfr_signbit(n->f))
        strbuf_addc(out, '-');
    if (mpfr_inf_p(n->f)) {
        strbuf_adds(out, mpfr_signbit(n->f) ? "Inf" : "+Inf");
        return;
    }
    AUTO(decimal) struct decimal d = {.digits = NULL};
    if (!mpfr_zero_p(n->f))
        d = decimal_rounded(n, lower, prec);
    if (lower == 'f')
        add_fixed(out, &d, prec);
    else if (lower == 'e')
        add_scientific(out, &d, prec, e);
    else
        add_general(out, &d, prec, e);
}

bool number_print(const struct number *n, struct strbuf *out)
{
    if (mpfr_inf_p(n->f))
        return strbuf_adds(out, mpfr_sgn(n->f) < 0 ? "-Inf" : "+Inf");
    if (mpfr_signbit(n->f) && !strbuf_addc(out, '-'))
        return false;
    if (mpfr_zero_p(n->f))
        return strbuf_addc(out, '0');
    AUTO(decimal) struct decimal d = decimal_shortest(n);
    int64_t len = (int64_t)d.len;
    if (d.point <= 0)
        return strbuf_adds(out, "0.") && strbuf_addn(out, '0', (size_t)-d.point) &&
               strbuf_add(out, d.digits, d.len);
    if (d.point >= len)
        return strbuf_add(out, d.digits, d.len) && strbuf_addn(out, '0', (size_t)(d.point - len));
    return strbuf_add(out, d.digits, (size_t)d.point) && strbuf_addc(out, '.') &&
           strbuf_add(out, d.digits + d.point, (size_t)(len - d.point));
}

char *number_str(struct arena *a, const struct number *n)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    number_print(n, &sb);
    return arena_strndup(a, sb.buf, sb.len);
}
