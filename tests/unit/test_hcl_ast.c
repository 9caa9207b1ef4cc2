/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/ast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "hcl/diag.h"
#include "hcl/parse.h"

static const struct expr *parse(struct arena *a, const char *text)
{
    struct diags d;
    const struct expr *e;
    diags_init(&d, a);
    assert_true(hcl_parse_expr(a, source_file_new(a, "t", str_from(text)), &d, &e));
    return e;
}

/* What a message about the whole expression underlines. */
static void start_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *in, *range, *start;
    } cases[] = {
        {"a.b[0]", "a.b[0]", "a.b[0]"},
        {"a + b * c", "a + b * c", "a"},
        {"f(x)", "f(x)", "f("},
        {"[1, 2]", "[1, 2]", "["},
        {"{ a = 1 }", "{ a = 1 }", "{"},
        {"[for x in y : x]", "[for x in y : x]", "["},
        {"(a ? b : c)", "(a ? b : c)", "a"},
        {"-x", "-x", "-"},
        {"a[b]", "a[b]", "["},
        {"a[*].b", "a[*].b", "[*]"},
        {"a.*.b", "a.*.b", ".*"},
        {"\"x${y}\"", "\"x${y}\"", "x"},
        {"\"${y}\"", "\"${y}\"", "\"${y}\""},
        {"f(x).y", "f(x).y", "f(x).y"},
        {"(x).y", "(x).y", "(x).y"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        const struct expr *e = parse(a, cases[i].in);
        assert_true(str_eqz(source_text(e->range), cases[i].range));
        assert_true(str_eqz(source_text(expr_start_range(e)), cases[i].start));
    }
}

static void fixed_parts(void **state)
{
    (void)state;
    static const struct {
        const char *in, *keyword, *literal;
    } cases[] = {
        {"string", "string", NULL}, {"true", "true", NULL},   {"null", "null", NULL},
        {"a.b", NULL, NULL},        {"(a)", NULL, NULL},      {"\"a\"", NULL, "a"},
        {"\"\"", NULL, ""},         {"\"${a}\"", NULL, NULL}, {"<<E\nx\nE\n", NULL, "x\n"},
        {"1", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        const struct expr *e = parse(a, cases[i].in);
        str keyword = expr_as_keyword(e), literal;
        assert_int_equal(keyword.ptr != NULL, cases[i].keyword != NULL);
        if (keyword.ptr != NULL)
            assert_true(str_eqz(keyword, cases[i].keyword));
        assert_int_equal(expr_as_string_literal(e, &literal), cases[i].literal != NULL);
        if (cases[i].literal != NULL)
            assert_true(str_eqz(literal, cases[i].literal));
    }
}

static bool add_kind(void *arg, const struct expr *e)
{
    strbuf_addf(arg, "%s ", e->kind == EXPR_TRAVERSAL ? "ref" : e->kind == EXPR_FOR ? "for" : "x");
    return e->kind != EXPR_FOR;
}

static void walking(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    const struct expr *e =
        parse(a, "((f(a, [b, {c = -d}], \"${e}${g}\")[h].*.i ? [for j in k: j] : l.m[n]))");
    expr_walk(e, add_kind, &out);
    assert_string_equal(out.buf,
                        "x x x x x x ref x ref x x x ref x ref ref ref x x for x ref ref ");
    assert_true(expr_unparen(e)->kind == EXPR_CONDITIONAL);
}

static void symbols(void **state)
{
    (void)state;
    assert_string_equal(unary_op_symbol(UNARY_NEGATE), "-");
    assert_string_equal(unary_op_symbol(UNARY_NOT), "!");
    assert_string_equal(binary_op_symbol(BINARY_OR), "||");
    assert_string_equal(binary_op_symbol(BINARY_MODULO), "%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_ranges),
        cmocka_unit_test(fixed_parts),
        cmocka_unit_test(walking),
        cmocka_unit_test(symbols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
