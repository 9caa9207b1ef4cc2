/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "tests/lib/sshd.h"

/* Against a real OpenSSH server on the loopback. */

struct fixture {
    struct test_sshd sshd;
    struct test_sink sink;
    struct build build;
    struct comm_config config;
    struct cancel *cancel;
    struct comm *comm;
    bool present;
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

static int set_up(void **state)
{
    (void)state;
    fx = (struct fixture){0};
    fx.present = test_sshd_init(&fx.sshd);
    if (!fx.present)
        return 0;
    test_sshd_start(&fx.sshd, NULL);
    test_sink_init(&fx.sink);
    fx.cancel = cancel_new(NULL);
    test_ssh_build(&fx.sshd, &fx.build, &fx.config, &fx.sink, fx.cancel);
    struct error *err = NULL;
    fx.comm = comm_open(&comm_ssh, &fx.config, &fx.build, &err);
    check(fx.comm != NULL, &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!fx.present)
        return 0;
    comm_close(fx.comm);
    test_sshd_clear(&fx.sshd);
    strbuf_clear(&fx.sink.text);
    cancel_free(fx.cancel);
    return 0;
}

#define NEEDS_SSHD()                                                                               \
    do {                                                                                           \
        if (!fx.present)                                                                           \
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
        {"echo a; echo b >&2; echo c", "", NULL, 0},
        {"cat", "in\nput", "O<in>O<put>", 0},
        {"cat >/dev/null; echo end", "xyz", "O<end>", 0},
        {"printf 'no newline'", "", "O<no newline>", 0},
        {"printf '10%%\\r20%%\\r100%%\\r\\nnext\\n'", "", "O<100%>O<next>", 0},
        {"printf '\\377\\376\\n'", "", "O<\377\376>", 0},
        {"kill -TERM $$", "", "", 143},
        {"kill -KILL $$", "", "", 137},
        {"echo 'it'\"'\"'s'", "", "O<it's>", 0},
        {"exit 0", "input that nobody reads", "", 0},
        {"nonexistent-command-x 2>/dev/null", "", "", 127},
    };
    (void)state;
    NEEDS_SSHD();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
        assert_int_equal(run(cases[i].command, str_from(cases[i].input), &lines), cases[i].status);
        if (cases[i].lines != NULL)
            assert_string_equal(lines.buf, cases[i].lines);
        else
            assert_non_null(strstr(lines.buf, "E<b>"));
    }
}

struct counter {
    uint64_t bytes, lines;
    size_t longest;
};

static void count(void *arg, bool is_stderr, str line)
{
    struct counter *c = arg;
    (void)is_stderr;
    c->bytes += line.len;
    c->lines++;
    c->longest = MAX(c->longest, line.len);
}

static long max_rss_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void big_output_does_not_grow_memory(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    struct counter c = {0};
    int status;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(1000);
    struct comm_command cmd = {
        .command = "yes 0123456789abcdef | head -c 50000000; head -c 3000000 /dev/zero",
        .on_line = count,
        .arg = &c,
        .out = &out,
    };
    long before = max_rss_kib();
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    assert_int_equal(status, 0);
    /* 17 bytes each with the newline; then zeros in pieces. */
    assert_int_equal(c.bytes, 50000000 - 50000000 / 17 + 3000000);
    assert_true(c.longest <= 64 << 10);
    assert_int_equal(out.len, 1000);
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory for a while */
    assert_true(max_rss_kib() - before < 32 << 10);
#else
    (void)before;
#endif
}

static void background_process_does_not_hold_the_command(void **state)
{
    (void)state;
    NEEDS_SSHD();
    AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
    int64_t start = clock_now();
    assert_int_equal(run("sleep 47 & echo $!; exit 4", STR(""), &lines), 4);
    assert_true(clock_now() - start < 10 * NS_PER_S);
    long long pid = strtoll(lines.buf + 2, NULL, 10);
    if (pid > 1)
        kill((pid_t)pid, SIGKILL);
}

static void *trigger_later(void *arg)
{
    struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, 300 * NS_PER_MS);
    cancel_free(pace);
    cancel_trigger(arg, CANCEL_CRASH);
    return NULL;
}

