/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/lib/hcl_eval.h"

/* Value, type, then its JSON and its type after conversion, or "!" and a part
 * of the reason. */
static void conversions(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"1", "string", "\"1\"", "string"},
        {"\"1.50\"", "number", "1.5", "number"},
        {"\"x\"", "number", "!", "a number is required"},
        {"\"True\"", "bool", "!", "use lowercase \"true\""},
        {"\"1\"", "bool", "true", "bool"},
        {"true", "number", "!", "number required"},
        {"[]", "string", "!", "string required"},
        {"null", "list(string)", "null", "list(string)"},
        {"[1, \"a\", true]", "list(string)", "[\"1\",\"a\",\"true\"]", "list(string)"},
        {"[1, \"a\"]", "list(any)", "[\"1\",\"a\"]", "list(string)"},
        {"[1, true]", "list(any)", "!", "all list elements must have the same type"},
        {"[1, [2]]", "list(string)", "!", "element 1: string required"},
        {"[\"1\", \"x\"]", "list(number)", "!", "element 1: a number is required"},
        {"[\"b\", \"a\", \"b\"]", "set(string)", "[\"a\",\"b\"]", "set(string)"},
        {"[10, 9, 10]", "set(number)", "[9,10]", "set(number)"},
        {"[[1], [\"a\", 2]]", "list(any)", "[[\"1\"],[\"a\",\"2\"]]", "list(list(string))"},
        {"[[1], [2, 3]]", "list(list(any))", "[[1],[2,3]]", "list(list(number))"},
        {"{a = 1, b = \"x\"}", "map(string)", "{\"a\":\"1\",\"b\":\"x\"}", "map(string)"},
        {"{a = 1, b = true}", "map(any)", "!", "all map elements must have the same type"},
        {"{a = [], b = [1]}", "map(list(number))", "{\"a\":[],\"b\":[1]}", "map(list(number))"},
        {"{a = 1, b = 2}", "object({a = string})", "{\"a\":\"1\"}", "object({a=string})"},
        {"{a = 1}", "object({a = string, b = bool})", "!", "attribute \"b\" is required"},
        {"{}", "object({a = string, b = bool, c = any})", "!",
         "attributes \"a\", \"b\", and \"c\" are required"},
        {"{a = 1}", "object({a = number, b = optional(string)})", "{\"a\":1,\"b\":null}",
         "object({a=number, b=string})"},
        {"{b = null}", "object({b = optional(number, \"7\")})", "{\"b\":7}", "object({b=number})"},
        {"{a = {}}", "object({a = object({x = optional(list(string), [\"d\"])})})",
         "{\"a\":{\"x\":[\"d\"]}}", "object({a=object({x=list(string)})})"},
        {"{a = {b = []}}", "object({a = object({b = string})})", "!",
         "attribute \"a\": attribute \"b\": string required"},
        {"[1, \"2\"]", "tuple([string, number])", "[\"1\",2]", "tuple([string, number])"},
        {"[1]", "tuple([string, number])", "!", "tuple required"},
        {"[null, 1]", "list(any)", "[null,1]", "list(number)"},
        {"convert({a = \"1\"}, map(string))", "object({a = number})", "{\"a\":1}",
         "object({a=number})"},
        {"convert({b = \"1\"}, map(string))", "object({a = number})", "!",
         "no element for required attribute \"a\""},
        {"convert([1], list(number))", "map(string)", "!", "map of string required"},
        {"convert([[1]], list(list(number)))", "list(list(bool))", "!",
         "incorrect list element type: incorrect list element type: bool required"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        struct diags d;
        const char *why = NULL;
        value v;
        diags_init(&d, a);
        assert_true(hcl_eval_value(a, cases[i][0], NULL, &v, &d));
        bool ok = convert(a, v, hcl_type(a, cases[i][1]), &v, &why);
        if (ok)
            assert_true(value_to_json(v, &sb, &why));
        const char *got = ok ? type_str(a, v.type) : why;
        bool fits = cases[i][2][0] == '!'
                        ? !ok && strstr(why, cases[i][3]) != NULL
                        : ok && strcmp(sb.buf, cases[i][2]) == 0 && strcmp(got, cases[i][3]) == 0;
        if (!fits)
            fail_msg("%s to %s: %s, %s", cases[i][0], cases[i][1], ok ? sb.buf : "!", got);
    }
}

