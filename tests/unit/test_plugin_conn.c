/* SPDX-License-Identifier: Apache-2.0 */

/* The conversation with plugins that are wrong, hostile or dead: every call
 * ends in time with a message that names the reason, and nothing stays. */
#include "plugin/conn.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"

#define MS NS_PER_MS

static const struct conn_limits quick = {
    .cancel_grace_ns = 300 * MS,
    .stop_grace_ns = 100 * MS,
    .strays = 20,
};

struct fixture {
    struct arena *a;
    char *dir;
    struct conn *c;
    struct error *err;
    unsigned told, asked;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "plugin-", &f->err);
    assert_non_null(f->dir);
    signal(SIGPIPE, SIG_IGN);
    *state = f;
    return 0;
}

static void stop(struct fixture *f)
{
    conn_stop(f->c);
    f->c = NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop(f);
    error_drop(&f->err);
    assert_true(io_remove_tree(f->dir, &f->err));
    free(f->dir);
    arena_free(f->a);
    test_free(f);
    return 0;
}

/* A plugin that is SCRIPT; the first call has the id 1. */
static void start(struct fixture *f, const char *script)
{
    const char *path = arena_fmt(f->a, "%s/imgfac-plugin-x", f->dir);
    const char *text = arena_fmt(f->a, "#!/bin/sh\n%s\n", script);
    assert_true(io_write_file(path, str_from(text), 0755, &f->err));
    f->c = conn_start(path, "x", &quick, &f->err);
    assert_non_null(f->c);
}

static void on_tell(void *arg, const struct message *m)
{
    struct fixture *f = arg;
    (void)m;
    f->told++;
}

/* "big" is answered by a megabyte, "fail" not at all. */
static int on_ask(void *arg, const struct message *m, struct strbuf *out)
{
    struct fixture *f = arg;
    f->asked++;
    if (strcmp(m->method, "fail") == 0) {
        strbuf_adds(out, "cannot");
        return MESSAGE_FAILED;
    }
    if (strcmp(m->method, "big") != 0)
        return MESSAGE_NO_METHOD;
    strbuf_addc(out, '"');
    strbuf_addn(out, 'x', (size_t)1 << 20);
    strbuf_addc(out, '"');
    return 0;
}

static bool call(struct fixture *f, struct conn_call spec, value *result)
{
    spec.method = "run";
    spec.what = "try it";
    spec.on_tell = on_tell;
    spec.on_ask = on_ask;
    spec.arg = f;
    if (spec.params.ptr == NULL)
        spec.params = STR("{}");
    return conn_do(f->c, &spec, f->a, result, &f->err);
}

#define OK1 "echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":7}}'"

static const struct {
    const char *name, *script, *message;
    int silence_ms, limit_ms;
} hostile[] = {
    {"garbage", "echo garbage; sleep 60", "cannot be read: it is not JSON (at byte 0)", 5000, 0},
    {"binary", "head -c 1000 /dev/zero; echo; sleep 60", "it is not JSON", 5000, 0},
    {"no message", "echo '[]'; sleep 60", "no JSON-RPC 2.0 message", 5000, 0},
    {"old version", "echo '{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":1}'; sleep 60",
     "no JSON-RPC 2.0 message", 5000, 0},
    {"neither", "echo '{\"jsonrpc\":\"2.0\",\"id\":1}'; sleep 60", "neither \"method\"", 5000, 0},
    {"odd id", "echo '{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":1}'; sleep 60", "its \"id\"", 5000,
     0},
    {"odd error", "echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":5}'; sleep 60", "its \"error\"",
     5000, 0},
    {"odd method", "echo '{\"jsonrpc\":\"2.0\",\"method\":5}'; sleep 60", "its \"method\"", 5000,
     0},
    {"odd params", "echo '{\"jsonrpc\":\"2.0\",\"method\":\"say\",\"params\":5}'; sleep 60",
     "its \"params\"", 5000, 0},
    {"nested", "head -c 200000 /dev/zero | tr '\\0' '['; echo; sleep 60", "it is not JSON", 5000,
     0},
    {"silence", "sleep 60", "gave no sign of life for 300ms", 300, 0},
    {"deaf and dumb", "trap '' TERM; while :; do sleep 60; done", "gave no sign of life", 200, 0},
    {"chatter", "while :; do echo '{\"jsonrpc\":\"2.0\",\"method\":\"log\"}'; done",
     "did not answer within 500ms", 5000, 500},
    {"huge line", "head -c 9000000 /dev/zero | tr '\\0' x; sleep 60", "a line of more than 4 MiB",
     5000, 0},
    {"endless line", "tr '\\0' x </dev/zero", "a line of more than 4 MiB", 5000, 0},
    {"death", "echo oops >&2; exit 3", "ended with status 3 before it answered; it said: oops",
     5000, 0},
    {"suicide", "kill -9 $$", "was ended by signal 9", 5000, 0},
    {"fork that stays", "sleep 60 & exit 0", "ended with status 0", 5000, 0},
    {"fork that stays, alone", "setsid sleep 2 & exit 0", "ended with status 0", 5000, 0},
    {"half a line", "printf '{\"jsonrpc\"'; exit 0", "ended with status 0", 5000, 0},
    {"closed output", "exec >&-; sleep 60", "closed its standard output", 5000, 0},
    {"wrong ids", "while :; do echo '{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":1}'; done",
     "answers that nobody waits for", 5000, 0},
    {"errors of nothing",
     "while :; do echo '{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"message\":\"x\"}}'; done",
     "answers that nobody waits for", 5000, 0},
    {"asks and does not read",
     "while :; do echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\"}'; done",
     "does not read what it asked for", 5000, 0},
};