static void cancel_ends_a_command_at_once(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    struct comm_command cmd = {.command = "sleep 30"};
    int status;
    AUTO(cancel) struct cancel *guest = cancel_new(NULL);
    fx.build.guest = guest;
    pthread_t t = thread_start("trigger", trigger_later, guest);
    int64_t start = clock_now();
    assert_false(comm_run(fx.comm, &cmd, fx.cancel, &status, &err));
    assert_true(clock_now() - start < NS_PER_S);
    pthread_join(t, NULL);
    assert_int_equal(err->code, ERR_GUEST);
    error_drop(&err);
    fx.build.guest = NULL;
    /* The connection is still good. */
    assert_int_equal(run("exit 5", STR(""), NULL), 5);
}

static void time_limit_ends_a_command(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    struct comm_command cmd = {.command = "sleep 30", .timeout_ns = 300 * NS_PER_MS};
    int status;
    assert_false(comm_run(fx.comm, &cmd, fx.cancel, &status, &err));
    assert_int_equal(err->code, ERR_TIMEOUT);
    error_drop(&err);
}

static char *slurp(const char *path)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    check(io_read_file(path, 64 << 20, &sb, &err), &err);
    return strbuf_steal(&sb);
}

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
    struct error *err = NULL;
    autofree char *path = io_path_join(dir, name);
    autofree char *parent = io_dirname(path);
    check(io_mkdir_p(parent, 0755, &err), &err);
    check(io_write_file(path, str_from(text), mode, &err), &err);
    chmod(path, mode);
}

static const char *const odd_names[] = {
    "plain",     "two words", "it's",        "\"quoted\"",  "-dash",   "$HOME `id` \\back",
    "new\nline", "*glob?[x]", "gr\303\274n", "bad\377utf8", "a;b|c&d", "trailing ",
};

static void uploads_files_with_odd_names(void **state)
{
    (void)state;
    NEEDS_SSHD();
    for (int method = COMM_TRANSFER_SFTP; method <= COMM_TRANSFER_SCP; method++) {
        fx.config.ssh_file_transfer_method = method;
        for (size_t i = 0; i < ARRAY_SIZE(odd_names); i++) {
            struct error *err = NULL;
            struct stat st;
            if (method == COMM_TRANSFER_SCP && strchr(odd_names[i], '\n') != NULL)
                continue;
            autofree char *dst = xasprintf("%s/%d%s", fx.sshd.dir, method, odd_names[i]);
            autofree char *back = io_path_join(fx.sshd.dir, "back");
            put(fx.sshd.dir, "src", odd_names[i], 0750);
            autofree char *src = io_path_join(fx.sshd.dir, "src");
            check(comm_upload(fx.comm, src, dst, 0, fx.cancel, &err), &err);
            autofree char *text = slurp(dst);
            assert_string_equal(text, odd_names[i]);
            assert_int_equal(stat(dst, &st), 0);
            assert_int_equal(st.st_mode & 07777, 0750);
            check(comm_upload_data(fx.comm, STR(""), dst, 0600, fx.cancel, &err), &err);
            assert_int_equal(stat(dst, &st), 0);
            assert_int_equal(st.st_size, 0);
            assert_int_equal(st.st_mode & 07777, 0600);
            check(comm_download(fx.comm, src, back, fx.cancel, &err), &err);
            autofree char *again = slurp(back);
            assert_string_equal(again, odd_names[i]);
        }
    }
}

static void upload_errors_name_the_cause(void **state)
{
    static const struct {
        const char *dst, *part;
    } cases[] = {
        {"/nonexistent-folder/x", "no such file or folder"},
        {"/tmp", "SFTP server failed"},
        {"/tmp/", "is a folder"},
        {"", "is a folder"},
    };
    (void)state;
    NEEDS_SSHD();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error *err = NULL;
        assert_false(comm_upload_data(fx.comm, STR("x"), cases[i].dst, 0, fx.cancel, &err));
        autofree char *line = error_line(err);
        assert_non_null(strstr(line, cases[i].part));
        error_drop(&err);
    }
    assert_int_equal(run("true", STR(""), NULL), 0);
}

static void make_tree(const char *root)
{
    for (size_t i = 0; i < ARRAY_SIZE(odd_names); i++)
        put(root, odd_names[i], odd_names[i], 0644);
    put(root, "sub/deep/script", "#!/bin/sh\n", 0755);
    put(root, "sub/secret", "s", 0600);
    autofree char *link = io_path_join(root, "link");
    assert_int_equal(symlink("plain", link), 0);
    autofree char *empty = io_path_join(root, "empty");
    assert_int_equal(mkdir(empty, 0711), 0);
    AUTO(strbuf) struct strbuf name = STRBUF_INIT;
    strbuf_addn(&name, 'n', 200);
    strbuf_adds(&name, "/");
    strbuf_addn(&name, 'm', 200);
    put(root, name.buf, "long", 0644);
}

