/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/thread.h"

#define ARGV(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define SCRIPT(text) ARGV("sh", "-c", text)

static void test_statuses_and_output(void **state)
{
    static const struct {
        const char *script, *out, *err_out;
        int status;
    } cases[] = {
        {"true", "", "", 0},
        {"echo out; echo err >&2", "out\n", "err\n", 0},
        {"printf 'no newline'", "no newline", "", 0},
        {"exit 3", "", "", 3},
        {"kill -9 $$", "", "", 137},
        {"echo \"$IMGFAC_T\"; cat", "set\n", "", 0}, /* standard input is empty */
        {"ls /proc/self/fd | wc -l", "4\n", "", 0},  /* 0-2 and the directory itself */
        {"trap - PIPE; kill -PIPE $$", "", "", 141}, /* not ignored */
    };

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT, err_out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct proc_spec spec = {
            .argv = SCRIPT(cases[i].script),
            .set_env = ARGV("IMGFAC_T=set"),
            .out = &out,
            .err_out = &err_out,
            .any_status = true,
        };
        int status = -1;

        assert_true(proc_run(&spec, &status, &err));
        assert_int_equal(status, cases[i].status);
        assert_string_equal(out.buf, cases[i].out);
        assert_string_equal(err_out.buf, cases[i].err_out);
    }
    signal(SIGPIPE, SIG_DFL);
}

static void test_arguments_meet_no_shell(void **state)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("printf", "%s|", "a b", "$(id)", "`id`; '\"*", ""),
                             .out = &out};

    (void)state;
    assert_true(proc_run(&spec, NULL, &err));
    assert_string_equal(out.buf, "a b|$(id)|`id`; '\"*||");
}

static void test_environment_and_directory(void **state)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    AUTO(error) struct error *err = NULL, *missing = NULL;
    struct proc_spec spec = {
        .argv = ARGV("env"),
        .env = ARGV("A=1", "B=2"),
        .set_env = ARGV("B=3", "C=4"),
        .cwd = "/",
        .out = &out,
    };

    (void)state;
    assert_true(proc_run(&spec, NULL, &err));
    assert_string_equal(out.buf, "A=1\nB=3\nC=4\n");
    spec.argv = ARGV("pwd");
    strbuf_truncate(&out, 0);
    assert_true(proc_run(&spec, NULL, &err));
    assert_string_equal(out.buf, "/\n");
    spec.cwd = "/no/such";
    assert_false(proc_run(&spec, NULL, &missing));
    assert_non_null(strstr(missing->msg, "'/no/such'"));
    assert_int_equal(missing->errnum, ENOENT);
}

static void test_input_larger_than_a_pipe(void **state)
{
    AUTO(strbuf) struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("cat"), .out = &out};

    (void)state;
    for (int i = 0; i < 100000; i++)
        strbuf_addf(&in, "%08d\n", i);
    spec.input = strbuf_str(&in);
    assert_true(proc_run(&spec, NULL, &err));
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.buf, in.buf, in.len);
}

static void test_input_that_nobody_reads(void **state)
{
    AUTO(strbuf) struct strbuf in = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("true")};

    (void)state;
    strbuf_addn(&in, 'x', 1 << 20);
    spec.input = strbuf_str(&in);
    assert_true(proc_run(&spec, NULL, &err)); /* and no SIGPIPE */
}

static void test_input_from_a_descriptor(void **state)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    autoclose int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
    struct proc_spec spec = {.argv = ARGV("cat"), .stdin_fd = fd, .out = &out};

    (void)state;
    assert_true(proc_run(&spec, NULL, &err));
    assert_string_equal(out.buf, "test_base_proc\n");
}

static void test_huge_output_is_bounded(void **state)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(1000);
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("head", "-c", "20000000", "/dev/zero"), .out = &out};

    (void)state;
    assert_true(proc_run(&spec, NULL, &err));
    assert_int_equal(out.len, 1000);
    assert_true(out.truncated);
}

static void add_line(void *arg, bool is_stderr, str line)
{
    strbuf_addf(arg, "%c[%.*s]", is_stderr ? 'e' : 'o', STR_FMT(line));
}

