/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "hcl/func.h"
#include "hcl/source.h"
#include "tests/lib/hcl_eval.h"

/* var.size = 12, var.name = "x", var.list = [1, 2], var.secret marked,
 * var.later unknown; local.map a map of number. */
static struct scope *make_scope(struct arena *a)
{
    struct scope *s = scope_new_root(a, ".");
    value list[] = {value_int(a, 1), value_int(a, 2)};
    struct value_entry vars[] = {
        {STR("size"), value_int(a, 12)},
        {STR("name"), value_stringz(a, "x")},
        {STR("list"), value_list(a, &type_number, arena_memdup(a, list, sizeof(list)), 2)},
        {STR("secret"), value_mark(value_stringz(a, "hunter2"), true)},
        {STR("later"), value_unknown(&type_string)},
        {STR("nothing"), value_null(&type_string)},
    };
    struct value_entry members[] = {{STR("one"), value_int(a, 1)}};
    struct value_entry locals[] = {
        {STR("map"), value_map(a, &type_number, arena_memdup(a, members, sizeof(members)), 1)}};
    scope_set(a, s, "var", value_object(a, arena_memdup(a, vars, sizeof(vars)), ARRAY_SIZE(vars)));
    scope_set(a, s, "local", value_object(a, arena_memdup(a, locals, sizeof(locals)), 1));
    return s;
}

/* The place underlined, a part of the text, and the values shown. */
static void diagnostics(void **state)
{
    (void)state;
    static const struct {
        const char *expr, *summary, *subject, *detail, *values;
    } cases[] = {
        {"var.sise", "Unsupported attribute", ".sise", "Did you mean \"size\"?", ""},
        {"vra.size", "Unknown variable", "vra", "Did you mean \"var\"?", ""},
        {"local.map.two", "Missing map element", ".two", "key \"two\"",
         "local.map is map of number with 1 element"},
        {"local.map[\"onee\"]", "Invalid index", "[\"onee\"]", "Did you mean \"one\"?", ""},
        {"var.list[var.size]", "Invalid index", "[var.size]",
         "length of the collection, which is 2",
         "var.list is list of number with 2 elements;var.size is 12"},
        {"var.size + var.name", "Invalid operand", "var.name", "a number is required",
         "var.name is \"x\""},
        {"-var.secret", "Invalid operand", "var.secret", "a number is required",
         "var.secret has a sensitive value"},
        {"1 + [for v in var.list : v / var.name][0]", "Invalid operand", "var.name", "number",
         "var.name is \"x\""},
        {"[for v in var.list : upper(v, v)]", "Too many function arguments", "v", "upper(str)", ""},
        {"uper(\"a\")", "Call to unknown function", "uper", "Did you mean \"upper\"?", ""},
        {"tostring(1)", "Call to unknown function", "tostring", "convert(value, string)", ""},
        {"substr(var.name, 1)", "Not enough function arguments", ")", "\"length\"", ""},
        {"join(\",\", var.size)", "Invalid function argument", "var.size",
         "list of string required", "var.size is 12"},
        {"{(var.nothing) = 1}", "Null value as key", "(var.nothing)", "null", ""},
        {"{var.x = 1}", "Ambiguous attribute key", "var.x", "parentheses", ""},
        {"var.size ? 1 : 2", "Incorrect condition type", "var.size", "bool", "var.size is 12"},
        {"true ? [1] : var.name", "Inconsistent conditional result types", "[1] : var.name",
         "'true' value is tuple", ""},
        {"\"a${var.nothing}\"", "Invalid template interpolation value", "var.nothing", "null", ""},
        {"\"a${var.list}\"", "Invalid template interpolation value", "var.list", "string required",
         "var.list is list of number"},
        {"[for x in var.size : x]", "Iteration over non-iterable value", "var.size", "number", ""},
        {"{for x in [1, 1] : x => x}", "Duplicate object key", "x", "ellipsis", "x is 1"},
        {"var.list.size", "Unsupported attribute", ".size", "does not have any attributes", ""},
        {"upper(\"a\"...)", "Invalid expanding argument value", "\"a\"", "tuple, list, or set", ""},
        {"provider::f(1)", "Call to unknown function", "provider::f", "provider::f", ""},
        {"try(var.a, var.b)", "Unsupported attribute", ".a", "\"a\"", ""},
        {"convert(1, list(strin))", "Invalid type specification", "strin",
         "Did you mean \"string\"?", ""},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    struct scope *s = make_scope(a);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct diags d;
        value v;
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        diags_init(&d, a);
        assert_false(hcl_eval_value(a, cases[i].expr, s, &v, &d));
        const struct diag *diag = d.list.ptr[0];
        for (size_t j = 0; j < diag->values.len; j++)
            strbuf_addf(&sb, "%s%s %s", j > 0 ? ";" : "", diag->values.ptr[j].name,
                        diag->values.ptr[j].text);
        str subject = source_text(diag->subject);
        if (strcmp(diag->summary, cases[i].summary) != 0 || !str_eqz(subject, cases[i].subject) ||
            strstr(diag->detail, cases[i].detail) == NULL ||
            strstr(sb.buf, cases[i].values) == NULL)
            fail_msg("%s:\n  %s\n  [%.*s]\n  %s\n  %s", cases[i].expr, diag->summary,
                     STR_FMT(subject), diag->detail, sb.buf);
        assert_null(strstr(sb.buf, "hunter2"));
        assert_null(strstr(diag->detail, "hunter2"));
    }
}