/* diff of both trees by the tools of the guest, links followed. */
static void assert_same_tree(const char *a, const char *b)
{
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
    const char *list = "find -L . -mindepth 1 -printf '%P %m %y\\n' | LC_ALL=C sort";
    strbuf_addf(&command, "diff -r '%s' '%s' && [ \"$(cd '%s' && %s)\" = \"$(cd '%s' && %s)\" ]", a,
                b, a, list, b, list);
    if (run(command.buf, STR(""), &lines) != 0)
        fail_msg("%s and %s differ: %s", a, b, lines.buf);
}

static void uploads_and_downloads_trees(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    autofree char *src = io_path_join(fx.sshd.dir, "tree");
    autofree char *src_slash = xasprintf("%s/", src);
    autofree char *into = io_path_join(fx.sshd.dir, "into");
    autofree char *into_tree = io_path_join(fx.sshd.dir, "into/tree");
    autofree char *contents = io_path_join(fx.sshd.dir, "contents");
    autofree char *down = io_path_join(fx.sshd.dir, "down");
    autofree char *down_tree = io_path_join(fx.sshd.dir, "down/tree");
    autofree char *down2 = io_path_join(fx.sshd.dir, "down2");
    autofree char *pattern = xasprintf("%s/sub/d*p", src);
    autofree char *script = io_path_join(fx.sshd.dir, "down2/deep/script");
    make_tree(src);
    check(comm_upload_dir(fx.comm, src, into, fx.cancel, &err), &err);
    assert_same_tree(src, into_tree);
    check(comm_upload_dir(fx.comm, src_slash, contents, fx.cancel, &err), &err);
    assert_same_tree(src, contents);
    check(comm_download_dir(fx.comm, src, down, fx.cancel, &err), &err);
    check(comm_download_dir(fx.comm, src_slash, down_tree, fx.cancel, &err), &err);
    autofree char *mode = xasprintf("chmod 711 '%s/empty'", down_tree);
    assert_int_equal(run(mode, STR(""), NULL), 0);
    assert_same_tree(src, down_tree);
    check(comm_download_dir(fx.comm, pattern, down2, fx.cancel, &err), &err);
    autofree char *text = slurp(script);
    assert_string_equal(text, "#!/bin/sh\n");
    assert_false(comm_download_dir(fx.comm, "/nonexistent/", down2, fx.cancel, &err));
    error_drop(&err);
}

static void fast_upload(void **state)
{
    (void)state;
    NEEDS_SSHD();
    enum { SIZE = 16 << 20 };
    struct error *err = NULL;
    autofree char *src = io_path_join(fx.sshd.dir, "big");
    autofree char *dst = io_path_join(fx.sshd.dir, "big2");
    autofree char *back = io_path_join(fx.sshd.dir, "big3");
    autofree char *data = xmalloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 2654435761u >> 13);
    check(io_write_file(src, (str){data, SIZE}, 0644, &err), &err);
    for (int method = COMM_TRANSFER_SFTP; method <= COMM_TRANSFER_SCP; method++) {
        fx.config.ssh_file_transfer_method = method;
        int64_t start = clock_now();
        check(comm_upload(fx.comm, src, dst, 0, fx.cancel, &err), &err);
        int64_t up = clock_now() - start;
        start = clock_now();
        check(comm_download(fx.comm, dst, back, fx.cancel, &err), &err);
        int64_t down = clock_now() - start;
        autofree char *compare = xasprintf("cmp '%s' '%s'", src, back);
        assert_int_equal(run(compare, STR(""), NULL), 0);
        print_message("%s: up %.0f MB/s, down %.0f MB/s\n", method ? "scp" : "sftp",
                      SIZE / 1e6 / ((double)up / NS_PER_S), SIZE / 1e6 / ((double)down / NS_PER_S));
        assert_int_equal(fx.sink.progress, SIZE);
    }
}

