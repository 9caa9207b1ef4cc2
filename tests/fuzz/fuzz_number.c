/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/number.h"

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is printed is the same number again.  But not a power of two: there the
 * numbers below are nearer than those above, which Go's printing, and so ours,
 * does not heed. */
static void check_round_trip(struct arena *a, const struct number *n)
{
    const struct number *back;
    char *text = number_str(a, n);
    if (number_is_inf(n))
        return;
    if (number_parse(a, str_from(text), &back) != NUMBER_OK)
        BUG("a printed number cannot be read");
    bool exact = mpfr_get_prec(n->f) == NUMBER_PREC && mpfr_min_prec(n->f) != 1;
    if (exact && number_cmp(n, back) != 0)
        BUG("a number changes by printing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    const struct number *x, *y, *n;
    str text = {(const char *)data, size};
    str first = str_split(&text, ' ');
    if (number_parse(a, first, &x) != NUMBER_OK)
        return 0;
    check_round_trip(a, x);
    if (text.ptr == NULL || number_parse(a, text, &y) != NUMBER_OK)
        return 0;
    const struct number *(*const ops[])(struct arena *, const struct number *,
                                        const struct number *) = {
        number_add, number_sub, number_mul, number_div, number_mod};
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        if ((n = ops[i](a, x, y)) != NULL)
            check_round_trip(a, n);
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (const char *verb = "efgEG"; *verb != '\0'; verb++)
        for (int prec = *verb == 'g' ? -1 : 0; prec < 20; prec += 7)
            number_format(x, *verb, prec, &sb);
    return 0;
}
