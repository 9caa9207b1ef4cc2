/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "base/macros.h"
#include "base/thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void *count(void *arg)
{
    for (int i = 0; i < 10000; i++) {
        LOCK_SCOPE(&lock);
        counter++;
    }
    return arg;
}

static void test_scoped_lock(void **state)
{
    pthread_t ids[4];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        ids[i] = thread_start("counter", count, &ids[i]);
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(ids[i], &result), 0);
        assert_ptr_equal(result, &ids[i]);
    }
    assert_int_equal(counter, 40000);
}

static void *look_around(void *arg)
{
    char *name = arg;
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    /* The name is set by the starter: wait for it. */
    LOCK_SCOPE(&lock);
    pthread_getname_np(pthread_self(), name, 16);
    return sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGSEGV) == 0 ? arg : NULL;
}

static void test_name_and_signals(void **state)
{
    char name[16] = "";
    void *result = NULL;
    sigset_t mask;
    pthread_t id;

    (void)state;
    pthread_mutex_lock(&lock);
    id = thread_start("a-name-that-is-too-long", look_around, name);
    pthread_mutex_unlock(&lock);
    pthread_join(id, &result);
    assert_string_equal(name, "a-name-that-is-");
    assert_ptr_equal(result, name);
    /* Ours are as before. */
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGINT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scoped_lock),
        cmocka_unit_test(test_name_and_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
