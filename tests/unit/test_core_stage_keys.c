/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "communicator/communicator.h"
#include "tests/lib/sshd.h"

/* ssh_clear_authorized_keys against a real OpenSSH server and a real sed. */

#define OURS  "AAAAC3NzaC1lZDI1NTE5AAAAIEb+our/key+of/the+build/0123456789abcdefghijk"
#define OTHER "AAAAC3NzaC1lZDI1NTE5AAAAIEb+another/key/of/somebody/0123456789abcdefgh"
#define LINE  "ssh-ed25519 " OURS " imgfac build\n"

static const struct {
    const char *before, *after; /* NULL: there is no such file */
} cases[] = {
    {NULL, NULL},
    {"", ""},
    {LINE, ""},
    {"ssh-ed25519 " OURS " imgfac build", ""},
    {LINE LINE, ""},
    {"from=\"10.0.0.0/8\",no-pty ssh-ed25519 " OURS "\n", ""},
    /* Another key keeps its line, whatever its comment. */
    {"# us\nssh-ed25519 " OTHER " imgfac build\n" LINE,
     "# us\nssh-ed25519 " OTHER " imgfac build\n"},
    {LINE "ssh-ed25519 " OTHER, "ssh-ed25519 " OTHER},
};

struct fixture {
    struct test_sshd sshd;
    struct test_sink sink;
    struct build build;
    struct comm_config config;
    struct cancel *cancel;
};

static void must(bool ok, struct error **err)
{
    if (ok)
        return;
    autofree char *line = error_line(*err);
    fail_msg("%s", line);
}

static void run_stage(struct fixture *f)
{
    struct error *err = NULL;
    struct step s = stage_clear_keys(&f->build);
    strbuf_truncate(&f->sink.text, 0);
    must(s.run(&s, &f->build, &err), &err);
}

static void check_case(struct fixture *f, const char *path, const char *before, const char *after)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf left = STRBUF_INIT;
    autofree char *backup = xasprintf("%s.bak", path);
    unlink(path);
    if (before != NULL)
        must(io_write_file(path, str_from(before), 0600, &err), &err);
    run_stage(f);
    assert_string_equal(f->sink.text.buf, "");
    assert_false(io_exists(backup));
    assert_int_equal(io_exists(path), after != NULL);
    if (after == NULL)
        return;
    must(io_read_file(path, 1 << 20, &left, &err), &err);
    assert_string_equal(left.buf, after);
}

static void put_program(const struct fixture *f, const char *name, const char *text)
{
    struct error *err = NULL;
    autofree char *path = xasprintf("%s/bin/%s", f->sshd.dir, name);
    must(io_write_file(path, str_from(text), 0755, &err), &err);
}

/* As if the account were not root: what it asks sudo to do. */
static void an_ordinary_account_uses_sudo(struct fixture *f)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf asked = STRBUF_INIT;
    autofree char *bin = io_path_join(f->sshd.dir, "bin");
    autofree char *log = io_path_join(f->sshd.dir, "sudo.log");
    autofree char *text = xasprintf("#!/bin/sh\necho \"$*\" >>%s\n", log);
    assert_int_equal(mkdir(bin, 0700), 0);
    put_program(f, "id", "#!/bin/sh\necho 1000\n");
    put_program(f, "sudo", text);
    run_stage(f);
    assert_string_equal(f->sink.text.buf, "");
    must(io_read_file(log, 1 << 20, &asked, &err), &err);
    assert_string_equal(asked.buf, "-n test -f /root/.ssh/authorized_keys\n"
                                   "-n sed -i.bak \\|" OURS "|d /root/.ssh/authorized_keys\n"
                                   "-n rm -f /root/.ssh/authorized_keys.bak\n");
}

static void lines_with_the_key_go(void **state)
{
    (void)state;
    struct error *err = NULL;
    struct fixture f = {0};
    if (!test_sshd_init(&f.sshd)) {
        printf("SKIPPED: openssh-server is not installed\n");
        skip();
    }
    test_sink_init(&f.sink);
    f.cancel = cancel_new(NULL);
    test_ssh_build(&f.sshd, &f.build, &f.config, &f.sink, f.cancel);
    test_sshd_start(&f.sshd, NULL);
    f.build.comm = comm_open(&comm_ssh, &f.config, &f.build, &err);
    must(f.build.comm != NULL, &err);
    autofree char *dir = io_path_join(f.sshd.dir, "home/.ssh");
    autofree char *path = io_path_join(dir, "authorized_keys");
    assert_int_equal(mkdir(dir, 0700), 0);
    f.build.target.public_key = "ssh-ed25519 " OURS " imgfac build";
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_case(&f, path, cases[i].before, cases[i].after);

    an_ordinary_account_uses_sudo(&f);

    /* Failing is a warning. */
    put_program(&f, "sed", "#!/bin/sh\nexit 1\n");
    run_stage(&f);
    assert_non_null(strstr(f.sink.text.buf, "warning: the temporary key is still in some"));

    comm_close(f.build.comm);
    test_sshd_clear(&f.sshd);
    strbuf_clear(&f.sink.text);
    cancel_free(f.cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_with_the_key_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
