/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "qemu/tunnel.h"

/* A program that stands for ssh (parameter `command` of a URI). */
static char *make_ssh(const char *dir, const char *script)
{
    AUTO(error) struct error *err = NULL;
    char *path = io_path_join(dir, "ssh");
    unlink(path);
    autofree char *text =
        xasprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >%s/args\n%s\n", dir, script);
    assert_true(io_write_file(path, str_from(text), 0700, &err));
    return path;
}

static char *make_dir(void)
{
    AUTO(error) struct error *err = NULL;
    char *dir = io_make_temp_dir(io_temp_root(), "tunnel-", &err);
    assert_non_null(dir);
    return dir;
}

static void remove_dir(const char *dir)
{
    AUTO(error) struct error *err = NULL;
    io_remove_tree(dir, &err);
}

static void ssh_chooses_the_port_there(void **state)
{
    static const char expected[] = "-N\n-T\n-oBatchMode=yes\n-oExitOnForwardFailure=yes\n"
                                   "-oServerAliveInterval=15\n-oServerAliveCountMax=3\n"
                                   "-oControlMaster=no\n-oControlPath=none\n-oLogLevel=INFO\n"
                                   "-R127.0.0.1:0:127.0.0.1:8123\n-oStrictHostKeyChecking=no\n"
                                   "-oUserKnownHostsFile=/dev/null\n"
                                   "-p2222\n-l\nme\n-i\n/k\n--\n-oevil\n";
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf args = STRBUF_INIT;
    autofree char *dir = make_dir();
    autofree char *ssh = make_ssh(dir, "echo 'Warning: Permanently added' >&2\n"
                                       "echo 'Allocated port 40123 for remote forward' >&2\n"
                                       "exec sleep 60");
    struct uri u = {.transport = "ssh",
                    .host = "-oevil",
                    .user = "me",
                    .port = 2222,
                    .keyfile = "/k",
                    .command = ssh,
                    .no_verify = true};
    struct tunnel_spec spec = {.uri = &u, .here = 8123, .to_here = true};
    struct tunnel *t = tunnel_open(&spec, &err);
    assert_non_null(t);
    assert_int_equal(tunnel_port_there(t), 40123);
    tunnel_close(t);
    autofree char *path = io_path_join(dir, "args");
    assert_true(io_read_file(path, 4096, &args, &err));
    assert_string_equal(args.buf, expected);
    remove_dir(dir);
}

static void says_why_ssh_ended(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *dir = make_dir();
    autofree char *ssh = make_ssh(dir, "echo 'me@h: Permission denied (publickey).' >&2; exit 255");
    struct uri u = {.transport = "ssh", .host = "h", .command = ssh};
    struct tunnel_spec spec = {.uri = &u, .here = 1, .there = 2};
    assert_null(tunnel_open(&spec, &err));
    assert_string_equal(err->msg, "no tunnel to 'h': me@h: Permission denied (publickey).");
    error_drop(&err);
    u.command = "/nonexistent/ssh";
    assert_null(tunnel_open(&spec, &err));
    assert_non_null(strstr(err->msg, "/nonexistent/ssh"));
    remove_dir(dir);
}

static void can_be_cancelled(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    autofree char *dir = make_dir();
    autofree char *ssh = make_ssh(dir, "exec sleep 60");
    struct uri u = {.transport = "ssh", .host = "h", .command = ssh};
    struct tunnel_spec spec = {.uri = &u, .here = 1, .to_here = true, .cancel = c};
    cancel_set_deadline(c, clock_now() + 100 * NS_PER_MS);
    assert_null(tunnel_open(&spec, &err));
    assert_int_equal(err->code, ERR_TIMEOUT);
    remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssh_chooses_the_port_there),
        cmocka_unit_test(says_why_ssh_ended),
        cmocka_unit_test(can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
