/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "tests/fakes/ssh_server.h"
#include "tests/lib/sshd.h"

/* What goes wrong between two machines, made by a server that does it on
 * purpose. */

static struct comm_config config_of(int64_t timeout_ns)
{
    return (struct comm_config){
        .ssh_username = "somebody",
        .ssh_password = "pass word",
        .ssh_timeout_ns = timeout_ns,
        .ssh_keep_alive_interval_ns = 100 * NS_PER_MS,
    };
}

static struct build build_of(const struct fake_ssh *f)
{
    return (struct build){.name = "test", .target = {.host = "127.0.0.1", .port = f->port}};
}

static void failures_name_their_cause(void **state)
{
    static const struct {
        enum fake_mode mode;
        int attempts, refusals;
        const char *part;
        enum err_code code;
    } cases[] = {
        {FAKE_GARBAGE, 0, 0, "the SSH handshake failed", ERR_TIMEOUT},
        {FAKE_SAYS_NOTHING, 0, 0, "the port accepts connections but no SSH banner comes",
         ERR_TIMEOUT},
        {FAKE_STOPS, 0, 0, "the SSH handshake", ERR_TIMEOUT},
        {FAKE_CLOSES, 0, 0, "closed before the SSH banner", ERR_TIMEOUT},
        {FAKE_SSH, 1, 99, "it offers: password", ERR_AUTH},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fake_ssh f = {.mode = cases[i].mode,
                             .times = 1000000,
                             .refusals = cases[i].refusals,
                             .password = "pass word"};
        fake_ssh_start(&f);
        struct comm_config config = config_of(cases[i].attempts > 0 ? 0 : 500 * NS_PER_MS);
        config.ssh_handshake_attempts = cases[i].attempts;
        struct build b = build_of(&f);
        struct error *err = NULL;
        int64_t start = clock_now();
        assert_null(comm_open(&comm_ssh, &config, &b, &err));
        autofree char *line = error_line(err);
        if (strstr(line, cases[i].part) == NULL || err->code != cases[i].code)
            fail_msg("mode %d: %s", (int)cases[i].mode, line);
        assert_true(clock_now() - start < 3 * NS_PER_S);
        error_drop(&err);
        fake_ssh_stop(&f);
    }
}

static struct comm *open_good(struct fake_ssh *f, const struct comm_config *config, struct build *b)
{
    struct error *err = NULL;
    fake_ssh_start(f);
    *b = build_of(f);
    struct comm *c = comm_open(&comm_ssh, config, b, &err);
    if (c == NULL) {
        autofree char *line = error_line(err);
        fail_msg("%s", line);
    }
    return c;
}

static void logs_in_by_password_and_prompt(void **state)
{
    (void)state;
    for (int interactive = 0; interactive < 2; interactive++) {
        struct fake_ssh f = {.password = "pass word", .interactive = interactive};
        struct comm_config config = config_of(10 * NS_PER_S);
        struct build b;
        struct comm *c = open_good(&f, &config, &b);
        comm_close(c);
        fake_ssh_stop(&f);
    }
}

static void goes_on_after_refusals_and_closed_ports(void **state)
{
    (void)state;
    struct fake_ssh refusing = {.password = "pass word", .refusals = 1};
    struct fake_ssh late = {.mode = FAKE_CLOSES, .times = 4, .password = "pass word"};
    struct comm_config config = config_of(20 * NS_PER_S);
    struct build b;
    comm_close(open_good(&refusing, &config, &b));
    assert_int_equal(refusing.connections, 2);
    fake_ssh_stop(&refusing);
    /* Closed connections are no refused logins, however few are allowed. */
    config.ssh_handshake_attempts = 1;
    int64_t start = clock_now();
    comm_close(open_good(&late, &config, &b));
    assert_true(clock_now() - start < 3 * NS_PER_S);
    fake_ssh_stop(&late);
}

