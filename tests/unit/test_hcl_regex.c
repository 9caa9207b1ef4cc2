/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/lib/hcl_eval.h"

/* What Go's regexp refuses and PCRE2 would take. */
static void refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "a(?=b)",    "a(?!b)",     "(?<=a)b", "(?<!a)b",
        "(a)\\1",    "\\g{1}",     "a++",     "a*+",
        "a?+",       "a{2}+",      "(?>a)",   "(?|a|b)",
        "(?R)",      "(?1)",       "(?&x)",   "(?P=x)",
        "(?P>x)",    "\\K",        "\\h",     "\\R",
        "\\X",       "\\C",        "\\Z",     "\\G",
        "\\N",       "\\cA",       "\\k<x>",  "(?#c)",
        "(?x)a",     "(?J)a",      "(*UTF)a", "(?P<a>x)(?P<a>y)",
        "(?P<>x)",   "(?P<a-b>x)", "(",       ")",
        "a)",        "(a",         "[",       "[a",
        "[]",        "[^]",        "[b-a]",   "[[:foo:]]",
        "*",         "+a",         "?",       "a**",
        "a{2}{3}",   "(*)",        "|*",      "a{1001}",
        "a{2,1}",    "a{0,1001}",  "\\",      "a\\",
        "\\p{Nope}", "\\pX",       "\\p{",    "\\x{110000}",
        "\\xg",      "\\8",        "\\y",     "\\é",
        "(?i",       "(?",         "(?z)",    "(?i-)",
        "\xFF",      "[\\d-z",     "[a-\\d]", "\\x{d800}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        const char *why = NULL;
        AUTO(regex) struct regex *re = regex_new(a, str_from(patterns[i]), &why);
        if (re != NULL)
            fail_msg("%s was accepted", patterns[i]);
        assert_non_null(why);
    }
}

/* Pattern, text, what regexall gives. */
static void matches(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a|ab", "ab", "[\"a\"]"},
        {"(?:ab|a)(?:c|bcd)", "abcd", "[\"abc\"]"},
        {"a*", "baaac", "[\"\",\"aaa\",\"\"]"},
        {"x*", "", "[\"\"]"},
        {"", "ab", "[\"\",\"\",\"\"]"},
        {"^.", "a\nb", "[\"a\"]"},
        {"(?m)^.", "a\nb\n", "[\"a\",\"b\"]"},
        {"(?m)^", "a\n", "[\"\",\"\"]"},
        {"b$", "b\n", "[]"},
        {"(?m)b$", "b\n", "[\"b\"]"},
        {".+", "a\nb", "[\"a\",\"b\"]"},
        {"(?s).+", "a\nb", "[\"a\\nb\"]"},
        {"(?U)a+", "aa", "[\"a\",\"a\"]"},
        {"(?U)a+?", "aa", "[\"aa\"]"},
        {"(?i:A)b", "ab aB", "[\"ab\"]"},
        {"(?i)a(?-i)b", "Ab AB", "[\"Ab\"]"},
        {"\\s+", "a \t\v\f", "[\" \\t\",\"\\f\"]"},
        {"[\\s]", "\v ", "[\" \"]"},
        {"[^\\S]", "\v ", "[\" \"]"},
        {"\\S", "\v ", "[\"\\u000b\"]"},
        {"\\w+", "aé_1", "[\"a\",\"_1\"]"},
        {"\\d", "1٣", "[\"1\"]"},
        {"[[:alpha:][:^digit:]]", "é1", "[\"é\"]"},
        {"\\p{Greek}+", "abγδ", "[\"γδ\"]"},
        {"\\P{L}", "a1", "[\"1\"]"},
        {"\\p{^L}", "a1", "[\"1\"]"},
        {"\\pN", "a1", "[\"1\"]"},
        {"[\\p{Lu}\\d]", "aB1", "[\"B\",\"1\"]"},
        {"\\Qa.b\\E+", "a.bbx", "[\"a.bb\"]"},
        {"\\x41\\x{42}\\103", "ABC", "[\"ABC\"]"},
        {"\\07", "\a", "[\"\\u0007\"]"},
        {"a{,2}", "a{,2}", "[\"a{,2}\"]"},
        {"a{", "a{", "[\"a{\"]"},
        {"a{1}", "aa", "[\"a\",\"a\"]"},
        {"a{2,}?", "aaa", "[\"aa\"]"},
        {"[]a]+", "a]", "[\"a]\"]"},
        {"[^]a]", "a]b", "[\"b\"]"},
        {"[a-]", "-", "[\"-\"]"},
        {"[-a]", "-", "[\"-\"]"},
        {"[\\]\\-]", "]-", "[\"]\",\"-\"]"},
        {"\\bfoo\\b", "foo food", "[\"foo\"]"},
        {"\\Aa", "aa", "[\"a\"]"},
        {"a\\z", "aa", "[\"a\"]"},
        {"é+", "éé", "[\"éé\"]"},
        {".", "日", "[\"日\"]"},
        {"(a)(b)?", "ab a", "[[\"a\",\"b\"],[\"a\",null]]"},
        {"(?P<x>a)(?P<y>b)?", "a", "[{\"x\":\"a\",\"y\":null}]"},
        {"(?<x>a)", "a", "[{\"x\":\"a\"}]"},
        {"(a*)*", "b", "[[\"\"],[\"\"]]"},
        {"(?:^)*a", "a", "[\"a\"]"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scope *s = scope_new_root(a, ".");
        scope_set(a, s, "p", value_stringz(a, cases[i][0]));
        scope_set(a, s, "t", value_stringz(a, cases[i][1]));
        const char *got = hcl_eval_json(a, "regexall(p, t)", s);
        if (!hcl_same_json(a, got, cases[i][2]))
            fail_msg("%s on %s: want %s, got %s", cases[i][0], cases[i][1], cases[i][2], got);
    }
}

static void replacing(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"abc", "(?P<x>b)", "[$${x}$x$1$$$]", "a[${x}bb$$]c"},
        {"abc", "b", "$", "a$c"},
        {"abc", "b", "${x", "a${xc"},
        {"abc", "b", "$0$00", "abc"},
        {"aaa", "a*", "x", "x"},
        {"baac", "a*", "x", "xbxcx"},
        {"日本", "", "-", "-日-本-"},
        {"abc", "$", "x", "abcx"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scope *s = scope_new_root(a, ".");
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        scope_set(a, s, "s", value_stringz(a, cases[i][0]));
        scope_set(a, s, "p", value_stringz(a, cases[i][1]));
        scope_set(a, s, "r", value_stringz(a, cases[i][2]));
        value_json_string(str_from(cases[i][3]), &sb);
        const char *got = hcl_eval_json(a, "regex_replace(s, p, r)", s);
        if (strcmp(got, sb.buf) != 0)
            fail_msg("%s with %s: %s", cases[i][1], cases[i][2], got);
    }
}

static void catastrophes_end(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(a+)+$",
                                           "(a|aa)+$",
                                           "(a|a?)+$",
                                           "(.*)*b",
                                           "(?:a*)*c",
                                           "(x+x+)+y",
                                           "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?[b]"};
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_addn(&text, 'a', 5000);
    strbuf_addc(&text, '!');
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        const char *why;
        ptrdiff_t spans[8];
        AUTO(regex) struct regex *re = regex_new(a, str_from(patterns[i]), &why);
        assert_non_null(re);
        assert_int_not_equal(regex_search(re, strbuf_str(&text), 0, spans), REGEX_MATCH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(matches),
        cmocka_unit_test(replacing),
        cmocka_unit_test(catastrophes_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