/* Reaped, and nothing of its group is left once the system has buried it. */
static bool is_gone(pid_t pid)
{
    for (int i = 0; i < 200 && kill(-pid, 0) == 0; i++)
        cancel_sleep(NULL, 10 * MS);
    return kill(-pid, 0) != 0 && errno == ESRCH;
}

static void test_hostile(void **state)
{
    struct fixture *f = *state;
    pid_t pids[ARRAY_SIZE(hostile)];
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
        value v;
        start(f, hostile[i].script);
        pids[i] = conn_pid(f->c);
        int64_t begin = clock_now();
        bool ok = call(f,
                       (struct conn_call){.silence_ns = hostile[i].silence_ms * MS,
                                          .limit_ns = hostile[i].limit_ms * MS},
                       &v);
        if (ok)
            fail_msg("%s: no error", hostile[i].name);
        if (strstr(f->err->msg, hostile[i].message) == NULL)
            fail_msg("%s: %s", hostile[i].name, f->err->msg);
        assert_true(strstr(f->err->msg, "cannot try it: plugin 'x'") == f->err->msg);
        error_drop(&f->err);
        assert_true(conn_is_broken(f->c));
        assert_false(call(f, (struct conn_call){0}, &v));
        error_drop(&f->err);
        stop(f);
        if (clock_now() - begin > 20 * NS_PER_S)
            fail_msg("%s: took %lld ms", hostile[i].name, (long long)((clock_now() - begin) / MS));
    }
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
        if (!is_gone(pids[i]))
            fail_msg("%s: its group lives on", hostile[i].name);
}

/* What is odd but harmless. */
static const struct {
    const char *name, *script;
} odd[] = {
    {"plain", OK1 "; cat"},
    {"answers and ends", OK1},
    {"answers, forks and ends", "sleep 60 & " OK1},
    {"empty lines, CR", "echo; echo; printf '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":7}}"
                        "\\r\\n'; cat"},
    {"some strays first",
     "for i in 5 6 7; do echo '{\"jsonrpc\":\"2.0\",\"id\":'$i',\"result\":1}'; done; " OK1},
    {"floods its standard error", "head -c 20000000 /dev/zero | tr '\\0' x >&2; " OK1 "; cat"},
    {"asks for what there is not",
     "echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"nope\",\"params\":{}}'\n"
     "read -r call; read -r line\ncase $line in *'\"id\":\"q\",\"error\":{\"code\":-32601,'*) " OK1
     ";; esac; cat"},
    {"is refused",
     "echo '{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"fail\"}'\nread -r call; read -r line\n"
     "case $line in *'\"id\":4,\"error\":{\"code\":-32000,\"message\":\"cannot\"}'*) " OK1
     ";; esac; cat"},
    {"gets a megabyte", "echo '{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"big\"}'\nread -r call\n"
                        "[ $(head -n 1 | wc -c) -gt 1000000 ] && " OK1 "; cat"},
    {"members in another order", "echo '{\"result\":{\"a\":7},\"id\":1,\"jsonrpc\":\"2.0\"}'; cat"},
};

static void test_odd(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        value v;
        start(f, odd[i].script);
        if (!call(f, (struct conn_call){.silence_ns = 5 * NS_PER_S}, &v))
            fail_msg("%s: %s", odd[i].name, f->err->msg);
        assert_int_equal(message_int(v, "a", 0), 7);
        stop(f);
    }
}

