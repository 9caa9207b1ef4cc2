/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "qemu/uri.h"

static const struct {
    const char *text;
    struct uri expected;
    bool remote, ssh;
} cases[] = {
    {NULL, {0}, false, false},
    {"auto", {0}, false, false},
    {"qemu:///system", {0}, false, false},
    {"qemu:///session", {.is_session = true}, false, false},
    {"qemu:///embed?root=/a/b", {0}, false, false},
    {"qemu+unix:///system?socket=/run/x", {.transport = "unix"}, false, false},
    {"qemu+ssh:///system", {.transport = "ssh"}, false, true},
    {"qemu+ssh://kvm2/system", {.transport = "ssh", .host = "kvm2"}, true, true},
    {"qemu+ssh://root@kvm2:2222/session?keyfile=/k%20y&no_verify=1&command=/opt/ssh",
     {.transport = "ssh",
      .host = "kvm2",
      .user = "root",
      .port = 2222,
      .keyfile = "/k y",
      .command = "/opt/ssh",
      .no_verify = true,
      .is_session = true},
     true,
     true},
    {"qemu+libssh2://[fd00::1]:22/system?keyfile=/a;no_verify=0",
     {.transport = "libssh2", .host = "fd00::1", .port = 22, .keyfile = "/a"},
     true,
     true},
    {"qemu+ssh://h/system?keyfile=&command=/opt/ssh",
     {.transport = "ssh", .host = "h", .keyfile = "", .command = "/opt/ssh"},
     true,
     true},
    {"qemu+tls://kvm3/system", {.transport = "tls", .host = "kvm3"}, true, false},
    {"qemu://kvm3/system", {.host = "kvm3"}, true, false},
    {"test:///default", {0}, false, false},
    {"qemu+ssh://a b/", {0}, false, false},
};

static void assert_text(const char *expected, const char *actual)
{
    assert_string_equal(expected != NULL ? expected : "(none)", actual != NULL ? actual : "(none)");
}

static void reads_uris(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct uri u;
        const struct uri *e = &cases[i].expected;
        uri_parse(cases[i].text, a, &u);
        assert_text(e->transport, u.transport);
        assert_text(e->host, u.host);
        assert_text(e->user, u.user);
        assert_text(e->keyfile, u.keyfile);
        assert_text(e->command, u.command);
        assert_int_equal(e->port, u.port);
        assert_int_equal(e->no_verify, u.no_verify);
        assert_int_equal(e->is_session, u.is_session);
        assert_int_equal(cases[i].remote, uri_is_remote(cases[i].text));
        assert_int_equal(cases[i].ssh, uri_has_ssh(&u));
    }
}

static void keeps_ssh_from_asking(void **state)
{
    static const char *const uris[][2] = {
        {"qemu:///system", "qemu:///system"},
        {"qemu+ssh://h/system", "qemu+ssh://h/system?no_tty=1"},
        {"qemu+ssh://h/system?keyfile=/k", "qemu+ssh://h/system?keyfile=/k&no_tty=1"},
        {"qemu+ssh://h/system?no_tty=1", "qemu+ssh://h/system?no_tty=1"},
        {"qemu+tls://h/system", "qemu+tls://h/system"},
    };
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(uris); i++)
        assert_string_equal(uri_without_terminal(uris[i][0], a), uris[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_uris),
        cmocka_unit_test(keeps_ssh_from_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