static void unification(void **state)
{
    (void)state;
    static const struct {
        const char *types[3];
        const char *out, *safe; /* "": none */
    } cases[] = {
        {{"number", "string"}, "string", "string"},
        {{"bool", "number"}, "", ""},
        {{"bool", "number", "string"}, "string", "string"},
        {{"list(number)", "list(string)"}, "list(string)", "list(string)"},
        {{"list(number)", "set(string)"}, "list(number)", ""},
        {{"list(number)", "tuple([string])"}, "list(string)", "list(string)"},
        {{"tuple([number])", "tuple([string])"}, "tuple([string])", "tuple([string])"},
        {{"tuple([number])", "tuple([])"}, "list(number)", "list(number)"},
        {{"tuple([number])", "tuple([string, bool])"}, "list(string)", "list(string)"},
        {{"object({a = number})", "object({a = string})"},
         "object({a=string})",
         "object({a=string})"},
        {{"object({a = number})", "object({b = string})"}, "map(string)", "map(string)"},
        {{"object({a = number})", "object({b = list(string)})"}, "", ""},
        {{"map(number)", "object({b = string})"}, "map(string)", "map(string)"},
        {{"object({})", "tuple([])"}, "", ""},
        {{"any", "string"}, "string", "any"},
        {{"any", "list(string)"}, "any", "any"},
        {{"string", "list(string)"}, "", ""},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct type *types[3];
        size_t n = 0;
        for (; n < 3 && cases[i].types[n] != NULL; n++)
            types[n] = hcl_type(a, cases[i].types[n]);
        const struct type *t = convert_unify(a, types, n), *s = convert_unify_safe(a, types, n);
        const char *got = t == NULL ? "" : type_str(a, t), *safe = s == NULL ? "" : type_str(a, s);
        if (strcmp(got, cases[i].out) != 0 || strcmp(safe, cases[i].safe) != 0)
            fail_msg("%s and %s: %s, safe %s", cases[i].types[0], cases[i].types[1], got, safe);
    }
}

static void marks_survive(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const char *why;
    value v = value_mark(value_int(a, 1), true), out;
    assert_true(convert_to_string(a, v, &out, &why));
    assert_true(out.sensitive);
    value items[] = {v, value_stringz(a, "x")};
    assert_true(convert(a, value_tuple(a, items, 2), &type_list_string, &out, &why));
    assert_false(out.sensitive);
    assert_true(value_at(out, 0).sensitive);
    assert_false(value_at(out, 1).sensitive);
    assert_true(convert(a, value_tuple(a, items, 2), &type_set_string, &out, &why));
    assert_true(out.sensitive);
}

static void type_mistakes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"list", "requires one argument"},
        {"object({a})", NULL},
        {"object(string)", "map whose keys are attribute names"},
        {"tuple(string)", "list of element types"},
        {"list(string, string)", "requires one argument"},
        {"string()", "does not expect arguments"},
        {"lst(string)", "Did you mean \"list\"?"},
        {"optional(string)", "only as a modifier"},
        {"object({a = optional(number, \"x\")})", "not compatible with the attribute's type"},
        {"object({a = string, a = string})", "must be unique"},
        {"object({a = optional()})", "requires the attribute type"},
        {"1", "primitive type keyword"},
        {"var.x", "primitive type keyword"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *got = hcl_eval_json(a, arena_fmt(a, "convert(1, %s)", cases[i][0]), NULL);
        if (got[0] != '!' || (cases[i][1] != NULL && strstr(got, cases[i][1]) == NULL))
            fail_msg("%s: %s", cases[i][0], got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions),
        cmocka_unit_test(unification),
        cmocka_unit_test(marks_survive),
        cmocka_unit_test(type_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