/* A call that is larger than a pipe, to a plugin that reads late. */
static void test_large_parameters(void **state)
{
    struct fixture *f = *state;
    AUTO(strbuf) struct strbuf params = STRBUF_INIT;
    value v;
    strbuf_adds(&params, "{\"x\":\"");
    strbuf_addn(&params, 'y', (size_t)3 << 20);
    strbuf_adds(&params, "\"}");
    start(f, "sleep 0.2; [ $(head -n 1 | wc -c) -gt 3145728 ] && " OK1 "; cat");
    assert_true(call(f, (struct conn_call){.params = strbuf_str(&params)}, &v));
    stop(f);
    start(f, "sleep 60");
    assert_false(
        call(f, (struct conn_call){.params = strbuf_str(&params), .silence_ns = 200 * MS}, &v));
    assert_non_null(strstr(f->err->msg, "no sign of life"));
}

/* An error that the plugin reports is its answer: it goes on serving. */
static void test_reported_errors(void **state)
{
    struct fixture *f = *state;
    value v;
    start(f, "read -r x; cat <<'END'\n"
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":"
             "\"no\\u001b[31m\\nluck\",\"data\":{\"hint\":\"Try again.\"}}}\nEND\n"
             "read -r x; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"a\":2}}'; cat");
    assert_false(call(f, (struct conn_call){0}, &v));
    assert_string_equal(f->err->msg, "cannot try it: plugin 'x': no [31m luck");
    assert_string_equal(f->err->hint, "Try again.");
    error_drop(&f->err);
    assert_false(conn_is_broken(f->c));
    assert_true(call(f, (struct conn_call){0}, &v));
    assert_int_equal(message_int(v, "a", 0), 2);
}

static void test_cancel(void **state)
{
    static const struct {
        const char *name, *script;
        bool usable;
    } cases[] = {
        {"polite",
         "read -r x; read -r x; case $x in *'\"method\":\"cancel\",\"params\":{\"id\":1}'*) echo "
         "'{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32800,\"message\":\"c\"}}';; esac; cat",
         true},
        {"too late", "read -r x; read -r x; " OK1 "; cat", true},
        {"ends", "read -r x; read -r x; exit 1", false},
        {"stubborn", "trap '' TERM; while :; do sleep 60; done", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(cancel) struct cancel *c = cancel_new(NULL);
        value v;
        cancel_set_deadline(c, clock_now() + 100 * MS);
        start(f, cases[i].script);
        int64_t begin = clock_now();
        bool ok = call(f, (struct conn_call){.cancel = c}, &v);
        if (i != 1 && (ok || f->err->code != ERR_TIMEOUT))
            fail_msg("%s: %s", cases[i].name, ok ? "ok" : f->err->msg);
        error_drop(&f->err);
        assert_int_equal(!conn_is_broken(f->c), cases[i].usable);
        stop(f);
        assert_true(clock_now() - begin < 20 * NS_PER_S);
    }
    /* triggered before: nothing is sent */
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    value v;
    cancel_trigger(c, CANCEL_USER);
    start(f, OK1 "; cat");
    assert_false(call(f, (struct conn_call){.cancel = c}, &v));
    assert_int_equal(f->err->code, ERR_CANCELLED);
}

static void test_tells(void **state)
{
    struct fixture *f = *state;
    value v;
    start(f, "for i in 1 2 3; do echo '{\"jsonrpc\":\"2.0\",\"method\":\"say\",\"params\":{}}'; "
             "done; " OK1 "; cat");
    assert_true(call(f, (struct conn_call){0}, &v));
    assert_int_equal(f->told, 3);
}

static void test_cannot_start(void **state)
{
    struct fixture *f = *state;
    const char *path = arena_fmt(f->a, "%s/imgfac-plugin-x", f->dir);
    assert_null(conn_start(path, "x", &quick, &f->err));
    error_drop(&f->err);
    assert_true(io_write_file(path, STR("#!/nonexistent/interpreter\n"), 0755, &f->err));
    assert_null(conn_start(path, "x", &quick, &f->err));
    assert_non_null(strstr(f->err->msg, "cannot start plugin 'x'"));
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_hostile),         CASE(test_odd),    CASE(test_large_parameters),
        CASE(test_reported_errors), CASE(test_cancel), CASE(test_tells),
        CASE(test_cannot_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
