/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/edit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BLOB  "AAAAC3NzaC1lZDI1NTE5AAAAIOaBuildKeyBuildKeyBuildKeyBuildKeyBuildK1"
#define OTHER "AAAAC3NzaC1lZDI1NTE5AAAAIOtherKeyOtherKeyOtherKeyOtherKeyOtherKe2"

static void finds_blobs(void **state)
{
    (void)state;
    static const struct {
        const char *line, *blob;
    } cases[] = {
        {"ssh-ed25519 " BLOB " me@host", BLOB},
        {"ssh-ed25519 " BLOB, BLOB},
        {"  ssh-rsa\t" BLOB "\r\n", BLOB},
        {"ecdsa-sha2-nistp256 " BLOB " x", BLOB},
        {"sk-ssh-ed25519@openssh.com " BLOB, BLOB},
        {"no-pty,command=\"echo 'ssh-rsa AAAA'; exit\" ssh-ed25519 " BLOB " c", BLOB},
        {"command=\"a \\\" b\" ssh-ed25519 " BLOB, BLOB},
        {"from=\"10.0.0.0/8\",restrict ssh-ed25519 " BLOB, BLOB},
        {"# ssh-ed25519 " BLOB, NULL},
        {"ssh-ed25519", NULL},
        {"ssh-ed25519 short", NULL},
        {"ssh-ed25519 BBBB" BLOB, NULL},
        {BLOB, NULL},
        {"", NULL},
        {"command=\"unclosed ssh-ed25519 " BLOB, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str got = ssh_key_blob(str_from(cases[i].line));
        bool same = cases[i].blob == NULL ? got.ptr == NULL : str_eqz(got, cases[i].blob);
        if (!same)
            fail_msg("'%s': '%.*s'", cases[i].line, STR_FMT(got));
    }
}

static void drops_keys(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        size_t dropped;
        bool empty;
    } cases[] = {
        {"ssh-ed25519 " BLOB " a\n", "", 1, true},
        {"ssh-ed25519 " OTHER " a\nssh-ed25519 " BLOB " b\n", "ssh-ed25519 " OTHER " a\n", 1,
         false},
        {"no-pty,command=\"echo Please login\" ssh-ed25519 " BLOB "\n# c\n", "# c\n", 1, true},
        {"# old: ssh-ed25519 " BLOB "\nssh-rsa " OTHER, "ssh-rsa " OTHER, 1, false},
        {"ssh-rsa " OTHER "\n", "ssh-rsa " OTHER "\n", 0, false},
        {"", "", 0, true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        assert_int_equal(ssh_keys_drop(str_from(cases[i].in), STR(BLOB), &out), cases[i].dropped);
        assert_string_equal(out.buf, cases[i].out);
        assert_int_equal(ssh_keys_is_empty(strbuf_str(&out)), cases[i].empty);
    }
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    assert_int_equal(ssh_keys_drop(STR("a\nb\n"), STR(""), &out), 0);
    assert_string_equal(out.buf, "a\nb\n");
}

static void cleans_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"127.0.0.1 localhost\n127.0.1.1 web.corp web\n", "127.0.0.1 localhost\n"},
        {"127.0.1.1\tweb\n::1 ip6\n", "::1 ip6\n"},
        {"127.0.1.1 WEB.corp\n", ""},
        {"127.0.1.1 website\n", "127.0.1.1 website\n"},
        {"127.0.1.1 other # web\n", "127.0.1.1 other # web\n"},
        {"127.0.0.1 web\n10.0.0.1 web\n", "127.0.0.1 web\n10.0.0.1 web\n"},
        {"# 127.0.1.1 web\n", "# 127.0.1.1 web\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        hosts_drop_name(str_from(cases[i].in), STR("web"), &out);
        assert_string_equal(out.buf, cases[i].out);
    }
}

static void edits_ini(void **state)
{
    (void)state;
    static const char *const keys[] = {"HWADDR", "UUID", NULL};
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    str in = STR("DEVICE=eth0\nHWADDR=52:54:00:12:34:56\n uuid = 1\n# UUID=2\nXHWADDR=3\nUUID\n");
    assert_int_equal(ini_drop_keys(in, keys, &out), 2);
    assert_string_equal(out.buf, "DEVICE=eth0\n# UUID=2\nXHWADDR=3\nUUID\n");
    assert_true(
        ini_has(STR("# SELINUX=disabled\nSELINUX=enforcing\n"), STR("SELINUX"), STR("enforcing")));
    assert_true(ini_has(STR("A='b c'"), STR("A"), STR("b c")));
    assert_false(ini_has(STR("#SELINUX=enforcing\n"), STR("SELINUX"), STR("enforcing")));
    assert_false(ini_has(STR("SELINUX=disabled\n"), STR("SELINUX"), STR("enforcing")));
}

static void judges_hostnames(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool ok;
    } cases[] = {
        {"web", true},         {"web-1.corp.example", true},
        {"1", true},           {"", false},
        {"-web", false},       {"web-", false},
        {"we_b", false},       {"a..b", false},
        {"web.", false},       {"a b", false},
        {"a\n", false},        {".web", false},
        {"ma\xc3\xb1", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (hostname_is_valid(str_from(cases[i].name)) != cases[i].ok)
            fail_msg("'%s'", cases[i].name);
    char label[65];
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_false(hostname_is_valid(str_from(label)));
    label[63] = '\0';
    assert_true(hostname_is_valid(str_from(label)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_blobs),      cmocka_unit_test(drops_keys),
        cmocka_unit_test(cleans_hosts),     cmocka_unit_test(edits_ini),
        cmocka_unit_test(judges_hostnames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
