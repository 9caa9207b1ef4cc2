/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/accounts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "seal/users.h"

static void check_text(const char *what, const struct strbuf *got, const char *want)
{
    if (strcmp(got->buf, want) != 0)
        fail_msg("%s: got '%s', want '%s'", what, got->buf, want);
}

static void drops_entries(void **state)
{
    (void)state;
    static const struct {
        const char *in, *name, *out;
        size_t dropped;
    } cases[] = {
        {"root:x:0\nbob:x:1\nann:x:2\n", "bob", "root:x:0\nann:x:2\n", 1},
        {"bob:x:1\n", "bob", "", 1},
        {"bob:x:1", "bob", "", 1}, /* no final LF */
        {"bobby:x:1\nbo:x:2\n", "bob", "bobby:x:1\nbo:x:2\n", 0},
        {"# bob:\n+bob:::\n\n  bob:x\n", "bob", "# bob:\n+bob:::\n\n  bob:x\n", 0},
        {"bob:1\nbob:2\nx:3", "bob", "x:3", 2},
        {"a:1\r\nb:2\r\n", "b", "a:1\r\n", 1},
        {":x:\nbob", "bob", ":x:\nbob", 0},
        {":x:\n", "", ":x:\n", 0},
        {"", "bob", "", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        size_t n = account_drop_entry(str_from(cases[i].in), str_from(cases[i].name), &out);
        check_text(cases[i].in, &out, cases[i].out);
        assert_int_equal(n, cases[i].dropped);
    }
}

static void drops_members(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        size_t changed;
    } cases[] = {
        {"sudo:x:27:bob\n", "sudo:x:27:\n", 1},
        {"sudo:x:27:ann,bob,eve\n", "sudo:x:27:ann,eve\n", 1},
        {"sudo:x:27:bob,ann\n", "sudo:x:27:ann\n", 1},
        {"bob:x:1000:\n", "", 1},
        {"bob:x:1000:bob\n", "", 1},
        {"bob:x:1000:ann\n", "bob:x:1000:ann\n", 0}, /* others use it */
        {"bob:x:1000:bob,ann\n", "bob:x:1000:ann\n", 1},
        {"sudo:*:bob:bob,eve\n", "sudo:*::eve\n", 1}, /* gshadow with an administrator */
        {"x:x:1:bobby\n", "x:x:1:bobby\n", 0},
        {"# bob:x:1:bob\n", "# bob:x:1:bob\n", 0},
        {"broken:bob\n", "broken:bob\n", 0},
        {"a:x:1:bob", "a:x:1:\n", 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        size_t n = account_drop_member(str_from(cases[i].in), STR("bob"), &out);
        check_text(cases[i].in, &out, cases[i].out);
        assert_int_equal(n, cases[i].changed);
    }
}

static void keeps_group_numbers(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    assert_int_equal(account_drop_member(STR("sudo:x:27:ann\n"), STR("27"), &out), 0);
    check_text("27", &out, "sudo:x:27:ann\n");
}

static void locks(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool expire, found;
        const char *out;
    } cases[] = {
        {"bob:$6$a$b:1:0:99999:7:::\n", false, true, "bob:!$6$a$b:1:0:99999:7:::\n"},
        {"bob:$6$a$b:1:0:99999:7:::\n", true, true, "bob:!$6$a$b:1:0:99999:7::1:\n"},
        {"bob:!$6$a:1:0:99999:7:::\n", false, true, "bob:!$6$a:1:0:99999:7:::\n"},
        {"bob::1:0:99999:7:::\n", false, true, "bob:!*:1:0:99999:7:::\n"},
        {"bob:*:1::::::\n", true, true, "bob:!*:1:::::1:\n"},
        {"bob:!:1::::::\n", false, true, "bob:!:1::::::\n"},
        {"bob:x\n", true, true, "bob:!x::::::1:\n"}, /* short line is completed */
        {"ann:x:1::::::\nbob:x:1::::::\nz:y:::::::\n", false, true,
         "ann:x:1::::::\nbob:!x:1::::::\nz:y:::::::\n"},
        {"ann:x:1::::::\n", false, false, ""},
        {"", false, false, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        bool found = shadow_lock(str_from(cases[i].in), STR("bob"), cases[i].expire, &out);
        assert_int_equal(found, cases[i].found);
        if (!found)
            continue;
        check_text(cases[i].in, &out, cases[i].out);
        assert_true(shadow_is_locked(strbuf_str(&out), STR("bob")));
        assert_int_equal(shadow_is_expired(strbuf_str(&out), STR("bob"), 20000), cases[i].expire);
    }
}

static void tells_locked(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool locked, expired;
    } cases[] = {
        {"bob:!x:::::::", true, false},        {"bob:*:::::::", true, false},
        {"bob:$6$:::::::", false, false},      {"bob::::::::", false, false},
        {"ann:!:::::::", false, false},        {"bob:$6$::::::19999:", false, true},
        {"bob:$6$::::::20000:", false, false}, {"bob:$6$::::::-1:", false, false},
        {"bob:$6$::::::soon:", false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str text = str_from(cases[i].line);
        if (shadow_is_locked(text, STR("bob")) != cases[i].locked ||
            shadow_is_expired(text, STR("bob"), 20000) != cases[i].expired)
            fail_msg("%s", cases[i].line);
    }
}

static void sets_passwords(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    str shadow = STR("root:*:1:0:99999:7:::\nbob:x:::::::\n");
    assert_true(shadow_set_password(shadow, STR("root"), STR("$6$s$h"), &out));
    check_text("root", &out, "root:$6$s$h:1:0:99999:7:::\nbob:x:::::::\n");
    strbuf_truncate(&out, 0);
    assert_false(shadow_set_password(shadow, STR("roo"), STR("*"), &out));
}

static void finds_accounts(void **state)
{
    (void)state;
    struct account a;
    str passwd = STR("root:x:0:0:root:/root:/bin/bash\n+::::::\n"
                     "bob:x:1000:1000:Bob, B:/home/bob:/bin/sh\nshort:x:1\n");
    assert_true(account_find(passwd, STR("bob"), &a));
    assert_true(str_eqz(a.home, "/home/bob") && str_eqz(a.uid, "1000"));
    assert_true(str_eqz(a.shell, "/bin/sh") && str_eqz(a.gid, "1000"));
    assert_true(account_find(passwd, STR("root"), &a));
    assert_false(account_find(passwd, STR("bo"), &a));
    assert_false(account_find(passwd, STR("short"), &a));
    assert_false(account_find(passwd, STR("+"), &a));
    assert_false(account_find(passwd, STR(""), &a));
}

static void drops_sudoers(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        size_t dropped;
        bool empty;
    } cases[] = {
        {"bob ALL=(ALL) ALL\n", "", 1, true},
        {"# c\nbob\tALL=(ALL) ALL\nann ALL=ALL\n", "# c\nann ALL=ALL\n", 1, false},
        {"bob ALL = \\\n  /bin/a, \\\n  /bin/b\nann ALL=ALL\n", "ann ALL=ALL\n", 1, false},
        {"  bob ALL=ALL\n# x\n\n", "# x\n\n", 1, true},
        {"bobby ALL=ALL\n", "bobby ALL=ALL\n", 0, false},
        {"%bob ALL=ALL\n", "%bob ALL=ALL\n", 0, false},
        {"Defaults:bob !requiretty\n", "Defaults:bob !requiretty\n", 0, false},
        {"# bob ALL\n", "# bob ALL\n", 0, true},
        {"@includedir /etc/sudoers.d\n", "@includedir /etc/sudoers.d\n", 0, false},
        {"#includedir /etc/sudoers.d\n", "#includedir /etc/sudoers.d\n", 0, false},
        {"bob ALL=ALL \\", "", 1, true},
        {"", "", 0, true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        size_t n = sudoers_drop_user(str_from(cases[i].in), STR("bob"), &out);
        check_text(cases[i].in, &out, cases[i].out);
        assert_int_equal(n, cases[i].dropped);
        assert_int_equal(sudoers_is_empty(strbuf_str(&out)), cases[i].empty);
    }
}

static void guards_homes(void **state)
{
    (void)state;
    static const struct {
        const char *home;
        bool ok;
    } cases[] = {
        {"/home/bob", true}, {"/home/a/b", true}, {"/var/lib/app", true},
        {"/opt/app", true},  {"/srv/x", true},    {"/home", false},
        {"/", false},        {"", false},         {"/root", false},
        {"/root/x", false},  {"/etc/x", false},   {"/usr/local/x", false},
        {"/var/lib", false}, {"/var/www", false}, {"/home/../etc", false},
        {"/home//x", false}, {"home/bob", false}, {"/home/", false},
        {"/home/.", false},  {"/bin/x", false},   {"/run/x", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (users_home_is_removable(str_from(cases[i].home)) != cases[i].ok)
            fail_msg("'%s'", cases[i].home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_entries),       cmocka_unit_test(drops_members),
        cmocka_unit_test(keeps_group_numbers), cmocka_unit_test(locks),
        cmocka_unit_test(tells_locked),        cmocka_unit_test(sets_passwords),
        cmocka_unit_test(finds_accounts),      cmocka_unit_test(drops_sudoers),
        cmocka_unit_test(guards_homes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
