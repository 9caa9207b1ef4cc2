/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/lib/hcl_eval.h"

static value parse(struct arena *a, const char *text)
{
    struct diags d;
    value v;
    diags_init(&d, a);
    assert_true(hcl_eval_value(a, text, NULL, &v, &d));
    return v;
}

static void sets_are_sorted(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"convert([\"b\", \"a\", \"B\", \"é\", \"b\"], set(string))", "[\"B\",\"a\",\"b\",\"é\"]"},
        {"convert([10, 9, 1e3, -1], set(number))", "[-1,9,10,1000]"},
        {"convert([true, false, true], set(bool))", "[false,true]"},
        {"convert([[2], [1], [2]], set(list(number)))", "[[1],[2]]"},
        {"convert([\"a\", null], set(string))", "[\"a\",null]"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(hcl_eval_json(a, cases[i][0], NULL), cases[i][1]);
}

static void strings_are_normalised(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    value v = value_string(a, STR("e\xCC\x81"));
    assert_string_equal(value_as_str(v).ptr, "\xC3\xA9");
    v = value_string(a, STR("a\xFF"
                            "b"));
    assert_string_equal(value_as_str(v).ptr, "a\xEF\xBF\xBD"
                                             "b");
}

static void of_equal_keys_the_last_wins(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct value_entry e[] = {
        {STR("b"), value_int(a, 1)}, {STR("a"), value_int(a, 2)}, {STR("b"), value_int(a, 3)}};
    value v = value_object(a, e, 3), got;
    assert_int_equal(value_len(v), 2);
    assert_true(value_get(v, STR("b"), &got));
    assert_int_equal(number_to_double(got.num), 3);
    assert_false(value_get(v, STR("c"), &got));
    assert_true(value_is_null(value_attr(v, "c")));
}

static void printing(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"a\\\"b\\n${1}\"", "\"a\\\"b\\n1\""},
        {"\"$${x}\"", "\"$${x}\""},
        {"[]", "[]"},
        {"{}", "{}"},
        {"3.10", "3.1"},
        {"[1, {a = null, b = [true]}]",
         "[\n  1,\n  {\n    \"a\" = null\n    \"b\" = [\n      true,\n"
         "    ]\n  },\n]"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        value_print(parse(a, cases[i][0]), &sb, 0);
        assert_string_equal(sb.buf, cases[i][1]);
    }
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    value items[] = {value_mark(value_stringz(a, "secret"), true), value_unknown(&type_number)};
    value_print(value_tuple(a, items, 2), &sb, 0);
    assert_string_equal(sb.buf, "[\n  <sensitive>,\n  <unknown>,\n]");
}

static void descriptions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"abc\"", "is \"abc\""},
        {"12", "is 12"},
        {"null", "is null"},
        {"[1]", "is tuple with 1 element"},
        {"{a = 1, b = 2}", "is object with 2 attributes"},
        {"convert([], list(string))", "is empty list of string"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(value_describe(a, parse(a, cases[i][0])), cases[i][1]);
    assert_string_equal(value_describe(a, value_mark(value_int(a, 1), true)),
                        "has a sensitive value");
    assert_string_equal(value_describe(a, value_unknown(&type_string)),
                        "is a string, known only when the build runs");
    const char *cut = value_describe(a, parse(a, "join(\"\", [for i in range(100) : \"é\"])"));
    assert_true(strlen(cut) <= 63);
    assert_non_null(strstr(cut, "...\""));
}

static void copies_stand_alone(void **state)
{
    (void)state;
    AUTO(arena) struct arena *keep = arena_new("keep");
    value copy;
    {
        AUTO(arena) struct arena *a = arena_new("short");
        copy = value_copy(keep, parse(a, "{a = [1, \"x\", null], b = {c = 0.5}}"));
    }
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *why;
    assert_true(value_to_json(copy, &sb, &why));
    assert_string_equal(sb.buf, "{\"a\":[1,\"x\",null],\"b\":{\"c\":0.5}}");
    assert_string_equal(type_str(keep, copy.type),
                        "object({a=tuple([number, string, any]), b=object({c=number})})");
}

static void marks(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    value inner[] = {value_mark(value_int(a, 1), true), value_int(a, 2)};
    value v = value_tuple(a, inner, 2);
    assert_false(v.sensitive);
    assert_true(value_is_sensitive_deep(v));
    assert_false(value_is_sensitive_deep(value_unmark_deep(a, v)));
    assert_true(value_equal(v, value_unmark_deep(a, v)));
    assert_true(value_at(value_mark(v, true), 1).sensitive);
}

static void weights(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    value v = value_int(a, 1);
    for (int i = 0; i < 40; i++) {
        value *items = arena_new_array(a, value, 10);
        for (int j = 0; j < 10; j++)
            items[j] = v;
        v = value_tuple(a, items, 10);
        if (i == 1)
            assert_int_equal(v.weight, 110);
    }
    assert_int_equal(v.weight, UINT32_MAX);
}

static void no_json(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *why;
    assert_false(value_to_json(value_unknown(&type_string), &sb, &why));
    assert_non_null(strstr(why, "not known"));
    assert_false(value_to_json(parse(a, "[1 / 0]"), &sb, &why));
    assert_non_null(strstr(why, "infinity"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_sorted),
        cmocka_unit_test(strings_are_normalised),
        cmocka_unit_test(of_equal_keys_the_last_wins),
        cmocka_unit_test(printing),
        cmocka_unit_test(descriptions),
        cmocka_unit_test(copies_stand_alone),
        cmocka_unit_test(marks),
        cmocka_unit_test(weights),
        cmocka_unit_test(no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
