/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void adds_and_keeps_nul(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    assert_string_equal(sb.buf, "");
    assert_true(strbuf_adds(&sb, "ab"));
    assert_true(strbuf_addc(&sb, 'c'));
    assert_true(strbuf_addf(&sb, "%d%s", 12, "x"));
    assert_true(strbuf_addn(&sb, '-', 3));
    assert_true(strbuf_addstr(&sb, STR("end")));
    assert_string_equal(sb.buf, "abc12x---end");
    strbuf_shift(&sb, 3);
    assert_string_equal(sb.buf, "12x---end");
    strbuf_truncate(&sb, 3);
    assert_string_equal(sb.buf, "12x");
    assert_true(strbuf_add(&sb, "a\0b", 3));
    assert_int_equal(sb.len, 6);
    assert_true(str_eq(strbuf_str(&sb), STR("12xa\0b")));
}

static void maximum_is_exact(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(5);
    assert_true(strbuf_adds(&sb, "abcde"));
    assert_false(sb.truncated);
    assert_false(strbuf_addc(&sb, 'f'));
    assert_true(sb.truncated);
    assert_string_equal(sb.buf, "abcde");
    strbuf_clear(&sb);
    assert_false(sb.truncated);
    assert_true(strbuf_adds(&sb, "abc"));
    assert_false(strbuf_addf(&sb, "%s", "def"));
    assert_false(strbuf_addn(&sb, 'x', SIZE_MAX));
    assert_null(strbuf_reserve(&sb, SIZE_MAX));
    assert_false(strbuf_add_shell_quoted(&sb, STR("a")));
    assert_false(strbuf_add_json_quoted(&sb, STR("a")));
    assert_string_equal(sb.buf, "abc");
}

static void empty_operations(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(0);
    strbuf_truncate(&sb, 0);
    strbuf_shift(&sb, 0);
    assert_true(strbuf_add(&sb, NULL, 0));
    assert_false(strbuf_addc(&sb, 'a'));
    assert_string_equal(sb.buf, "");
    autofree char *none = strbuf_steal(&sb);
    assert_string_equal(none, "");
    assert_string_equal(strbuf_empty, "");
}

static void reserve_then_grew(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    char *end = strbuf_reserve(&sb, 4096);
    memcpy(end, "xyz", 3);
    strbuf_grew(&sb, 3);
    assert_string_equal(sb.buf, "xyz");
    autofree char *taken = strbuf_steal(&sb);
    assert_string_equal(taken, "xyz");
    assert_int_equal(sb.len, 0);
    assert_true(strbuf_adds(&sb, "again"));
    assert_string_equal(sb.buf, "again");
}

static void quoting(void **state)
{
    (void)state;
    static const struct {
        str in;
        const char *json;
        const char *shell;
    } cases[] = {
        {{"", 0}, "\"\"", "''"},
        {{"it's", 4}, "\"it's\"", "'it'\"'\"'s'"},
        {{"a\"b\\", 4}, "\"a\\\"b\\\\\"", "'a\"b\\'"},
        {{"$(x)`", 5}, "\"$(x)`\"", "'$(x)`'"},
        {{"\n\t\r\b\f", 5}, "\"\\n\\t\\r\\b\\f\"", "'\n\t\r\b\f'"},
        {{"\x01\x7f", 2}, "\"\\u0001\\u007f\"", "'\x01\x7f'"},
        {{"\xc3\xa4", 2}, "\"\xc3\xa4\"", "'\xc3\xa4'"},
        {{"a\xffz\xc3", 4}, "\"a\xef\xbf\xbdz\xef\xbf\xbd\"", "'a\xffz\xc3'"},
        {{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "'\xed\xa0\x80'"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf json = STRBUF_INIT;
        AUTO(strbuf) struct strbuf shell = STRBUF_INIT;
        assert_true(strbuf_add_json_quoted(&json, cases[i].in));
        assert_true(strbuf_add_shell_quoted(&shell, cases[i].in));
        assert_string_equal(json.buf, cases[i].json);
        assert_string_equal(shell.buf, cases[i].shell);
    }
    AUTO(strbuf) struct strbuf nul = STRBUF_INIT;
    assert_true(strbuf_add_json_quoted(&nul, STR("a\0b")));
    assert_string_equal(nul.buf, "\"a\\u0000b\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_and_keeps_nul),
        cmocka_unit_test(maximum_is_exact),
        cmocka_unit_test(empty_operations),
        cmocka_unit_test(reserve_then_grew),
        cmocka_unit_test(quoting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