static void broken_connections_are_seen(void **state)
{
    static const struct {
        const char *command, *out;
        int status;
    } cases[] = {
        {"die", "last words\n", COMM_DISCONNECTED},
        {"close", "", COMM_DISCONNECTED},
        {"hang", "", COMM_DISCONNECTED},
        {"echo", "echo\n", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fake_ssh f = {.password = "pass word"};
        struct comm_config config = config_of(10 * NS_PER_S);
        struct build b;
        struct error *err = NULL;
        int status = -1;
        AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(1000);
        struct comm_command cmd = {.command = cases[i].command, .out = &out};
        /* Silence in spite of keep-alive requests. */
        config.ssh_read_write_timeout_ns = 700 * NS_PER_MS;
        struct comm *c = open_good(&f, &config, &b);
        bool ok = comm_run(c, &cmd, NULL, &status, &err);
        if (!ok)
            fail_msg("%s: %s", cases[i].command, err->msg);
        assert_int_equal(status, cases[i].status);
        assert_string_equal(out.buf, cases[i].out);
        f.stop = true;
        comm_close(c);
        fake_ssh_stop(&f);
    }
}

/* While a program of the host works on the guest nobody reads the connection:
 * that is no silence of the guest. */
static void unused_connections_stay(void **state)
{
    (void)state;
    struct fake_ssh f = {.password = "pass word", .lag_ns = 400 * NS_PER_MS};
    struct comm_config config = config_of(10 * NS_PER_S);
    struct build b;
    struct error *err = NULL;
    int status = -1;
    config.ssh_read_write_timeout_ns = 700 * NS_PER_MS;
    struct comm *c = open_good(&f, &config, &b);
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, 700 * NS_PER_MS);
    struct comm_command cmd = {.command = "echo"};
    assert_true(comm_run(c, &cmd, NULL, &status, &err));
    assert_int_equal(status, 0);
    assert_int_equal(f.connections, 1);
    f.stop = true;
    comm_close(c);
    fake_ssh_stop(&f);
}

static void *trigger_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, 200 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_CRASH);
    return NULL;
}

/* Whatever the guest was just doing, its crash ends the wait at once. */
static void crash_ends_the_wait(void **state)
{
    static const enum fake_mode modes[] = {FAKE_CLOSES, FAKE_GARBAGE, FAKE_SAYS_NOTHING,
                                           FAKE_STOPS};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct fake_ssh f = {.mode = modes[i], .times = 1000000};
        struct comm_config config = config_of(60 * NS_PER_S);
        struct error *err = NULL;
        AUTO(cancel) struct cancel *guest = cancel_new(NULL);
        fake_ssh_start(&f);
        struct build b = build_of(&f);
        b.guest = guest;
        pthread_t t = thread_start("trigger", trigger_later, guest);
        int64_t start = clock_now();
        assert_null(comm_open(&comm_ssh, &config, &b, &err));
        assert_true(clock_now() - start < NS_PER_S);
        assert_true(error_is(err, ERR_GUEST));
        error_drop(&err);
        pthread_join(t, NULL);
        fake_ssh_stop(&f);
    }
}

static void keys_are_checked_first(void **state)
{
    (void)state;
    struct comm_config config = {.ssh_username = "u", .ssh_private_key_file = "/nonexistent/key"};
    struct build b = {.target = {.host = "127.0.0.1", .port = 1}};
    struct error *err = NULL;
    assert_null(comm_open(&comm_ssh, &config, &b, &err));
    assert_string_equal(err->msg, "ssh_private_key_file is invalid");
    error_drop(&err);
    config.ssh_private_key_file = NULL;
    b.target.private_key_pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
    assert_null(comm_open(&comm_ssh, &config, &b, &err));
    assert_non_null(strstr(err->msg, "is protected by a password"));
    error_drop(&err);
    config.ssh_username = NULL;
    assert_null(comm_open(&comm_ssh, &config, &b, &err));
    assert_string_equal(err->msg, "an ssh_username must be specified");
    error_drop(&err);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_name_their_cause),
        cmocka_unit_test(logs_in_by_password_and_prompt),
        cmocka_unit_test(goes_on_after_refusals_and_closed_ports),
        cmocka_unit_test(broken_connections_are_seen),
        cmocka_unit_test(unused_connections_stay),
        cmocka_unit_test(crash_ends_the_wait),
        cmocka_unit_test(keys_are_checked_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
