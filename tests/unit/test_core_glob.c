/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
    const char *pattern, *text;
    bool matches;
} cases[] = {
    {"qemu.x", "qemu.x", true},
    {"qemu.x", "qemu.xy", false},
    {"*", "", true},
    {"*", "b.qemu.x", true},
    {"*.x", "b.qemu.x", true},
    {"qemu*", "b.qemu.x", false},
    {"**", "a.b", true},
    {"q?mu.x", "qemu.x", true},
    {"q?mu.x", "qmu.x", false},
    {"qemu.[a-c]", "qemu.b", true},
    {"qemu.[a-c]", "qemu.d", false},
    {"qemu.[!a-c]", "qemu.d", true},
    {"qemu.[!a-c]", "qemu.a", false},
    {"qemu.{x,y}", "qemu.y", true},
    {"qemu.{x,y}", "qemu.z", false},
    {"qemu.{x,y}*z", "qemu.y-a-z", true},
    {"qemu.{a*,y}", "qemu.abc", true},
    {"a\\*", "a*", true},
    {"a\\*", "ab", false},
    {"", "", true},
    {"", "a", false},
    {"[", "[", false},
};

static void test_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (plan_glob_match(str_from(cases[i].pattern), str_from(cases[i].text)) !=
            cases[i].matches)
            fail_msg("'%s' against '%s'", cases[i].pattern, cases[i].text);
}

static void test_check(void **state)
{
    (void)state;
    static const char *const good[] = {"", "*", "a[b]", "{a,b}", "\\[", "[]]"};
    static const char *const bad[] = {"[", "a[b", "{a,b", "a\\", "[]"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(plan_glob_check(str_from(good[i])));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(plan_glob_check(str_from(bad[i])));
}

/* A pattern made to need exponential time comes back. */
static void test_hostile_pattern(void **state)
{
    (void)state;
    assert_false(plan_glob_match(STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*b"),
                                 STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_hostile_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
