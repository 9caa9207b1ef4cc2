/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/refs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "hcl/diag.h"
#include "hcl/parse.h"

static void dump(const struct refs *refs, struct strbuf *out)
{
    VEC_EACH (ref, refs) {
        strbuf_adds(out, out->len > 0 ? " " : "");
        strbuf_addstr(out, source_text((*ref)->range));
    }
}

static void expressions(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"1", ""},
        {"a.b + c[0].d", "a.b c[0].d"},
        {"f(a, b...)", "a b"},
        {"a[b.c]", "a b.c"},
        {"a.*.b", "a"},
        {"x ? y : z", "x y z"},
        {"{a = b, (c) = d, \"e\" = 1}", "b c d"},
        {"[for x in x: x.y + z if x]", "x z"},
        {"{for k, v in m: k => v.k...}", "m"},
        {"[for x in l: [for y in x: y + x + w]]", "l w"},
        {"[for x in l: x][x]", "l x"},
        {"\"${a} ${b.c}\"", "a b.c"},
        {"\"%{ for x in l }${x}${y}%{ endfor }%{ if z }%{ endif }\"", "l y z"},
        {"<<E\n${a}\nE\n", "a"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        struct diags d;
        struct refs refs = {0};
        const struct expr *e;
        diags_init(&d, a);
        assert_true(hcl_parse_expr(a, source_file_new(a, "t", str_from(cases[i].in)), &d, &e));
        expr_refs(a, e, &refs);
        dump(&refs, &out);
        assert_string_equal(out.buf, cases[i].out);
    }
}

static void bodies(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    struct refs refs = {0}, json = {0};
    const struct body *body;
    diags_init(&d, a);
    struct source_file *f = source_file_new(a, "t", STR("a = var.x\nb {\n c = local.y\n}\n"));
    assert_true(hcl_parse_file(a, f, &d, &body));
    body_refs(a, body, &refs);
    dump(&refs, &out);
    assert_string_equal(out.buf, "var.x local.y");
    f = source_file_new(a, "t.json", STR("{\"a\": {\"b\": [\"${var.x}-${local.y}\", \"${(\"]}}"));
    assert_true(hcl_parse_json_file(a, f, &d, &body));
    body_refs(a, body, &json);
    strbuf_truncate(&out, 0);
    dump(&json, &out);
    assert_string_equal(out.buf, "var.x local.y");
    assert_true(diags_ok(&d));
}

static void names(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    const struct expr *e;
    diags_init(&d, a);
    hcl_parse_expr(a, source_file_new(a, "t", STR("var.x[\"y\"][0]")), &d, &e);
    assert_true(str_eqz(ref_step_name(e, 0), "x"));
    assert_true(str_eqz(ref_step_name(e, 1), "y"));
    assert_null(ref_step_name(e, 2).ptr);
    assert_null(ref_step_name(e, 3).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions),
        cmocka_unit_test(bodies),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
