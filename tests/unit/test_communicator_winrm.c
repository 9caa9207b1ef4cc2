/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/thread.h"
#include "tests/lib/sshd.h"

/* Against the WinRM server of the tests (tests/lib/winrmd.py), whose commands
 * are those of a pretended Windows (tests/lib/windows.py). */

#define USER     "vagrant"
#define PASSWORD "p\xc3\xa4 ss<&>\""

/* gss-ntlmssp 1.2 keeps the digests that it fetches from OpenSSL, 5 kB for each login. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libcrypto.so\n";
}

struct fixture {
    char *dir; /* with "windows/c" */
    struct proc *proc;
    struct test_sink sink;
    struct build build;
    struct comm_config config;
    struct cancel *cancel;
    struct comm *comm;
    bool present; /* Python is installed */
};

static struct fixture fx;

static void check(bool ok, struct error **err)
{
    if (ok)
        return;
    autofree char *line = error_line(*err);
    error_drop(err);
    fail_msg("%s; said: %s", line, fx.sink.text.buf);
}

static const char *python(void)
{
    return io_exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
}

static int set_up(void **state)
{
    struct error *err = NULL;
    autofree char *found = io_find_program("python3");
    (void)state;
    fx = (struct fixture){.dir = io_make_temp_dir(io_temp_root(), "imgfac-winrm-", &err)};
    fx.present = found != NULL;
    autofree char *drive = xasprintf("%s/windows/c/Users/vagrant", fx.dir);
    check(io_mkdir_p(drive, 0755, &err), &err);
    test_sink_init(&fx.sink);
    return 0;
}

static int tear_down(void **state)
{
    struct error *err = NULL;
    (void)state;
    check(io_remove_tree(fx.dir, &err), &err);
    strbuf_clear(&fx.sink.text);
    free(fx.dir);
    return 0;
}

/* A server with the arguments A and B (may be NULL), and a build for it. */
static void start_server(const char *a, const char *b)
{
    autofree char *port_file = xasprintf("%s/port", fx.dir);
    autofree char *windows = xasprintf("WINDOWS=%s/windows", fx.dir);
    const char *argv[] = {python(),
                          "-B",
                          "-S",
                          "tests/lib/winrmd.py",
                          "--port-file",
                          port_file,
                          "--user",
                          USER,
                          "--password",
                          PASSWORD,
                          "--exec",
                          "tests/lib/windows.py",
                          a,
                          b,
                          NULL};
    const char *env[] = {windows, NULL};
    struct proc_spec spec = {.argv = argv, .set_env = env, .what = "start a WinRM server"};
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    int64_t port = 0;
    check(io_remove_tree(port_file, &err), &err);
    fx.proc = proc_start(&spec, &err);
    check(fx.proc != NULL, &err);
    for (int i = 0; i < 1000 && !io_exists(port_file) && !proc_poll(fx.proc, NULL); i++)
        cancel_sleep(NULL, 20 * NS_PER_MS);
    check(io_read_file(port_file, 100, &text, &err), &err);
    assert_true(str_to_i64(str_trim(strbuf_str(&text)), &port));
    fx.cancel = cancel_new(NULL);
    strbuf_truncate(&fx.sink.text, 0);
    fx.config = (struct comm_config){.type = COMM_WINRM,
                                     .winrm_username = USER,
                                     .winrm_password = PASSWORD,
                                     .winrm_timeout_ns = 10 * NS_PER_S};
    fx.build = (struct build){.name = "test.guest",
                              .cancel = fx.cancel,
                              .events = &fx.sink.sink,
                              .comm_config = &fx.config,
                              .target = {.host = "127.0.0.1", .port = (int)port}};
}

static void start(const char *a, const char *b)
{
    struct error *err = NULL;
    if (!fx.present) {
        print_message("SKIPPED: python3 is not installed\n");
        skip();
    }
    start_server(a, b);
    fx.comm = comm_open(&comm_winrm, &fx.config, &fx.build, &err);
    check(fx.comm != NULL, &err);
}

static void stop(void)
{
    comm_close(fx.comm);
    fx.comm = NULL;
    proc_kill_free(fx.proc, NS_PER_S);
    fx.proc = NULL;
    cancel_free(fx.cancel);
}

/* --- commands --- */

static void collect(void *arg, bool is_stderr, str line)
{
    strbuf_addf(arg, "%c[%.*s]", is_stderr ? 'e' : 'o', STR_FMT(line));
}

