/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_pipe.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"

#define MS NS_PER_MS

static struct proc_pipe *start(const char *script)
{
    struct error *err = NULL;
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const env[] = {"IMGFAC_TEST_WORD=there", NULL};
    struct proc_pipe *p =
        proc_pipe_start(&(struct proc_pipe_spec){argv, env, "start a test"}, &err);
    assert_non_null(p);
    return p;
}

/* What comes out of FD until its end. */
static void read_all(int fd, char *buf, size_t size)
{
    size_t len = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, 5000) > 0) {
        ssize_t n = read(fd, buf + len, size - len - 1);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    buf[len] = '\0';
}

static void test_streams(void **state)
{
    (void)state;
    char out[100], err[100];
    struct proc_pipe *p = start("read -r x; echo \"<$x> $IMGFAC_TEST_WORD\"; echo e >&2; exit 7");
    assert_false(proc_pipe_ended(p));
    assert_true(io_write_all(p->in, "hello\n", 6));
    read_all(p->out, out, sizeof(out));
    read_all(p->err, err, sizeof(err));
    assert_string_equal(out, "<hello> there\n");
    assert_string_equal(err, "e\n");
    while (!proc_pipe_ended(p))
        poll(&(struct pollfd){.fd = p->pidfd, .events = POLLIN}, 1, 100);
    assert_int_equal(p->status, 7);
    proc_pipe_stop(p, 0);
}

/* However it takes the end: by its input, by a signal, not at all, in a pipe
 * that nobody reads. */
static void test_stop(void **state)
{
    static const char *const scripts[] = {
        "cat >/dev/null",
        "sleep 60",
        "trap '' TERM; while :; do sleep 60; done",
        "cat /dev/zero",
        "sleep 60 & sleep 60",
        "exit 0",
    };
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
        struct proc_pipe *p = start(scripts[i]);
        pid_t pid = p->pid;
        int64_t begin = clock_now();
        proc_pipe_stop(p, 100 * MS);
        assert_true(clock_now() - begin < 3 * NS_PER_S);
        assert_true(kill(pid, 0) != 0 && errno == ESRCH);
    }
    proc_pipe_stop(NULL, 0);
}

static void test_no_program(void **state)
{
    (void)state;
    struct error *err = NULL;
    const char *const argv[] = {"/nonexistent/program", NULL};
    assert_null(proc_pipe_start(&(struct proc_pipe_spec){argv, NULL, "start a test"}, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
    error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