static void test_lines(void **state)
{
    static const struct {
        const char *script, *lines;
    } cases[] = {
        {"printf 'a\\nb\\n'", "o[a]o[b]"},
        {"printf 'a\\nb'", "o[a]o[b]"},
        {"printf 'a\\r\\nb\\r\\n'", "o[a]o[b]"},
        {"printf '1%%\\r2%%\\r\\n'", "o[1%]o[2%]"},
        {"printf '\\n\\nx'", "o[]o[]o[x]"},
        {"printf 'e\\n' >&2", "e[e]"},
        {"printf 'ab'; sleep 0.1; printf 'c\\n'", "o[abc]"},
        {"true", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct proc_spec spec = {.argv = SCRIPT(cases[i].script), .arg = &lines};

        spec.on_line = add_line;
        assert_true(proc_run(&spec, NULL, &err));
        assert_string_equal(lines.buf, cases[i].lines);
    }
}

static void count_bytes(void *arg, bool is_stderr, str line)
{
    size_t *counts = arg;

    (void)is_stderr;
    counts[0]++;
    counts[1] += line.len;
}

static void test_endless_line_comes_in_pieces(void **state)
{
    AUTO(error) struct error *err = NULL;
    size_t counts[2] = {0};
    struct proc_spec spec = {.argv = ARGV("head", "-c", "1000000", "/dev/zero"), .arg = counts};

    (void)state;
    spec.on_line = count_bytes;
    assert_true(proc_run(&spec, NULL, &err));
    assert_int_equal(counts[0], 1000000 / 65536 + 1);
    assert_int_equal(counts[1], 1000000);
}

static void test_failure_quotes_the_end_of_stderr(void **state)
{
    static const struct {
        const char *script, *what, *line;
    } cases[] = {
        {"echo 1 >&2; echo 2 >&2; echo out; exit 4", "create disk 'x'",
         "cannot create disk 'x': 'sh' ended with status 4: 1; 2"},
        {"echo only out; exit 1", NULL, "cannot run 'sh': 'sh' ended with status 1: only out"},
        {"exit 1", NULL, "cannot run 'sh': 'sh' ended with status 1"},
        {"printf 'a\\033[2Jb\\n' >&2; exit 1", NULL,
         "cannot run 'sh': 'sh' ended with status 1: a?[2Jb"},
        {"kill -TERM $$", NULL, "cannot run 'sh': 'sh' was ended by signal 15 (Terminated)"},
        {"for i in 1 2 3 4 5 6 7; do echo $i >&2; done; exit 1", NULL,
         "cannot run 'sh': 'sh' ended with status 1: 3; 4; 5; 6; 7"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct proc_spec spec = {.argv = SCRIPT(cases[i].script), .what = cases[i].what};
        autofree char *line = NULL;
        int status = 0;

        assert_false(proc_run(&spec, &status, &err));
        assert_int_equal(err->code, ERR_IO);
        assert_int_not_equal(status, 0);
        line = error_line(err);
        assert_string_equal(line, cases[i].line);
    }
}

static void test_missing_tools(void **state)
{
    static const struct {
        const char *tool, *hint;
    } cases[] = {
        {"/no/such/mcopy", "apt-get install mtools"},
        {"no-such-tool-anywhere", "Install 'no-such-tool-anywhere'"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct proc_spec spec = {.argv = ARGV(cases[i].tool), .what = "fill the floppy"};

        assert_false(proc_run(&spec, NULL, &err));
        assert_int_equal(err->code, ERR_HOST);
        assert_non_null(strstr(err->msg, "cannot fill the floppy"));
        assert_non_null(strstr(err->hint, cases[i].hint));
    }
    assert_string_equal(proc_package_of("qemu-img"), "qemu-utils");
    assert_null(proc_package_of("no-such-tool"));
}

static void test_not_a_program(void **state)
{
    AUTO(error) struct error *err = NULL, *write_err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-test-proc-", &write_err);
    autofree char *path = io_path_join(dir, "tool");
    struct proc_spec spec = {.argv = ARGV(path)};
    bool ran;

    (void)state;
    assert_true(io_write_file(path, STR("no interpreter"), 0755, &write_err));
    ran = proc_run(&spec, NULL, &err);
    io_remove_tree(dir, &write_err);
    assert_false(ran);
    assert_int_equal(err->errnum, ENOEXEC);
    assert_non_null(strstr(err->msg, path));
}

static void test_timeout_names_the_tool(void **state)
{
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {
        .argv = ARGV("sleep", "60"), .timeout_ns = 50 * NS_PER_MS, .what = "wait for nothing"};
    int64_t start = clock_now();

    (void)state;
    assert_false(proc_run(&spec, NULL, &err));
    assert_int_equal(err->code, ERR_TIMEOUT);
    assert_string_equal(err->msg, "cannot wait for nothing: 'sleep' did not end within 50ms");
    assert_true(clock_now() - start < 4 * NS_PER_S);
}

/* The script says that it is ready, then the token is triggered. */
static void trigger_on_line(void *arg, bool is_stderr, str line)
{
    (void)is_stderr;
    (void)line;
    cancel_trigger(arg, CANCEL_USER);
}

static void test_cancelled_tool_that_ignores_sigterm(void **state)
{
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {
        .argv = SCRIPT("trap '' TERM; echo ready; while :; do sleep 1; done"),
        .arg = c,
        .cancel = c,
        .what = "the tool",
    };
    int64_t start = clock_now(), took;

    (void)state;
    spec.on_line = trigger_on_line;
    assert_false(proc_run(&spec, NULL, &err));
    took = clock_now() - start;
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_string_equal(err->msg, "the tool was cancelled");
    assert_true(took >= 5 * NS_PER_S && took < 15 * NS_PER_S);
}

static bool is_alive(pid_t pid)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    autofree char *path = NULL;
    const char *after_name;

    if (asprintf(&path, "/proc/%d/stat", (int)pid) < 0 || !io_read_file(path, 4096, &sb, &err))
        return false;
    after_name = strrchr(sb.buf, ')');
    return after_name != NULL && after_name[2] != 'Z';
}

static bool dies_soon(pid_t pid)
{
    for (int i = 0; i < 500 && is_alive(pid); i++)
        cancel_sleep(NULL, 10 * NS_PER_MS);
    return !is_alive(pid);
}

static pid_t pid_in(const struct strbuf *sb)
{
    int64_t pid = 0;

    assert_true(str_to_i64(str_trim(strbuf_str(sb)), &pid));
    return (pid_t)pid;
}

static void test_cancel_reaches_grandchildren(void **state)
{
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct proc_spec spec = {
        .argv = SCRIPT("sleep 60 & echo $!; wait"), .arg = c, .cancel = c, .out = &out};

    (void)state;
    spec.on_line = trigger_on_line;
    assert_false(proc_run(&spec, NULL, &err));
    assert_true(dies_soon(pid_in(&out)));
}

static void test_grandchild_holding_the_pipe_does_not_hang(void **state)
{
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct proc_spec spec = {.argv = SCRIPT("sleep 60 & echo $!"), .out = &out};
    int64_t start = clock_now();
    pid_t pid;

    (void)state;
    assert_true(proc_run(&spec, NULL, &err));
    assert_true(clock_now() - start < 5 * NS_PER_S);
    /* A tool may leave a daemon behind: it was not our business to end it. */
    pid = pid_in(&out);
    assert_true(is_alive(pid));
    kill(pid, SIGKILL);
}

static void test_already_cancelled_starts_nothing(void **state)
{
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    pid_t pid = 0;
    struct proc_spec spec = {.argv = ARGV("true"), .cancel = c, .out_pid = &pid};

    (void)state;
    cancel_trigger(c, CANCEL_SIBLING);
    assert_false(proc_run(&spec, NULL, &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_int_equal(pid, 0);
}

static bool poll_until_end(struct proc *p, int *status)
{
    for (int i = 0; i < 1000; i++) {
        if (proc_poll(p, status))
            return true;
        cancel_sleep(NULL, 10 * NS_PER_MS);
    }
    return false;
}

static void test_started_child_writes_without_a_reader(void **state)
{
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT, lines = STRBUF_INIT;
    struct proc_spec spec = {.argv = SCRIPT("head -c 1000000 /dev/zero; echo end >&2; exit 7"),
                             .out = &out,
                             .arg = &lines};
    struct proc *p = proc_start(&spec, &err);
    int status = -1;

    (void)state;
    assert_non_null(p);
    assert_true(poll_until_end(p, &status));
    assert_int_equal(status, 7);
    assert_int_equal(out.len, 1000000);
    assert_true(proc_poll(p, &status)); /* again, after the end */
    proc_kill_free(p, 0);
}

static void test_kill_free(void **state)
{
    static const struct {
        const char *script;
        int64_t grace_ns;
    } cases[] = {
        {"exec sleep 60", 5 * NS_PER_S},
        {"trap '' TERM; while :; do sleep 1; done", 50 * NS_PER_MS},
        {"kill -STOP $$", 50 * NS_PER_MS},
        {"true", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct proc_spec spec = {.argv = SCRIPT(cases[i].script)};
        struct proc *p = proc_start(&spec, &err);
        int64_t start = clock_now();
        pid_t pid;

        assert_non_null(p);
        pid = proc_pid(p);
        assert_int_equal(getpgid(pid), pid);
        proc_kill_free(p, cases[i].grace_ns);
        assert_true(clock_now() - start < 4 * NS_PER_S);
        assert_int_equal(kill(pid, 0), -1); /* reaped: not even a zombie */
    }
    proc_kill_free(NULL, 0);
}

static void *start_in_thread(void *arg)
{
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("sleep", "60")};

    (void)arg;
    return proc_start(&spec, &err);
}

static void test_child_outlives_the_thread_that_started_it(void **state)
{
    void *p = NULL;
    int status;

    (void)state;
    pthread_join(thread_start("starter", start_in_thread, NULL), &p);
    assert_non_null(p);
    cancel_sleep(NULL, 50 * NS_PER_MS);
    assert_false(proc_poll(p, &status));
    proc_kill_free(p, NS_PER_S);
}

static void *run_many(void *arg)
{

    for (int i = 0; i < 25; i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct proc_spec spec = {.argv = ARGV("echo", "x"), .out = &out};
        if (!proc_run(&spec, NULL, &err) || !str_eqz(strbuf_str(&out), "x\n"))
            return arg;
    }
    return NULL;
}

static void test_many_at_once(void **state)
{
    pthread_t ids[6];
    void *failed;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        ids[i] = thread_start("runner", run_many, ids);
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        pthread_join(ids[i], &failed);
        assert_null(failed);
    }
}

/* Our own death takes the child along, even by SIGKILL. */
static void test_child_dies_with_us(void **state)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {
        .argv = ARGV("/proc/self/exe", "die"), .out = &out, .any_status = true};
    int status = 0;

    (void)state;
    assert_true(proc_run(&spec, &status, &err));
    assert_int_equal(status, 128 + SIGKILL);
    assert_true(dies_soon(pid_in(&out)));
}

static int die_with_a_child(void)
{
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("sleep", "60")};
    struct proc *p = proc_start(&spec, &err);

    if (p == NULL)
        return 1;
    printf("%d\n", (int)proc_pid(p));
    fflush(stdout);
    raise(SIGKILL);
    return 1;
}

static void test_start_time(void **state)
{
    AUTO(error) struct error *err = NULL;
    struct proc_spec spec = {.argv = ARGV("sleep", "60")};
    struct proc *p = proc_start(&spec, &err);
    pid_t pid = proc_pid(p);
    uint64_t began = proc_start_time(pid);

    (void)state;
    assert_true(began > 0);
    assert_true(began >= proc_start_time(getpid()));
    assert_true(began == proc_start_time(pid));
    proc_kill_free(p, NS_PER_S);
    assert_int_equal(proc_start_time(pid), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses_and_output),
        cmocka_unit_test(test_arguments_meet_no_shell),
        cmocka_unit_test(test_environment_and_directory),
        cmocka_unit_test(test_input_larger_than_a_pipe),
        cmocka_unit_test(test_input_that_nobody_reads),
        cmocka_unit_test(test_input_from_a_descriptor),
        cmocka_unit_test(test_huge_output_is_bounded),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_endless_line_comes_in_pieces),
        cmocka_unit_test(test_failure_quotes_the_end_of_stderr),
        cmocka_unit_test(test_missing_tools),
        cmocka_unit_test(test_not_a_program),
        cmocka_unit_test(test_timeout_names_the_tool),
        cmocka_unit_test(test_cancelled_tool_that_ignores_sigterm),
        cmocka_unit_test(test_cancel_reaches_grandchildren),
        cmocka_unit_test(test_grandchild_holding_the_pipe_does_not_hang),
        cmocka_unit_test(test_already_cancelled_starts_nothing),
        cmocka_unit_test(test_started_child_writes_without_a_reader),
        cmocka_unit_test(test_kill_free),
        cmocka_unit_test(test_child_outlives_the_thread_that_started_it),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_child_dies_with_us),
        cmocka_unit_test(test_start_time),
    };

    if (argc == 2 && strcmp(argv[1], "die") == 0)
        return die_with_a_child();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