static const struct {
    const char *command;
    const char *input;
    const char *lines;
    int status;
} commands[] = {
    {"echo hello", NULL, "o[hello]", 0},
    {"echo \xc3\xbc\"'>&2", NULL, "e[\xc3\xbc\"']", 0},
    {"exit 3", NULL, "", 3},
    {"exit 255", NULL, "", 255},
    {"copy-input", "one\ntwo\r\n\r\nthree", "o[one]o[two]o[]o[three]", 0},
    {"exit 4", "nobody reads this", "", 4},
};

static void test_commands(void **state)
{
    (void)state;
    start(NULL, NULL);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
            AUTO(strbuf) struct strbuf lines = STRBUF_INIT, out = STRBUF_INIT;
            struct error *err = NULL;
            struct comm_command cmd = {.command = commands[i].command,
                                       .input = str_from(commands[i].input),
                                       .on_line = collect,
                                       .arg = &lines,
                                       .out = &out};
            int status = -1;
            check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
            assert_string_equal(lines.buf, commands[i].lines);
            assert_int_equal(status, commands[i].status);
            assert_int_equal(out.len > 0, lines.buf[0] == 'o');
        }
    stop();
}

static void count(void *arg, bool is_stderr, str line)
{
    size_t *lines = arg;
    assert_false(is_stderr);
    assert_int_equal(line.len, 62);
    (*lines)++;
}

/* Both directions at once, each more than any pipe or message holds. */
static void test_much(void **state)
{
    (void)state;
    start(NULL, NULL);
    AUTO(strbuf) struct strbuf input = STRBUF_INIT, out = STRBUF_INIT;
    struct error *err = NULL;
    size_t lines = 0;
    int status = -1;
    for (int i = 0; i < 65536; i++)
        strbuf_addf(&input, "%062d\r\n", i);
    struct comm_command cmd = {.command = "copy-input",
                               .input = strbuf_str(&input),
                               .on_line = count,
                               .arg = &lines,
                               .out = &out};
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    assert_int_equal(status, 0);
    assert_int_equal(lines, 65536);
    assert_true(str_eq(strbuf_str(&out), strbuf_str(&input)));
    stop();
}

