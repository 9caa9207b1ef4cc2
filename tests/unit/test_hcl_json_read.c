/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "hcl/diag.h"
#include "hcl/source.h"

/* The node with the range of each value. */
static void dump(struct strbuf *out, const struct json_node *n)
{
    strbuf_addf(out, "%u-%u:", n->range.start, n->range.end);
    switch (n->kind) {
    case JSON_IS_NULL: strbuf_adds(out, "null"); break;
    case JSON_IS_BOOL: strbuf_adds(out, n->boolean ? "true" : "false"); break;
    case JSON_IS_NUMBER: strbuf_addstr(out, n->text); break;
    case JSON_IS_STRING: strbuf_add_json_quoted(out, n->text); break;
    case JSON_IS_ARRAY:
        strbuf_addc(out, '[');
        for (size_t i = 0; i < n->count; i++)
            dump(out, n->items[i]);
        strbuf_addc(out, ']');
        break;
    case JSON_IS_OBJECT:
        strbuf_addc(out, '{');
        for (size_t i = 0; i < n->count; i++) {
            strbuf_addf(out, "%u-%u:%.*s=", n->members[i].name_range.start,
                        n->members[i].name_range.end, STR_FMT(n->members[i].name));
            dump(out, n->members[i].value);
        }
        strbuf_addc(out, '}');
        break;
    }
}

static void valid(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {" null ", "1-5:null"},
        {"true", "0-4:true"},
        {"-0.10e+3", "0-8:-0.10e+3"},
        {"123456789012345678901234567890", "0-30:123456789012345678901234567890"},
        {"\"a\\n\\u00e9\\ud83d\\ude00\\/\"", "0-25:\"a\\né😀/\""},
        {"\"\\ud800x\"", "0-9:\"\xef\xbf\xbdx\""},
        {"\"\\udc00\"", "0-8:\"\xef\xbf\xbd\""},
        {"[ ]", "0-3:[]"},
        {"[1, \"b\"]", "0-8:[1-2:14-7:\"b\"]"},
        {"{ }", "0-3:{}"},
        {"{\"a\":1,\"a\":{}}", "0-14:{1-4:a=5-6:17-10:a=11-13:{}}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        struct json_error err = {0};
        const struct json_node *n = json_read(a, str_from(cases[i].in), &err);
        if (n == NULL)
            fail_msg("%s: %s", cases[i].in, err.message);
        dump(&out, n);
        assert_string_equal(out.buf, cases[i].out);
    }
}

static void invalid(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t offset;
        const char *part;
    } cases[] = {
        {"", 0, "this is the end"},
        {"nul", 0, "value must begin"},
        {"True", 0, "value must begin"},
        {"'a'", 0, "double quotes"},
        {"01", 0, "not a number"},
        {"1.", 0, "not a number"},
        {"-", 0, "not a number"},
        {"1e", 0, "not a number"},
        {"1e999999999999", 0, "not a number"},
        {"1x", 0, "not a number"},
        {"\"a", 0, "no closing quote"},
        {"\"a\nb\"", 2, "several lines"},
        {"\"\t\"", 1, "Control characters"},
        {"\"\\x\"", 1, "not an escape"},
        {"\"\\u12g4\"", 1, "hexadecimal"},
        {"\"\xff\"", 1, "UTF-8"},
        {"[1,]", 2, "No comma"},
        {"[1 2]", 3, "comma must stand"},
        {"[1", 0, "not closed"},
        {"{\"a\" 1}", 5, "colon"},
        {"{a:1}", 1, "property name"},
        {"{\"a\":1,}", 6, "No comma"},
        {"{\"a\":1", 0, "not closed"},
        {"{\"a\":}", 5, "value must begin"},
        {"1 2", 2, "nothing may follow"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct json_error err = {0};
        assert_null(json_read(a, str_from(cases[i].in), &err));
        if (err.offset != cases[i].offset || strstr(err.message, cases[i].part) == NULL)
            fail_msg("%s: %zu %s", cases[i].in, err.offset, err.message);
    }
}

static void bounds(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf text = STRBUF_INIT, digits = STRBUF_INIT, large = STRBUF_INIT;
    struct json_error err = {0};
    strbuf_addn(&text, '[', 100000);
    assert_null(json_read(a, strbuf_str(&text), &err));
    assert_non_null(strstr(err.message, "too deeply"));
    strbuf_addn(&digits, '1', 100000);
    assert_null(json_read(a, strbuf_str(&digits), &err));
    assert_non_null(strstr(err.message, "too many digits"));
    strbuf_addn(&large, ' ', JSON_MAX_BYTES + 1);
    assert_null(json_read(a, strbuf_str(&large), &err));
    assert_non_null(strstr(err.message, "too large"));
}

static void source_file(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    diags_init(&d, a);
    struct source_file *good = source_file_new(a, "x.json", STR("\xef\xbb\xbf{\"a\": [1]}"));
    const struct json_node *n = json_read_source(a, good, &d);
    assert_non_null(n);
    assert_true(str_eqz(source_text(n->open_range), "{"));
    assert_true(str_eqz(source_text(n->close_range), "}"));
    assert_true(str_eqz(source_text(n->members[0].name_range), "\"a\""));
    assert_true(str_eqz(source_text(n->members[0].value->range), "[1]"));
    struct source_file *bad = source_file_new(a, "x.json", STR("{\"a\": bcd}"));
    assert_null(json_read_source(a, bad, &d));
    assert_int_equal(d.errors, 1);
    assert_true(str_eqz(source_text(d.list.ptr[0]->subject), "bcd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),
        cmocka_unit_test(invalid),
        cmocka_unit_test(bounds),
        cmocka_unit_test(source_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
