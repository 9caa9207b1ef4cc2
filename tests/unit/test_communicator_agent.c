/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/thread.h"
#include "tests/lib/sshd.h"

/* Against the real agent, `qemu-ga`, which here works on this host instead of in
 * a guest; between it and us a carrier that makes faults on purpose. */

enum fault { NONE, AWAY, SILENT, SHORT_WRITES, GARBAGE, FORGETS };

struct carrier {
    struct guest_agent agent; /* first member */
    int fd;
    enum fault fault;
    int good;   /* requests answered well before the fault */
    int faulty; /* times the fault comes; then all is well again */
    int asked;
};

struct fixture {
    struct carrier carrier;
    struct proc *proc;
    char *dir;
    struct test_sink sink;
    struct build build;
    struct comm_config config;
    struct cancel *cancel;
    struct comm *comm;
};

static struct fixture fx;

static void check(bool ok, struct error **err)
{
    if (ok)
        return;
    autofree char *line = error_line(*err);
    error_drop(err);
    fail_msg("%s", line);
}

/* Answers end with a newline. */
static char *exchange(int fd, const char *command, int64_t timeout_ns, struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    char block[65536];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (!io_write_all(fd, command, strlen(command)) || !io_write_all(fd, "\n", 1)) {
        error_set(err, ERR_DISCONNECT, 0, "the agent is not connected");
        return NULL;
    }
    while (sb.len == 0 || sb.buf[sb.len - 1] != '\n') {
        if (poll(&p, 1, (int)(timeout_ns / NS_PER_MS)) <= 0) {
            error_set(err, ERR_TIMEOUT, 0, "the agent does not answer");
            return NULL;
        }
        ssize_t n = read(fd, block, sizeof(block));
        if (n <= 0) {
            error_set(err, ERR_DISCONNECT, 0, "the agent is not connected");
            return NULL;
        }
        strbuf_add(&sb, block, (size_t)n);
    }
    return strbuf_steal(&sb);
}

/* The first 1000 bytes of what is to be written. */
static char *cut_write(const char *command)
{
    char *copy = xstrdup(command);
    char *data = strstr(copy, "\"buf-b64\":\"");
    if (data == NULL || strlen(data) < 1400)
        return copy;
    data += strlen("\"buf-b64\":\"");
    memcpy(data + 1000, "\"}}", 4);
    return copy;
}

static char *misbehave(struct carrier *c, const char *command, struct error **err)
{
    switch (c->fault) {
    case AWAY: error_set(err, ERR_DISCONNECT, 0, "the agent is not connected"); return NULL;
    case SILENT: error_set(err, ERR_TIMEOUT, 0, "the agent does not answer"); return NULL;
    case GARBAGE: return xstrdup("\xff{]");
    case FORGETS:
        return strstr(command, "exec-status") == NULL
                   ? exchange(c->fd, command, NS_PER_S, err)
                   : xstrdup("{\"error\": {\"desc\": \"Invalid parameter 'pid'\"}}");
    case NONE:
    case SHORT_WRITES:
    default: return exchange(c->fd, command, NS_PER_S, err);
    }
}

static char *ask(struct guest_agent *a, const char *command, int64_t timeout_ns, struct error **err)
{
    struct carrier *c = (struct carrier *)a;
    c->asked++;
    if (c->fault == SHORT_WRITES) {
        autofree char *cut = cut_write(command);
        return exchange(c->fd, cut, timeout_ns, err);
    }
    if (c->asked > c->good && c->faulty > 0) {
        c->faulty--;
        return misbehave(c, command, err);
    }
    return exchange(c->fd, command, timeout_ns, err);
}

static bool connect_agent(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    memcpy(a.sun_path, path, strlen(path) + 1);
    fx.carrier.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < 200; i++) {
        if (connect(fx.carrier.fd, (struct sockaddr *)&a, sizeof(a)) == 0)
            return true;
        cancel_sleep(pace, 25 * NS_PER_MS);
    }
    return false;
}