static void comes_back_after_a_restart(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    int status;
    struct comm_command cmd = {.command = "kill -KILL $PPID; sleep 10"};
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    assert_int_equal(status, COMM_DISCONNECTED);
    /* By itself with the next command ... */
    assert_int_equal(run("exit 7", STR(""), NULL), 7);
    /* ... and when asked to, waiting for a server that starts later. */
    test_sshd_stop(&fx.sshd);
    test_sshd_start(&fx.sshd, NULL);
    check(comm_reconnect(fx.comm, fx.cancel, &err), &err);
    assert_int_equal(run("exit 8", STR(""), NULL), 8);
}

static void changed_host_key_is_refused(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    /* Nothing has been done over the connection: the key may still change. */
    test_sshd_stop(&fx.sshd);
    test_sshd_new_host_key(&fx.sshd);
    test_sshd_start(&fx.sshd, NULL);
    check(comm_reconnect(fx.comm, fx.cancel, &err), &err);
    assert_non_null(strstr(fx.sink.text.buf, "has a new host key"));
    assert_int_equal(run("true", STR(""), NULL), 0);
    test_sshd_stop(&fx.sshd);
    test_sshd_new_host_key(&fx.sshd);
    test_sshd_start(&fx.sshd, NULL);
    assert_false(comm_reconnect(fx.comm, fx.cancel, &err));
    autofree char *line = error_line(err);
    assert_int_equal(err->code, ERR_GUEST);
    assert_non_null(strstr(line, "host key changed from ssh-ed25519 SHA256:"));
    error_drop(&err);
}

static void failures_name_their_cause(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    fx.config.ssh_timeout_ns = NS_PER_S;
    /* Another key. */
    autofree char *other = io_path_join(fx.sshd.dir, "host");
    autofree char *pem = slurp(other);
    fx.build.target.private_key_pem = pem;
    assert_null(comm_open(&comm_ssh, &fx.config, &fx.build, &err));
    autofree char *line = error_line(err);
    assert_non_null(strstr(line, "within 1s"));
    assert_non_null(strstr(line, "the guest refused the login of"));
    assert_non_null(strstr(line, "it offers: publickey"));
    error_drop(&err);
    /* A refusal counts, time does not. */
    fx.config.ssh_timeout_ns = 0;
    fx.config.ssh_handshake_attempts = 1;
    assert_null(comm_open(&comm_ssh, &fx.config, &fx.build, &err));
    assert_int_equal(err->code, ERR_AUTH);
    error_drop(&err);
    /* Nobody there. */
    fx.config.ssh_timeout_ns = 700 * NS_PER_MS;
    test_sshd_stop(&fx.sshd);
    assert_null(comm_open(&comm_ssh, &fx.config, &fx.build, &err));
    autofree char *line2 = error_line(err);
    assert_non_null(strstr(line2, "no TCP connection: Connection refused"));
    error_drop(&err);
    autofree char *log = io_path_join(fx.sshd.dir, "ssh.log");
    autofree char *record = slurp(log);
    assert_non_null(strstr(record, "logged in"));
    assert_non_null(strstr(record, "times, last at"));
}

static size_t open_descriptors(void)
{
    size_t n = 0;
    autoclosedir DIR *d = opendir("/proc/self/fd");
    while (readdir(d) != NULL)
        n++;
    return n;
}

static void leaks_no_descriptors(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    size_t before = open_descriptors();
    for (int i = 0; i < 5; i++) {
        struct comm *c = comm_open(&comm_ssh, &fx.config, &fx.build, &err);
        check(c != NULL, &err);
        comm_close(c);
    }
    assert_int_equal(open_descriptors(), before);
}

static void one_command_is_one_round_trip(void **state)
{
    (void)state;
    NEEDS_SSHD();
    int64_t start = clock_now();
    for (int i = 0; i < 20; i++)
        assert_int_equal(run("true", STR(""), NULL), 0);
    print_message("one command: %.2f ms\n", (double)(clock_now() - start) / 20 / NS_PER_MS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        TEST(runs_commands),
        TEST(big_output_does_not_grow_memory),
        TEST(background_process_does_not_hold_the_command),
        TEST(cancel_ends_a_command_at_once),
        TEST(time_limit_ends_a_command),
        TEST(uploads_files_with_odd_names),
        TEST(upload_errors_name_the_cause),
        TEST(uploads_and_downloads_trees),
        TEST(fast_upload),
        TEST(comes_back_after_a_restart),
        TEST(changed_host_key_is_refused),
        TEST(failures_name_their_cause),
        TEST(leaks_no_descriptors),
        TEST(one_command_is_one_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
