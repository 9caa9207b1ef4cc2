/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <ctype.h>
#include <math.h>

#include "hcl/go_math.h"

static const struct number *arg_num(const struct func_call *call, size_t i)
{
    return value_as_number(call->args[i]);
}

static bool result_number(value *out, const struct number *n)
{
    *out = value_number(n);
    return true;
}

static bool fn_abs(struct func_call *call, value *out)
{
    return result_number(out, number_abs(call->arena, arg_num(call, 0)));
}

static bool fn_ceil(struct func_call *call, value *out)
{
    return result_number(out, number_ceil(call->arena, arg_num(call, 0)));
}

static bool fn_floor(struct func_call *call, value *out)
{
    return result_number(out, number_floor(call->arena, arg_num(call, 0)));
}

static bool fn_signum(struct func_call *call, value *out)
{
    int64_t n;
    return arg_int(call, 0, &n) && result_int(call, out, (n > 0) - (n < 0));
}

/* The reference computes these with doubles. */
static bool result_double(struct func_call *call, double d, value *out)
{
    if (isnan(d))
        return func_error(call, -1, "the result is not a number");
    *out = value_double(call->arena, d);
    return true;
}

static bool fn_log(struct func_call *call, value *out)
{
    double num = number_to_double(arg_num(call, 0)), base = number_to_double(arg_num(call, 1));
    return result_double(call, go_log(num) / go_log(base), out);
}

static bool fn_pow(struct func_call *call, value *out)
{
    double num = number_to_double(arg_num(call, 0)), power = number_to_double(arg_num(call, 1));
    return result_double(call, go_pow(num, power), out);
}

static bool extreme(struct func_call *call, int want, value *out)
{
    if (call->len == 0)
        return func_error(call, -1, "must pass at least one number");
    const struct number *best = arg_num(call, 0);
    for (size_t i = 1; i < call->len; i++)
        if (number_cmp(arg_num(call, i), best) == want)
            best = arg_num(call, i);
    return result_number(out, best);
}

static bool fn_max(struct func_call *call, value *out)
{
    return extreme(call, 1, out);
}

static bool fn_min(struct func_call *call, value *out)
{
    return extreme(call, -1, out);
}

static int digit_value(char c, int base)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') /* up to base 36 case does not matter */
        return base <= 36 ? c - 'A' + 10 : c - 'A' + 36;
    return 99;
}

/* Longer integers would not be exact anyhow, and take quadratic time. */
#define PARSEINT_MAX 4096

static bool parse_digits(struct func_call *call, str s, int base, mpz_t z)
{
    size_t pos = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
    bool ok = pos < s.len;
    if (s.len > PARSEINT_MAX)
        return func_error(call, 0, "the text is longer than %d digits", PARSEINT_MAX);
    for (size_t i = pos; ok && i < s.len; i++) {
        int d = digit_value(s.ptr[i], base);
        ok = d < base;
        if (ok) {
            mpz_mul_si(z, z, base);
            mpz_add_ui(z, z, (unsigned long)d);
        }
    }
    if (ok && s.ptr[0] == '-')
        mpz_neg(z, z);
    return ok ||
           func_error(call, 0, "cannot parse \"%.*s\" as a base %d integer", STR_FMT(s), base);
}

static bool fn_parseint(struct func_call *call, value *out)
{
    int64_t base;
    if (call->args[0].type->kind != TYPE_STRING)
        return func_error(call, 0, "first argument must be a string, not %s",
                          type_friendly_name(call->arena, call->args[0].type));
    if (!arg_int(call, 1, &base))
        return false;
    if (base < 2 || base > 62)
        return func_error(call, 1, "base must be a whole number between 2 and 62 inclusive");
    mpz_t z;
    mpz_init(z);
    bool ok = parse_digits(call, arg_str(call, 0), (int)base, z);
    if (ok)
        *out = value_number(number_from_mpz(call->arena, z));
    mpz_clear(z);
    return ok;
}

#define RANGE_MAX 1024

/* END is in the direction of STEP from START. */
static bool range_ends(struct func_call *call, const struct number *start, const struct number *end,
                       const struct number *step)
{
    int direction = number_sign(step) < 0 ? -1 : 1;
    if (number_sign(step) == 0 && number_cmp(start, end) != 0)
        return func_error(call, 2, "step must not be zero");
    if (number_cmp(end, start) == -direction)
        return func_error(call, 1, "end must be %s than start when step is %s",
                          direction < 0 ? "less" : "greater",
                          direction < 0 ? "negative" : "positive");
    return true;
}

static bool fn_range(struct func_call *call, value *out)
{
    struct arena *a = call->arena;
    if (call->len < 1 || call->len > 3)
        return func_error(call, -1, "must have one, two, or three arguments");
    const struct number *zero = number_from_int(a, 0);
    const struct number *start = call->len == 1 ? zero : arg_num(call, 0);
    const struct number *end = arg_num(call, call->len == 1 ? 0 : 1);
    const struct number *step =
        call->len == 3 ? arg_num(call, 2) : number_from_int(a, number_cmp(end, start) < 0 ? -1 : 1);
    int direction = number_sign(step) < 0 ? -1 : 1;
    if (!range_ends(call, start, end, step))
        return false;
    value *items = arena_new_array(a, value, RANGE_MAX);
    size_t len = 0;
    for (const struct number *n = start; number_cmp(n, end) == -direction; len++) {
        if (len == RANGE_MAX)
            return func_error(call, -1,
                              "more than %d values were generated; either decrease the difference "
                              "between start and end or use a smaller step",
                              RANGE_MAX);
        items[len] = value_number(n);
        n = number_add(a, n, step);
        if (n == NULL)
            return func_error(call, -1, "start and step are infinite");
    }
    *out = value_list(a, &type_number, items, len);
    return true;
}