/* A mark comes through every kind of operation. */
static void sensitive_survives(void **state)
{
    (void)state;
    static const struct {
        const char *expr;
        bool whole, inside;
    } cases[] = {
        {"var.secret", true, true},
        {"\"a${var.secret}\"", true, true},
        {"upper(var.secret)", true, true},
        {"[var.secret, 1]", false, true},
        {"[var.secret, 1][0]", true, true},
        {"[var.secret, 1][1]", false, false},
        {"{a = var.secret}.a", true, true},
        {"{(var.secret) = 1}", true, true},
        {"var.secret == \"x\"", true, true},
        {"var.secret == \"x\" && true", true, true},
        {"var.secret == \"hunter2\" ? 1 : 2", true, true},
        {"true ? 1 : length(var.secret)", true, true},
        {"[for c in [var.secret] : c]", false, true},
        {"[for c in split(\"\", var.secret) : c]", true, true},
        {"[var.secret][*]", false, true},
        {"length([var.secret])", true, true},
        {"merge({a = var.secret}, {b = 1}).b", false, false},
        {"merge({a = var.secret}, {b = 1}).a", true, true},
        {"join(\",\", [var.secret])", true, true},
        {"jsonencode({a = [var.secret]})", true, true},
        {"convert([var.secret], set(string))", true, true},
        {"-convert(convert(var.secret == \"\", string) == \"x\" ? \"1\" : \"2\", number)", true,
         true},
        {"try(var.secret, 1)", true, true},
        {"format(\"%s\", var.secret)", true, true},
        {"\"%{ for x in [var.secret] }${x}%{ endfor }\"", true, true},
        {"var.name", false, false},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    struct scope *s = make_scope(a);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct diags d;
        value v;
        diags_init(&d, a);
        if (!hcl_eval_value(a, cases[i].expr, s, &v, &d))
            fail_msg("%s: %s", cases[i].expr, d.list.ptr[0]->detail);
        if (v.sensitive != cases[i].whole || value_is_sensitive_deep(v) != cases[i].inside)
            fail_msg("%s: whole %d, inside %d", cases[i].expr, v.sensitive,
                     value_is_sensitive_deep(v));
    }
}

/* Unknown values go through without errors, with the type that is known. */
static void unknown_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"var.later", "string"},
        {"\"a${var.later}\"", "string"},
        {"var.later == \"x\"", "bool"},
        {"var.later + 1", "number"},
        {"upper(var.later)", "string"},
        {"[var.later]", "tuple([string])"},
        {"[var.later][0]", "string"},
        {"[for x in [var.later] : x]", "tuple([string])"},
        {"length(var.later)", "number"},
        {"var.later == \"x\" ? 1 : 2", "number"},
        {"var.later == \"x\" || var.later == \"y\"", "bool"},
        {"concat([var.later], [1])", "tuple([string, number])"},
        {"jsondecode(var.later)", "any"},
        {"jsondecode(var.later).a[0]", "any"},
        {"try(jsondecode(var.later).a, 1)", "any"},
        {"can(jsondecode(var.later).a)", "bool"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    struct scope *s = make_scope(a);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct diags d;
        value v;
        diags_init(&d, a);
        if (!hcl_eval_value(a, cases[i][0], s, &v, &d))
            fail_msg("%s: %s", cases[i][0], d.list.ptr[0]->detail);
        assert_false(value_is_wholly_known(v));
        assert_string_equal(type_str(a, v.type), cases[i][1]);
    }
    assert_string_equal(hcl_eval_json(a, "length([var.later, 1])", s), "2");
    assert_string_equal(hcl_eval_json(a, "keys({ a = var.later })", s), "[\"a\"]");
    assert_string_equal(hcl_eval_json(a, "false && var.later == \"\"", s), "false");
    assert_string_equal(hcl_eval_json(a, "merge({ a = var.later }, { b = 1 }).b", s), "1");
}

