/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "hcl/diag.h"
#include "hcl/eval.h"
#include "tests/lib/hcl_dump.h"

static const struct body *parse(struct arena *a, const char *text, struct diags *d)
{
    const struct body *body;
    diags_init(d, a);
    hcl_parse_any_file(a, source_file_new(a, "x.pkr.json", str_from(text)), d, &body);
    return body;
}

static void attributes(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    const struct body *body = parse(
        a, "{\"//\": \"comment\", \"a\": [1, true, null, \"x${y}\"], \"b\": {\"k\": -1.5}}", &d);
    assert_true(diags_ok(&d));
    assert_true(body->is_json);
    dump_body(&out, body);
    assert_string_equal(out.buf, "a=(tuple 1 true null \"x${y}\"); b={\"k\"=-1.5}; ");
    assert_true(
        str_eqz(source_text(body_find_attr(body, STR("b"))->range), "\"b\": {\"k\": -1.5}"));
    assert_true(str_eqz(source_text(body->missing_item_range), "}"));
}

static void templates(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{\"a\": \"x${y}\"}", "(template \"x\" y)"},
        {"{\"a\": \"${y}\"}", "(wrap y)"},
        {"{\"a\": \"\\\"${y[\\\"k\\\"]}\"}", "(template \"\\\"\" y[\"k\"])"},
        {"{\"a\": \"100%\"}", "\"100%\""},
        {"{\"a\": \"$${y}\"}", "(template \"${y}\")"},
        {"{\"a\": 1}", "1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        const struct body *body = parse(a, cases[i].in, &d);
        dump_expr(&out, expr_json_template(a, body->attrs[0].expr, &d));
        assert_true(diags_ok(&d));
        assert_string_equal(out.buf, cases[i].out);
    }
    /* A mistake in a string is reported at its place in the file. */
    const struct body *body = parse(a, "{\n \"a\": \"x${y z}\"}", &d);
    expr_json_template(a, body->attrs[0].expr, &d);
    assert_int_equal(d.errors, 1);
    struct range at = d.list.ptr[0]->subject;
    assert_true(str_eqz(source_text(at), "z"));
    assert_int_equal(source_pos(at.file, at.start).line, 2);
    assert_int_equal(source_pos(at.file, at.start).column, 13);
    body = parse(a, "{\n \"a\": \"\\n${y z}\"}", &d);
    expr_json_template(a, body->attrs[0].expr, &d);
    assert_int_equal(source_pos(d.list.ptr[0]->subject.file, 0).line, 2);
}

/* Strings are evaluated where names may be used, keys included; elsewhere, as
 * in variable files, they are text. */
static void evaluation(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    value v;
    const struct body *body = parse(a, "{\"a\": {\"k${x}\": \"${x}-${x}\"}, \"b\": \"${y}\"}", &d);
    struct scope *scope = scope_new(a, NULL);
    scope_set(a, scope, "x", value_int(a, 5));
    assert_true(eval_expr(body->attrs[0].expr, scope, a, &v, &d));
    assert_int_equal(v.entries.len, 1);
    assert_true(str_eqz(v.entries.ptr[0].key, "k5"));
    assert_true(str_eqz(v.entries.ptr[0].val.s, "5-5"));
    assert_true(eval_expr(body->attrs[1].expr, NULL, a, &v, &d));
    assert_true(str_eqz(v.s, "${y}"));
    assert_false(eval_expr(body->attrs[1].expr, scope, a, &v, &d));
    assert_true(str_eqz(source_text(d.list.ptr[0]->subject), "y"));
}

static void static_parts(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    const struct body *body =
        parse(a, "{\"a\": \"string\", \"b\": \"list(string)\", \"c\": \"a b\"}", &d);
    assert_true(str_eqz(expr_as_keyword(body->attrs[0].expr), "string"));
    assert_null(expr_as_keyword(body->attrs[1].expr).ptr);
    dump_expr(&out, expr_static(a, body->attrs[1].expr, &d));
    assert_string_equal(out.buf, "(call list string)");
    assert_null(expr_static(a, body->attrs[2].expr, &d));
    assert_int_equal(d.errors, 1);
}