static bool fn_sum(struct func_call *call, value *out)
{
    value list = call->args[0];
    const char *why;
    if (!value_is_list_like(list))
        return func_error(call, 0, "argument must be list, set, or tuple. Received %s",
                          type_friendly_name(call->arena, list.type));
    if (value_len(list) == 0)
        return func_error(call, 0, "cannot sum an empty list");
    const struct number *sum = NULL;
    for (size_t i = 0; i < value_len(list); i++) {
        value v = value_at(list, i);
        if (value_is_null(v))
            return func_error(call, 0, "argument must be list, set, or tuple of number values");
        if (!convert_to_number(call->arena, v, &v, &why))
            return func_error(call, 0, "argument must be list, set, or tuple of number values");
        sum = sum == NULL ? v.num : number_add(call->arena, sum, v.num);
        if (sum == NULL)
            return func_error(call, -1, "can't compute sum of opposing infinities");
    }
    return result_number(out, sum);
}

static bool fn_alltrue(struct func_call *call, value *out)
{
    value list = call->args[0];
    bool all = true;
    for (size_t i = 0; i < value_len(list); i++)
        all &= value_is_present(value_at(list, i)) && value_at(list, i).b;
    return result_bool(out, all);
}

static bool fn_anytrue(struct func_call *call, value *out)
{
    value list = call->args[0];
    bool any = false;
    for (size_t i = 0; i < value_len(list); i++)
        any |= value_is_present(value_at(list, i)) && value_at(list, i).b;
    return result_bool(out, any);
}

#define NUMBER_FUNC(fn_name, text, ex, want)                                                       \
    .name = #fn_name, .returns = &type_number, .impl = fn_##fn_name, .group = "numeric",           \
    .doc = text, .example = ex, .expected = want

const struct func funcs_number[] = {
    {NUMBER_FUNC(abs, "The number without its sign.", "abs(-2.5)", "2.5"),
     .params = {{"num", &type_number, 0}}},
    {.name = "alltrue",
     .params = {{"list", &type_list_bool, 0}},
     .returns = &type_bool,
     .impl = fn_alltrue,
     .group = "collection",
     .doc = "Whether every element is true; of an empty list it is.",
     .example = "alltrue([true, \"true\"])",
     .expected = "true"},
    {.name = "anytrue",
     .params = {{"list", &type_list_bool, 0}},
     .returns = &type_bool,
     .impl = fn_anytrue,
     .group = "collection",
     .doc = "Whether some element is true; of an empty list none is.",
     .example = "anytrue([false, true])",
     .expected = "true"},
    {NUMBER_FUNC(ceil, "The smallest whole number that is not less.", "ceil(1.2)", "2"),
     .params = {{"num", &type_number, 0}}},
    {NUMBER_FUNC(floor, "The greatest whole number that is not more.", "floor(-1.2)", "-2"),
     .params = {{"num", &type_number, 0}}},
    {NUMBER_FUNC(log, "The logarithm of a number to a base.", "log(16, 2)", "4"),
     .params = {{"num", &type_number, 0}, {"base", &type_number, 0}}},
    {NUMBER_FUNC(max, "The greatest of the numbers.", "max(3, 12, 7)", "12"),
     .variadic = {"numbers", &type_number, 0}},
    {NUMBER_FUNC(min, "The smallest of the numbers.", "min(3, 12, 7)", "3"),
     .variadic = {"numbers", &type_number, 0}},
    {NUMBER_FUNC(parseint, "The whole number a text writes in a base from 2 to 62.",
                 "parseint(\"ff\", 16)", "255"),
     .params = {{"number", &type_dynamic, 0}, {"base", &type_number, 0}}},
    {NUMBER_FUNC(pow, "The number raised to a power.", "pow(2, 10)", "1024"),
     .params = {{"num", &type_number, 0}, {"power", &type_number, 0}}},
    {.name = "range",
     .variadic = {"params", &type_number, 0},
     .returns = &type_list_number,
     .impl = fn_range,
     .group = "numeric",
     .doc = "Numbers from a start (0) up to but without an end, by a step (1, or -1 downwards): "
            "range(end), range(start, end) or range(start, end, step). At most 1024.",
     .example = "range(1, 8, 2)",
     .expected = "[1,3,5,7]"},
    {NUMBER_FUNC(signum, "-1, 0 or 1: the sign of a whole number.", "signum(-13)", "-1"),
     .params = {{"num", &type_number, 0}}},
    {NUMBER_FUNC(sum, "The sum of the elements.", "sum([1, 2, 3.5])", "6.5"),
     .params = {{"list", &type_dynamic, 0}}},
    {.name = NULL},
};