static int set_up(void **state)
{
    (void)state;
    struct error *err = NULL;
    fx = (struct fixture){.carrier = {.agent = {.ask = ask}}};
    if (access("/usr/sbin/qemu-ga", X_OK) != 0) {
        printf("SKIPPED: qemu-guest-agent is not installed\n");
        return 0;
    }
    fx.dir = io_make_temp_dir(io_temp_root(), "imgfac-agent-", &err);
    check(fx.dir != NULL, &err);
    autofree char *path = io_path_join(fx.dir, "socket");
    const char *argv[] = {"qemu-ga", "-m", "unix-listen", "-p", path, "-t", fx.dir, NULL};
    struct proc_spec spec = {.argv = argv, .what = "start qemu-ga"};
    fx.proc = proc_start(&spec, &err);
    check(fx.proc != NULL, &err);
    assert_true(connect_agent(path));
    test_sink_init(&fx.sink);
    fx.cancel = cancel_new(NULL);
    fx.build = (struct build){.name = "test.guest",
                              .cancel = fx.cancel,
                              .events = &fx.sink.sink,
                              .agent = &fx.carrier.agent};
    fx.comm = comm_open(&comm_guest_agent, &fx.config, &fx.build, &err);
    check(fx.comm != NULL, &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct error *err = NULL;
    if (fx.proc == NULL)
        return 0;
    fx.carrier.fault = NONE;
    comm_close(fx.comm);
    proc_kill_free(fx.proc, NS_PER_S);
    close(fx.carrier.fd);
    check(io_remove_tree(fx.dir, &err), &err);
    free(fx.dir);
    strbuf_clear(&fx.sink.text);
    cancel_free(fx.cancel);
    return 0;
}

#define NEEDS_AGENT()                                                                              \
    do {                                                                                           \
        if (fx.proc == NULL)                                                                       \
            skip();                                                                                \
    } while (false)

static void collect(void *arg, bool is_stderr, str line)
{
    strbuf_addf(arg, "%s<%.*s>", is_stderr ? "E" : "O", STR_FMT(line));
}

static int run(const char *command, str input, struct strbuf *lines)
{
    struct error *err = NULL;
    int status = -1;
    struct comm_command cmd = {
        .command = command, .input = input, .on_line = lines ? collect : NULL, .arg = lines};
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    return status;
}

static void runs_commands(void **state)
{
    static const struct {
        const char *command, *input, *lines;
        int status;
    } cases[] = {
        {"true", "", "", 0},
        {"exit 3", "", "", 3},
        {"echo a; sleep 0.3; echo b >&2", "", "O<a>E<b>", 0},
        {"cat", "in\nput", "O<in>O<put>", 0},
        {"printf '\\377\\376\\n'", "", "O<\377\376>", 0},
        {"kill -TERM $$", "", "", 143},
        {"echo 'it'\"'\"'s' \"$(id -un)\" $HOME", "", NULL, 0},
        {"nonexistent-command-x 2>/dev/null", "", "", 127},
        {"echo one; sleep 0.3; echo two", "", "O<one>O<two>", 0},
        {"umask; read x || echo no input", "", "O<0022>O<no input>", 0},
    };
    (void)state;
    NEEDS_AGENT();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
        assert_int_equal(run(cases[i].command, str_from(cases[i].input), &lines), cases[i].status);
        if (cases[i].lines != NULL)
            assert_string_equal(lines.buf, cases[i].lines);
    }
}

