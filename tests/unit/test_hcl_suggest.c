/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"disk_size", "disk_image", "iso_url", "iso_urls",
                                        "vm_name",   "if",         "for",     "memory"};
    static const struct {
        const char *given, *best; /* best NULL: none */
    } cases[] = {
        {"disk_sise", "disk_size"},
        {"disksize", "disk_size"},
        {"disk-size", "disk_size"},
        {"DISK_SIZE", "disk_size"},
        {"dsik_size", "disk_size"},
        {"iso_ulr", "iso_url"},
        {"isourls", "iso_urls"},
        {"memroy", "memory"},
        {"fi", "if"},
        {"fro", "for"},
        {"cpus", NULL},
        {"boot_command", NULL},
        {"", NULL},
        {"x", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str best = suggest_name(str_from(cases[i].given), names, ARRAY_SIZE(names));
        if (cases[i].best == NULL)
            assert_null(best.ptr);
        else
            assert_true(str_eqz(best, cases[i].best));
    }
}

static void text(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct suggest s;
    suggest_init(&s, STR("nmae"));
    assert_string_equal(suggest_text(a, &s), "");
    suggest_offer(&s, STR("name"));
    suggest_offer(&s, STR("label"));
    assert_string_equal(suggest_text(a, &s), " Did you mean \"name\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nearest), cmocka_unit_test(text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