static void blocks(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    const struct body *body =
        parse(a,
              "{\"source\": {\"qemu\": {\"a\": {\"x\": 1}, \"b\": [{\"x\": 2}, {\"x\": 3}]}},"
              " \"build\": [{\"sources\": []}, {\"sources\": []}],"
              " \"variable\": [{\"v\": {}}, {\"w\": {}}], \"empty\": null}",
              &d);
    size_t count;
    const struct block *found = body_find_blocks(a, body, STR("source"), 2, &d, &count);
    assert_int_equal(count, 3);
    assert_true(str_eqz(found[1].labels[0].value, "qemu"));
    assert_true(str_eqz(found[1].labels[1].value, "b"));
    assert_true(str_eqz(found[2].labels[1].value, "b"));
    assert_true(str_eqz(source_text(found[2].labels[1].range), "\"b\""));
    assert_true(str_eqz(body_find_attr(found[2].body, STR("x"))->expr->literal.text, "3"));
    body_find_blocks(a, body, STR("build"), 0, &d, &count);
    assert_int_equal(count, 2);
    found = body_find_blocks(a, body, STR("variable"), 1, &d, &count);
    assert_int_equal(count, 2);
    assert_true(str_eqz(found[1].labels[0].value, "w"));
    body_find_blocks(a, body, STR("empty"), 0, &d, &count);
    assert_int_equal(count, 0);
    assert_true(diags_ok(&d));
}

static void wrong_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t labels;
        const char *summary, *subject;
    } cases[] = {
        {"{\"b\": 1}", 0, "Incorrect JSON value type", "1"},
        {"{\"b\": 1}", 1, "Incorrect JSON value type", "1"},
        {"{\"b\": [1]}", 0, "Incorrect JSON value type", "1"},
        {"{\"b\": [1]}", 1, "Incorrect JSON value type", "1"},
        {"{\"b\": {\"x\": \"y\"}}", 1, "Incorrect JSON value type", "\"y\""},
        {"{\"b\": {}}", 1, "Missing block label", "{}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct diags d;
        size_t count;
        const struct body *body = parse(a, cases[i].in, &d);
        assert_true(diags_ok(&d));
        body_find_blocks(a, body, STR("b"), cases[i].labels, &d, &count);
        assert_true(d.errors > 0);
        assert_string_equal(d.list.ptr[0]->summary, cases[i].summary);
        assert_true(str_eqz(source_text(d.list.ptr[0]->subject), cases[i].subject));
    }
}

static void wrong_files(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    assert_int_equal(parse(a, "[{\"a\": 1}, {\"b\": 2}]", &d)->attr_count, 2);
    assert_true(diags_ok(&d));
    assert_int_equal(parse(a, "\"text\"", &d)->attr_count, 0);
    assert_string_equal(d.list.ptr[0]->summary, "Root value must be object");
    parse(a, "{\"a\": 1, \"a\": 2}", &d);
    assert_string_equal(d.list.ptr[0]->summary, "Duplicate argument");
    parse(a, "{\"a\": 1", &d);
    assert_string_equal(d.list.ptr[0]->summary, "Invalid JSON");
    parse(a, "[1]", &d);
    assert_int_equal(d.errors, 1);
}

/* The same question for native syntax. */
static void native_blocks(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    size_t count;
    struct source_file *f = source_file_new(a, "x.hcl", STR("a {}\nb \"x\" {}\na {}\n"));
    assert_true(hcl_parse_any_file(a, f, &d, &body));
    body_find_blocks(a, body, STR("a"), 0, &d, &count);
    assert_int_equal(count, 2);
    const struct block *b = body_find_blocks(a, body, STR("b"), 2, &d, &count);
    assert_int_equal(count, 1);
    assert_int_equal(b->label_count, 1);
    assert_true(str_eqz(source_text(block_header_range(b)), "b \"x\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes),  cmocka_unit_test(templates),
        cmocka_unit_test(evaluation),  cmocka_unit_test(static_parts),
        cmocka_unit_test(blocks),      cmocka_unit_test(wrong_shapes),
        cmocka_unit_test(wrong_files), cmocka_unit_test(native_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
