/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/thread.h"

static bool is_readable(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    return poll(&pfd, 1, 0) == 1;
}

static void test_null_is_never_triggered(void **state)
{
    (void)state;
    cancel_trigger(NULL, CANCEL_USER);
    cancel_set_deadline(NULL, 1);
    assert_int_equal(cancel_reason(NULL), CANCEL_NONE);
    assert_int_equal(cancel_fd(NULL), -1);
    assert_int_equal(cancel_poll_ms(NULL), 250);
    assert_true(cancel_sleep(NULL, NS_PER_MS));
    cancel_free(NULL);
}

static void test_trigger_reaches_descendants_only(void **state)
{
    AUTO(cancel) struct cancel *app = cancel_new(NULL);
    AUTO(cancel) struct cancel *build = cancel_new(app), *sibling = cancel_new(app);
    AUTO(cancel) struct cancel *step = cancel_new(build);

    (void)state;
    assert_int_equal(cancel_poll_ms(step), 250);
    cancel_trigger(build, CANCEL_SIBLING);
    assert_int_equal(cancel_reason(build), CANCEL_SIBLING);
    assert_int_equal(cancel_reason(step), CANCEL_SIBLING);
    assert_int_equal(cancel_reason(app), CANCEL_NONE);
    assert_int_equal(cancel_reason(sibling), CANCEL_NONE);
    assert_true(is_readable(cancel_fd(build)));
    assert_true(is_readable(cancel_fd(step)));
    assert_false(is_readable(cancel_fd(app)));
    assert_false(is_readable(cancel_fd(sibling)));
    assert_int_equal(cancel_poll_ms(step), 0);
}

static void test_first_reason_stays(void **state)
{
    AUTO(cancel) struct cancel *app = cancel_new(NULL);
    AUTO(cancel) struct cancel *build = cancel_new(app);

    (void)state;
    cancel_trigger(build, CANCEL_CRASH);
    cancel_trigger(build, CANCEL_USER);
    cancel_trigger(app, CANCEL_USER);
    assert_int_equal(cancel_reason(build), CANCEL_CRASH);
    assert_int_equal(cancel_reason(app), CANCEL_USER);
}

static void test_child_of_triggered_parent(void **state)
{
    AUTO(cancel) struct cancel *app = cancel_new(NULL);

    (void)state;
    cancel_trigger(app, CANCEL_USER);
    AUTO(cancel) struct cancel *late = cancel_new(app);
    assert_int_equal(cancel_reason(late), CANCEL_USER);
    assert_true(is_readable(cancel_fd(late)));
}

static void test_deadline(void **state)
{
    AUTO(cancel) struct cancel *build = cancel_new(NULL);
    AUTO(cancel) struct cancel *step = cancel_new(build);
    int64_t start = clock_now();

    (void)state;
    cancel_set_deadline(build, start + 30 * NS_PER_MS);
    assert_false(cancel_test(step));
    assert_true(cancel_poll_ms(step) <= 31);
    assert_false(cancel_sleep(step, 20 * NS_PER_S));
    assert_true(clock_now() - start >= 30 * NS_PER_MS);
    assert_true(clock_now() - start < 5 * NS_PER_S);
    assert_int_equal(cancel_reason(step), CANCEL_TIMEOUT);
    assert_int_equal(cancel_reason(build), CANCEL_TIMEOUT);
    assert_true(is_readable(cancel_fd(build)));
}

static void test_deadline_taken_back(void **state)
{
    AUTO(cancel) struct cancel *c = cancel_new(NULL);

    (void)state;
    cancel_set_deadline(c, clock_now() + 2 * NS_PER_MS);
    cancel_set_deadline(c, 0);
    assert_true(cancel_sleep(c, 10 * NS_PER_MS));
    assert_false(cancel_test(c));
}

static void *trigger_soon(void *arg)
{
    cancel_sleep(NULL, 20 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

static void test_sleep_is_woken_by_another_thread(void **state)
{
    AUTO(cancel) struct cancel *app = cancel_new(NULL);
    AUTO(cancel) struct cancel *step = cancel_new(app);
    int64_t start = clock_now();
    pthread_t id = thread_start("trigger", trigger_soon, app);

    (void)state;
    assert_false(cancel_sleep(step, 60 * NS_PER_S));
    /* By the descriptor, not by the 250 ms of polling. */
    assert_true(clock_now() - start < 10 * NS_PER_S);
    pthread_join(id, NULL);
}

static struct cancel *from_handler;

static void on_signal(int sig)
{
    (void)sig;
    cancel_trigger(from_handler, CANCEL_USER);
}

static void test_trigger_in_a_signal_handler(void **state)
{
    struct sigaction sa = {.sa_handler = on_signal}, before;
    AUTO(cancel) struct cancel *app = cancel_new(NULL);
    AUTO(cancel) struct cancel *step = cancel_new(app);

    (void)state;
    from_handler = app;
    sigaction(SIGUSR1, &sa, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
    assert_int_equal(cancel_reason(step), CANCEL_USER);
}

static void test_error_names_what_and_why(void **state)
{
    static const struct {
        enum cancel_reason reason;
        enum err_code code;
        const char *msg;
    } cases[] = {
        {CANCEL_USER, ERR_CANCELLED, "the download was cancelled"},
        {CANCEL_TIMEOUT, ERR_TIMEOUT, "the download was cancelled: its time limit passed"},
        {CANCEL_SIBLING, ERR_CANCELLED, "the download was cancelled: another build failed"},
        {CANCEL_CRASH, ERR_CANCELLED, "the download was cancelled: the guest is gone"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(cancel) struct cancel *c = cancel_new(NULL);
        AUTO(error) struct error *err = NULL;

        cancel_trigger(c, cases[i].reason);
        assert_false(cancel_error(c, &err, "the download"));
        assert_int_equal(err->code, cases[i].code);
        assert_string_equal(err->msg, cases[i].msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_is_never_triggered),
        cmocka_unit_test(test_trigger_reaches_descendants_only),
        cmocka_unit_test(test_first_reason_stays),
        cmocka_unit_test(test_child_of_triggered_parent),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deadline_taken_back),
        cmocka_unit_test(test_sleep_is_woken_by_another_thread),
        cmocka_unit_test(test_trigger_in_a_signal_handler),
        cmocka_unit_test(test_error_names_what_and_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