static void moves_more_than_one_block(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf data = STRBUF_INIT, back = STRBUF_INIT, out = STRBUF_INIT;
    autofree char *src = io_path_join(fx.dir, "src"), *dst = io_path_join(fx.dir, "it's $dst");
    autofree char *copy = io_path_join(fx.dir, "copy");
    for (int i = 0; i < 100000; i++)
        strbuf_addf(&data, "%d\n", i * 7919);
    check(io_write_file(src, strbuf_str(&data), 0640, &err), &err);
    check(comm_upload(fx.comm, src, dst, 0, fx.cancel, &err), &err);
    check(comm_download(fx.comm, dst, copy, fx.cancel, &err), &err);
    check(io_read_file(copy, 16 << 20, &back, &err), &err);
    assert_string_equal(back.buf, data.buf);
    struct stat st;
    assert_int_equal(stat(dst, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    /* The same as input and output of a command. */
    int status = -1;
    struct comm_command cmd = {.command = "cat", .input = strbuf_str(&data), .out = &out};
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    assert_string_equal(out.buf, data.buf);
    assert_int_equal(status, 0);
}

static void moves_folders(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    autofree char *src = io_path_join(fx.dir, "tree"), *sub = io_path_join(src, "a b/c");
    autofree char *file = io_path_join(sub, "x.txt"), *up = io_path_join(fx.dir, "up");
    autofree char *down = io_path_join(fx.dir, "down"), *there = io_path_join(up, "tree");
    autofree char *end = io_path_join(down, "tree/a b/c/x.txt");
    check(io_mkdir_p(sub, 0755, &err), &err);
    check(io_write_file(file, STR("content"), 0751, &err), &err);
    check(comm_upload_dir(fx.comm, src, up, fx.cancel, &err), &err);
    check(comm_download_dir(fx.comm, there, down, fx.cancel, &err), &err);
    AUTO(strbuf) struct strbuf back = STRBUF_INIT;
    check(io_read_file(end, 100, &back, &err), &err);
    assert_string_equal(back.buf, "content");
    struct stat st;
    assert_int_equal(stat(end, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0751);
}

static void faults_of_the_guest_are_named(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    assert_false(comm_upload_data(fx.comm, STR("x"), "/nonexistent/x", 0, fx.cancel, &err));
    autofree char *no_folder = error_line(err);
    assert_non_null(strstr(no_folder, "No such file or directory"));
    error_drop(&err);
    assert_false(comm_upload_data(fx.comm, STR("x"), "/dev/full", 0666, fx.cancel, &err));
    autofree char *full = error_line(err);
    assert_non_null(strstr(full, "No space left on device"));
    error_drop(&err);
    assert_false(comm_download_dir(fx.comm, "/nonexistent", fx.dir, fx.cancel, &err));
    autofree char *no_source = error_line(err);
    assert_non_null(strstr(no_source, "/nonexistent"));
    error_drop(&err);
}

static void short_writes_are_continued(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf data = STRBUF_INIT, back = STRBUF_INIT;
    autofree char *dst = io_path_join(fx.dir, "dst");
    for (int i = 0; i < 5000; i++)
        strbuf_addf(&data, "%d\n", i);
    fx.carrier.fault = SHORT_WRITES;
    check(comm_upload_data(fx.comm, strbuf_str(&data), dst, 0600, fx.cancel, &err), &err);
    check(io_read_file(dst, 1 << 20, &back, &err), &err);
    assert_string_equal(back.buf, data.buf);
}

static void an_agent_that_is_busy_is_waited_for(void **state)
{
    static const enum fault faults[] = {AWAY, SILENT};
    (void)state;
    NEEDS_AGENT();
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
        fx.carrier.fault = faults[i];
        fx.carrier.good = fx.carrier.asked + 1;
        fx.carrier.faulty = 3;
        assert_int_equal(run("echo done", STR(""), &lines), 0);
        assert_string_equal(lines.buf, "O<done>");
    }
}

static void a_new_guest_is_a_lost_connection(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    fx.carrier.fault = FORGETS;
    fx.carrier.good = fx.carrier.asked + 1;
    fx.carrier.faulty = 1;
    assert_int_equal(run("true", STR(""), NULL), COMM_DISCONNECTED);
    fx.carrier.fault = AWAY;
    fx.carrier.good = 0;
    fx.carrier.faulty = 2;
    check(comm_reconnect(fx.comm, fx.cancel, &err), &err);
    assert_int_equal(run("exit 5", STR(""), NULL), 5);
}

static void no_agent_is_said(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    struct comm_config config = {.guest_agent_timeout_ns = 300 * NS_PER_MS};
    fx.carrier.fault = AWAY;
    fx.carrier.faulty = 1000;
    assert_null(comm_open(&comm_guest_agent, &config, &fx.build, &err));
    assert_true(error_is(err, ERR_TIMEOUT));
    assert_non_null(strstr(error_first_hint(err), "qemu-guest-agent must be installed"));
    error_drop(&err);
    fx.carrier.fault = GARBAGE;
    assert_null(comm_open(&comm_guest_agent, &config, &fx.build, &err));
    assert_true(error_is(err, ERR_GUEST));
    error_drop(&err);
    fx.build.agent = NULL;
    assert_null(comm_open(&comm_guest_agent, &config, &fx.build, &err));
    assert_true(error_is(err, ERR_TEMPLATE));
    error_drop(&err);
    fx.build.agent = &fx.carrier.agent;
    fx.carrier.faulty = 0;
}

static void *trigger_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, 200 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

static void limits_and_cancellation_end_a_command(void **state)
{
    (void)state;
    NEEDS_AGENT();
    struct error *err = NULL;
    int status = -1;
    struct comm_command cmd = {.command = "sleep 60", .timeout_ns = 200 * NS_PER_MS};
    int64_t start = clock_now();
    assert_false(comm_run(fx.comm, &cmd, fx.cancel, &status, &err));
    assert_true(error_is(err, ERR_TIMEOUT));
    error_drop(&err);
    cmd.timeout_ns = 0;
    AUTO(cancel) struct cancel *step = cancel_new(fx.cancel);
    pthread_t t = thread_start("trigger", trigger_later, step);
    assert_false(comm_run(fx.comm, &cmd, step, &status, &err));
    assert_true(error_is(err, ERR_CANCELLED));
    error_drop(&err);
    pthread_join(t, NULL);
    assert_true(clock_now() - start < 5 * NS_PER_S);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        TEST(runs_commands),
        TEST(moves_more_than_one_block),
        TEST(moves_folders),
        TEST(faults_of_the_guest_are_named),
        TEST(short_writes_are_continued),
        TEST(an_agent_that_is_busy_is_waited_for),
        TEST(a_new_guest_is_a_lost_connection),
        TEST(no_agent_is_said),
        TEST(limits_and_cancellation_end_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