static void scopes(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct scope *outer = make_scope(a), *inner = scope_new(a, outer);
    scope_set(a, inner, "each", value_stringz(a, "e"));
    assert_string_equal(hcl_eval_json(a, "\"${each}${var.name}${upper(each)}\"", inner), "\"exE\"");
    assert_string_equal(hcl_eval_json(a, "[for var in [1] : var]", inner), "[1]");
    struct scope *bare = scope_new(a, NULL);
    assert_non_null(strstr(hcl_eval_json(a, "x", bare), "Variables not allowed"));
    assert_non_null(strstr(hcl_eval_json(a, "f()", bare), "Function calls not allowed"));
}

/* Each ends with an error (or a result) soon, in bounded memory. */
static void hostile(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "1e999999999",
        "1e-999999999",
        "jsondecode(\"1e99999999\")",
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        "setproduct(range(1000), range(1000), range(1000))",
        "format(\"%1000000000d\", 1)",
        "format(\"%.99999999f\", 1)",
        "indent(1000000000, \"a\\nb\")",
        "indent(-1, \"a\\nb\")",
        "replace(join(\"\", [for i in range(1000) : \"aaaaaaaaaa\"]), \"a\", "
        "join(\"\", [for i in range(1000) : \"aaaaaaaaaa\"]))",
        "[for a in [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] : [for b in [[a, a, a, a, a, a, a, a, a, a]] : "
        "[for c in [[b, b, b, b, b, b, b, b, b, b]] : [for d in [[c, c, c, c, c, c, c, c, c, c]] : "
        "[for e in [[d, d, d, d, d, d, d, d, d, d]] : [for f in [[e, e, e, e, e, e, e, e, e, e]] : "
        "[for g in [[f, f, f, f, f, f, f, f, f, f]] : jsonencode([g, g, g, g, g, g])]]]]]]]",
        "yamldecode(\"a: &a [x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\\n"
        "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\\nh: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\")",
        "regex(\"^(a+)+$\", join(\"\", concat([for i in range(1000) : \"a\"], [\"b\"])))",
        "regexall(\"(.*)(.*)(.*)(.*)(.*)[xy]\", join(\"\", [for i in range(1000) : \"aaaaaaaaaa\"]))",
        "[for a in range(1000) : [for b in range(1000) : try(a.b, b.c)]]",
        "bcrypt(\"a\", 31)",
        "range(0, 1, 1e-300)",
        "parseint(join(\"\", [for i in range(1000) : \"1111111111\"]), 10)",
    };
    AUTO(arena) struct arena *a = arena_new("test");
    struct scope *s = make_scope(a);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *scratch = arena_new("case");
        int64_t start = clock_now();
        const char *got = hcl_eval_json(scratch, cases[i], s);
        if (strncmp(got, "!error", 6) != 0)
            fail_msg("%.80s: %.80s", cases[i], got);
        if (clock_now() - start > 20 * NS_PER_S)
            fail_msg("%.80s: took too long", cases[i]);
        assert_true(arena_used(scratch) < (size_t)600 << 20);
    }
}

/* OPEN, COUNT times, X, then CLOSE. */
static const char *nested(struct arena *a, const char *open, int count, const char *x,
                          const char *close)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (int i = 0; i < count; i++)
        strbuf_adds(&sb, open);
    strbuf_adds(&sb, x);
    for (int i = 0; i < count; i++)
        strbuf_adds(&sb, close);
    return arena_strndup(a, sb.buf, sb.len);
}

static void nesting(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    assert_string_equal(hcl_eval_json(a, nested(a, "(", 490, "1", ")"), NULL), "1");
    assert_true(hcl_eval_json(a, nested(a, "[", 490, "1", "]"), NULL)[0] == '[');
    assert_true(hcl_eval_json(a, nested(a, "[", 100000, "1", "]"), NULL)[0] == '!');
    assert_true(hcl_eval_json(a, nested(a, "true ? ", 900, "1", " : 2"), NULL)[0] == '1');
    hcl_eval_json(a, nested(a, "!", 100000, "true", ""), NULL);
    hcl_eval_json(a, nested(a, "1 + ", 100000, "1", ""), NULL);
    hcl_eval_json(a, nested(a, "try(x, ", 400, "1", ")"), NULL);
    hcl_eval_json(a, nested(a, "try(x, ", 400, "y", ")"), NULL);
    hcl_eval_json(a, nested(a, "[for x in [1] : x if ", 300, "true", "]"), NULL);
}

static void conversion_of_results(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    assert_string_equal(hcl_eval_json(a, "1 == \"1\"", NULL), "false");
    assert_string_equal(hcl_eval_json(a, "convert(1, string) == \"1\"", NULL), "true");
    assert_string_equal(hcl_eval_json(a, "true ? [1, 2] : [\"a\"]", NULL), "[\"1\",\"2\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diagnostics),
        cmocka_unit_test(sensitive_survives),
        cmocka_unit_test(unknown_values),
        cmocka_unit_test(scopes),
        cmocka_unit_test(hostile),
        cmocka_unit_test(nesting),
        cmocka_unit_test(conversion_of_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
