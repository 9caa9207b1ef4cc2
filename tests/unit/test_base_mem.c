/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/cleanup.h"

static void copies(void **state)
{
    (void)state;
    autofree char *whole = xstrdup("abc");
    autofree char *part = xstrndup("abc", 2);
    autofree char *none = xstrndup(NULL, 0);
    autofree char *made = xasprintf("%s-%d", "x", 7);
    assert_string_equal(whole, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(none, "");
    assert_string_equal(made, "x-7");
}

static void empty_sizes_are_not_null(void **state)
{
    (void)state;
    autofree void *a = xmalloc(0);
    autofree void *b = xcalloc(0, 8);
    autofree void *c = xreallocarray(NULL, 0, 8);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
}

static void grows_and_keeps(void **state)
{
    (void)state;
    autofree int *p = xreallocarray(NULL, 2, sizeof(*p));
    p[0] = 4;
    p[1] = 5;
    p = xreallocarray(p, 1000, sizeof(*p));
    assert_int_equal(p[0], 4);
    assert_int_equal(p[1], 5);
}

static void nth_fault_fails(void **state)
{
    (void)state;
    char number[24];
    unsetenv("IMGFAC_FAULT");
    unsigned long start = fault_count();
    assert_false(fault("test.a"));
    assert_int_equal(fault_count(), start + 1);
    snprintf(number, sizeof(number), "%lu", start + 3);
    setenv("IMGFAC_FAULT", number, 1);
    assert_false(fault("test.b"));
    assert_true(fault("test.c"));
    assert_false(fault("test.d"));
    setenv("IMGFAC_FAULT", "0", 1);
    assert_false(fault("test.e"));
    unsetenv("IMGFAC_FAULT");
}

static void secret_is_freed(void **state)
{
    (void)state;
    free_secret(NULL, 10);
    free_secret(xstrdup("hunter2"), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),          cmocka_unit_test(empty_sizes_are_not_null),
        cmocka_unit_test(grows_and_keeps), cmocka_unit_test(nth_fault_fails),
        cmocka_unit_test(secret_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