static void *trigger(void *arg)
{
    autofree char *hanging = xasprintf("%s/windows/hanging", fx.dir);
    for (int i = 0; i < 1000 && !io_exists(hanging); i++)
        cancel_sleep(NULL, 10 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

static bool is_hanging(void)
{
    AUTO(strbuf) struct strbuf pid = STRBUF_INIT;
    autofree char *hanging = xasprintf("%s/windows/hanging", fx.dir);
    struct error *err = NULL;
    int64_t number = 0;
    check(io_read_file(hanging, 100, &pid, &err), &err);
    assert_true(str_to_i64(strbuf_str(&pid), &number));
    check(io_remove_tree(hanging, &err), &err);
    for (int i = 0; i < 100 && proc_start_time((pid_t)number) != 0; i++)
        cancel_sleep(NULL, 20 * NS_PER_MS);
    return proc_start_time((pid_t)number) != 0;
}

static void test_cancel(void **state)
{
    (void)state;
    start(NULL, NULL);
    AUTO(cancel) struct cancel *step = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    struct comm_command cmd = {.command = "hang"};
    int status = -1;
    pthread_t thread = thread_start("trigger", trigger, step);
    assert_false(comm_run(fx.comm, &cmd, step, &status, &err));
    pthread_join(thread, NULL);
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_false(is_hanging());
    error_drop(&err);

    cmd.timeout_ns = 500 * NS_PER_MS;
    int64_t begin = clock_now();
    assert_false(comm_run(fx.comm, &cmd, fx.cancel, &status, &err));
    assert_int_equal(err->code, ERR_TIMEOUT);
    assert_true(clock_now() - begin < 10 * NS_PER_S);
    assert_false(is_hanging());
    error_drop(&err);

    cmd = (struct comm_command){.command = "exit 0"};
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    stop();
}

/* Of a command that may have ended before it wrote anything. */
static bool is_left_behind(void)
{
    autofree char *hanging = xasprintf("%s/windows/hanging", fx.dir);
    for (int i = 0; i < 100 && !io_exists(hanging); i++)
        cancel_sleep(NULL, 10 * NS_PER_MS);
    return io_exists(hanging) && is_hanging();
}

/* The guest runs the command, but nobody hears of it. */
static void test_unheard(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        int64_t timeout_ns;
        enum err_code code;
    } cases[] = {
        {"close-before-reply:Command:1:1", 0, ERR_NETWORK},
        {"hang:Command:1:1", NS_PER_S, ERR_TIMEOUT},
        {"no-command-id:Command:1:1", 0, ERR_GUEST},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        start("--fault", cases[i].fault);
        AUTO(error) struct error *err = NULL;
        struct comm_command cmd = {.command = "hang", .timeout_ns = cases[i].timeout_ns};
        int status = -1;
        assert_false(comm_run(fx.comm, &cmd, fx.cancel, &status, &err));
        assert_int_equal(err->code, cases[i].code);
        assert_false(is_left_behind());
        error_drop(&err);
        cmd = (struct comm_command){.command = "exit 0"};
        check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
        stop();
    }
}

static void *kill_server(void *arg)
{
    trigger(fx.cancel == NULL ? arg : arg);
    proc_kill_free(fx.proc, 0);
    fx.proc = NULL;
    return NULL;
}

static void test_server_dies(void **state)
{
    (void)state;
    start(NULL, NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(cancel) struct cancel *unused = cancel_new(NULL);
    struct comm_command cmd = {.command = "hang"};
    int status = -1;
    pthread_t thread = thread_start("kill", kill_server, unused);
    check(comm_run(fx.comm, &cmd, fx.cancel, &status, &err), &err);
    pthread_join(thread, NULL);
    assert_int_equal(status, COMM_DISCONNECTED);
    assert_false(comm_run(fx.comm, &cmd, fx.cancel, &status, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    stop();
}

/* --- files --- */

static void test_data(void **state)
{
    (void)state;
    start(NULL, NULL);
    static const char *const names[] = {"c:/it's a \xc3\xbc $x`/;&%T%.txt", "C:\\plain.bin",
                                        "relative.txt"};
    AUTO(strbuf) struct strbuf data = STRBUF_INIT, back = STRBUF_INIT;
    autofree char *local = xasprintf("%s/back", fx.dir);
    struct error *err = NULL;
    for (int i = 0; i < 300000; i++)
        strbuf_addc(&data, (char)(i * 7));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        strbuf_truncate(&back, 0);
        str content = i == 1 ? STR("") : strbuf_str(&data);
        check(comm_upload_data(fx.comm, content, names[i], 0600, fx.cancel, &err), &err);
        check(comm_download(fx.comm, names[i], local, fx.cancel, &err), &err);
        check(io_read_file(local, (size_t)1 << 20, &back, &err), &err);
        assert_true(str_eq(strbuf_str(&back), content));
    }
    stop();
}

static void refused(bool ok, struct error **err, const char *why)
{
    assert_false(ok);
    autofree char *line = error_line(*err);
    if (strstr(line, why) == NULL)
        fail_msg("no '%s' in '%s'", why, line);
    error_drop(err);
}

static void test_files_refused(void **state)
{
    (void)state;
    start(NULL, NULL);
    struct error *err = NULL;
    autofree char *local = xasprintf("%s/back", fx.dir);
    autofree char *tree = xasprintf("%s/tree", fx.dir);
    refused(comm_upload_data(fx.comm, STR("x"), "c:/Users", 0, fx.cancel, &err), &err,
            "'c:/Users' is a folder");
    refused(comm_upload_data(fx.comm, STR("x"), "c:/a<b", 0, fx.cancel, &err), &err,
            "not supported");
    refused(comm_download(fx.comm, "c:/none", local, fx.cancel, &err), &err, "No such file");
    refused(comm_download_dir(fx.comm, "c:/none/", tree, fx.cancel, &err), &err, "is no folder");
    refused(comm_download_dir(fx.comm, "c:/no*", tree, fx.cancel, &err), &err, "matches 'c:/no*'");
    refused(comm_upload(fx.comm, "/none", "c:/x", 0, fx.cancel, &err), &err, "cannot open '/none'");
    refused(comm_download(fx.comm, "c:/x", "/none/x", fx.cancel, &err), &err, "cannot write");
    stop();
    setenv("WINDOWS_DAMAGE", "download", 1);
    start(NULL, NULL);
    unsetenv("WINDOWS_DAMAGE");
    check(comm_upload_data(fx.comm, STR("x"), "c:/x", 0, fx.cancel, &err), &err);
    refused(comm_download(fx.comm, "c:/x", local, fx.cancel, &err), &err, "arrived damaged");
    stop();
}

/* --- what may go wrong --- */

/* At the first login, once: said or not, the second succeeds. */
static const struct {
    const char *fault;
    const char *auth; /* NULL: Basic */
    const char *said;
} once[] = {
    {"entity-bomb:Receive:1", NULL, "it has a document type"},
    {"deep-xml:Receive:1", NULL, "it is no XML"},
    {"bad-base64:Receive:1", NULL, "not Base64"},
    {"wrong-message:Receive:1", NULL, "belongs to another message"},
    {"wrong-command:Receive:1", NULL, "of another command"},
    {"odd-exit-code:Receive:2", NULL, "exit status that is no number"},
    {"no-shell-id:Create:1", NULL, "a shell without a name"},
    {"no-command-id:Command:1", NULL, "a command without a name"},
    {"access-denied:Create:1", NULL, "access denied: Access is denied."},
    {"no-shells:Create:1", NULL, "too many shells of this user"},
    {"html:Create:1", NULL, "no SOAP answer"},
    {"truncated-body:Receive:1", NULL, NULL},
    {"close-before-reply:Receive:1", NULL, NULL},
    {"garbage-http:Receive:1", NULL, NULL},
    {"huge-body:Receive:1", NULL, "too long"},
    {"no-shell:Command:1", NULL, NULL},
    {"stopping:Receive:1", NULL, NULL},
    {"bad-signature:Receive:1", "ntlm", "cannot be opened"},
    {"unsealed-reply:Receive:1", "ntlm", "in the clear"},
    {"bad-challenge:Auth:1", "ntlm", "the NTLM login failed"},
    {"no-seal:Auth:1", "ntlm", "the NTLM login failed"},
    {"short-key:Auth:1", "ntlm", "keys that are too short"},
};

static void test_faults(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
        struct error *err = NULL;
        start_server("--fault", once[i].fault);
        fx.config.winrm_use_ntlm = once[i].auth != NULL;
        fx.config.winrm_timeout_ns = 15 * NS_PER_S;
        fx.comm = comm_open(&comm_winrm, &fx.config, &fx.build, &err);
        if (fx.comm == NULL) {
            autofree char *line = error_line(err);
            fail_msg("%s: %s", once[i].fault, line);
        }
        const char *said = strstr(fx.sink.text.buf, "WinRM: ");
        if (once[i].said == NULL ? said != NULL : strstr(fx.sink.text.buf, once[i].said) == NULL)
            fail_msg("%s: %s", once[i].fault, fx.sink.text.buf);
        stop();
    }
}

static void test_input_faults(void **state)
{
    (void)state;
    static const char *const names[] = {"busy:Send:3", "late:Send:3"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct error *err = NULL;
        AUTO(strbuf) struct strbuf data = STRBUF_INIT;
        strbuf_addn(&data, 'x', 400000);
        start("--fault", names[i]);
        check(comm_upload_data(fx.comm, strbuf_str(&data), "c:/x", 0, fx.cancel, &err), &err);
        stop();
    }
}

/* --- no login --- */

static char *open_fails(void)
{
    struct error *err = NULL;
    fx.comm = comm_open(&comm_winrm, &fx.config, &fx.build, &err);
    assert_null(fx.comm);
    char *line = error_line(err);
    error_drop(&err);
    return line;
}

static void test_no_login(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    for (int ntlm = 0; ntlm < 2; ntlm++) {
        start_server(NULL, NULL);
        fx.config.winrm_password = "wrong";
        fx.config.winrm_timeout_ns = 2 * NS_PER_S;
        fx.config.winrm_use_ntlm = ntlm;
        autofree char *line = open_fails();
        assert_non_null(strstr(line, "Timeout waiting for WinRM"));
        assert_non_null(strstr(line, ntlm ? "refused the login of 'vagrant' by NTLM (401)"
                                          : "refused the login of 'vagrant' by Basic (401)"));
        stop();
    }
    start_server("--auth", "ntlm");
    fx.config.winrm_timeout_ns = 2 * NS_PER_S;
    autofree char *line = open_fails();
    assert_non_null(strstr(line, "takes no login by Basic but by"));
    fx.config.winrm_use_ssl = true;
    autofree char *tls = open_fails();
    assert_non_null(strstr(tls, "no answer from 'https://"));
    stop();
}

static void test_nobody_there(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    start_server(NULL, NULL);
    proc_kill_free(fx.proc, 0);
    fx.proc = NULL;
    fx.config.winrm_timeout_ns = 700 * NS_PER_MS;
    autofree char *line = open_fails();
    assert_non_null(strstr(line, "Connection refused"));
    fx.config.winrm_timeout_ns = 60 * NS_PER_S;
    cancel_set_deadline(fx.cancel, clock_now() + 300 * NS_PER_MS);
    int64_t begin = clock_now();
    autofree char *cancelled = open_fails();
    assert_true(clock_now() - begin < 5 * NS_PER_S);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),      cmocka_unit_test(test_much),
        cmocka_unit_test(test_unheard),       cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_server_dies),   cmocka_unit_test(test_data),
        cmocka_unit_test(test_files_refused), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_input_faults),  cmocka_unit_test(test_no_login),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
