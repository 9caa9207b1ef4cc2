/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
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

static void overflow_product(void)
{
    free(xreallocarray(NULL, SIZE_MAX / 2, 3));
}

static void overflow_length(void)
{
    free(xstrndup("a", SIZE_MAX));
}

static void reach_bug(void)
{
    BUG("on purpose");
}

/* Sizes that wrap around must not become small allocations. */
static void hopeless_calls_abort(void **state)
{
    (void)state;
    static void (*const calls[])(void) = {overflow_product, overflow_length, reach_bug};
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGABRT, SIG_DFL);
            fclose(stderr);
            calls[i]();
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),          cmocka_unit_test(empty_sizes_are_not_null),
        cmocka_unit_test(grows_and_keeps), cmocka_unit_test(nth_fault_fails),
        cmocka_unit_test(secret_is_freed), cmocka_unit_test(hopeless_calls_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
