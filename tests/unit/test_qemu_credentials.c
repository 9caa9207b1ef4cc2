/* SPDX-License-Identifier: Apache-2.0 */
#include "qemu/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"

/* OpenSSH reads what libssh made, and finds the same public key in it. */

static void keys_of_all_kinds(void **state)
{
    static const struct {
        const char *type;
        int bits;
        const char *start, *size;
    } cases[] = {
        {NULL, 0, "ssh-ed25519 ", "256 "},
        {"ed25519", 0, "ssh-ed25519 ", "256 "},
        {"ecdsa", 0, "ecdsa-sha2-nistp521 ", "521 "},
        {"ecdsa", 256, "ecdsa-sha2-nistp256 ", "256 "},
        {"ecdsa", 384, "ecdsa-sha2-nistp384 ", "384 "},
        {NULL, 2048, "ssh-rsa ", "2048 "},
        {"rsa", 1024, "ssh-rsa ", "1024 "},
    };
    (void)state;
    struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-keys-", &err);
    assert_non_null(dir);
    autofree char *path = io_path_join(dir, "key");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf public = STRBUF_INIT, size = STRBUF_INIT;
        const char *pem, *line;
        assert_true(
            credentials_make_key(cases[i].type, cases[i].bits, "a comment", a, &pem, &line, &err));
        assert_int_equal(strncmp(line, cases[i].start, strlen(cases[i].start)), 0);
        assert_true(str_ends(str_from(line), STR(" a comment")));
        unlink(path);
        assert_true(io_write_file(path, str_from(pem), 0600, &err));
        const char *read_it[] = {"ssh-keygen", "-y", "-f", path, NULL};
        struct proc_spec spec = {.argv = read_it, .out = &public, .what = "read the key"};
        assert_true(proc_run(&spec, NULL, &err));
        str key = str_trim(strbuf_str(&public));
        assert_true(str_starts(str_from(line), key));
        const char *measure[] = {"ssh-keygen", "-l", "-f", path, NULL};
        spec = (struct proc_spec){.argv = measure, .out = &size, .what = "measure the key"};
        assert_true(proc_run(&spec, NULL, &err));
        assert_true(str_starts(strbuf_str(&size), str_from(cases[i].size)));
    }
    assert_true(io_remove_tree(dir, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_of_all_kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
