/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "provisioner/provisioner.h"
#include "tests/fakes/comm_fake.h"
#include "tests/lib/provision.h"

/* "check" looks at this host through a real sshd; "cloud-init" gets answers
 * as cloud-init's documentation shows them. */

static void ports(void **state)
{
    static const struct {
        const char *text;
        int port; /* 0: invalid */
        bool udp;
    } cases[] = {
        {"tcp:80", 80, false}, {"udp:53", 53, true}, {"8080", 8080, false}, {"tcp:0", 0, false},
        {"x:1", 0, false},     {"", 0, false},       {"70000", 0, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool udp;
        int port = 0;
        assert_int_equal(check_parse_port(cases[i].text, &udp, &port), cases[i].port != 0);
        assert_int_equal(port, cases[i].port);
        assert_int_equal(cases[i].port != 0 && udp, cases[i].udp);
    }
}

static void judging(void **state)
{
    static const struct {
        enum judge_kind judge;
        int field;
        const char *want, *answer;
        bool ok;
        const char *actual;
    } cases[] = {
        {JUDGE_EQUAL, 0, "a", "a", true, "a"},
        {JUDGE_EQUAL, 0, "a", "", false, "nothing"},
        {JUDGE_EQUAL, 3, "33", "www:x:33:33:w:/var:/sh", true, "33"},
        {JUDGE_EQUAL, 9, "33", "www:x:33", false, "nothing"},
        {JUDGE_GLOB, 0, "1.22.*", "1.22.1-9", true, "1.22.1-9"},
        {JUDGE_GLOB, 0, "1.2", "1.22", false, "1.22"},
        {JUDGE_OCTAL, 0, "0644", "644", true, "644"},
        {JUDGE_SET, 0, "false", "", true, "false"},
        {JUDGE_SET, 0, "false", "1.0", false, "true"},
        {JUDGE_ACTIVE, 0, "true", "failed", false, "failed"},
        {JUDGE_ACTIVE, 0, "false", "inactive", true, "inactive"},
        {JUDGE_ENABLED, 0, "true", "enabled", true, "enabled"},
        {JUDGE_ENABLED, 0, "true", "masked", false, "masked"},
        {JUDGE_PATTERN, 0, "x", "yes", true, "not so"},
        {JUDGE_PATTERN, 0, "x", "no first line", false, "first line"},
        {JUDGE_PORT, 0, "true", "0100007F", true, "127.0.0.1"},
        {JUDGE_PORT, 0, "0.0.0.0", "0100007F", false, "127.0.0.1"},
        {JUDGE_PORT, 0, "::1", "0100007F 00000000000000000000000001000000", true, "127.0.0.1, ::1"},
        {JUDGE_PORT, 0, "false", "", true, "not listening"},
        {JUDGE_PORT, 0, "true", "garbage", false, "not listening"},
        {JUDGE_WORD, 0, "adm", "root adm", true, "root adm"},
        {JUDGE_WORD, 0, "ad", "root adm", false, "root adm"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct expectation e = {
            .judge = cases[i].judge, .want = cases[i].want, .field = cases[i].field};
        check_judge(a, &e, str_from(cases[i].answer));
        if (e.ok != cases[i].ok || strcmp(e.actual, cases[i].actual) != 0)
            fail_msg("case %zu: %d '%s'", i, e.ok, e.actual);
    }
}

static const char good[] =
    "package \"openssh-server\" {\n  version = \"1:*\"\n}\n"
    "package \"no-such-package\" {\n  installed = false\n}\n"
    "service \"no-such-service\" {\n  running = false\n  enabled = false\n}\n"
    "file \"@/my file's\" {\n  mode = \"0640\"\n  owner = \"0\"\n  type = \"file\"\n"
    "  size = \"12\"\n  contains = [\"it's $x\", \"/^it.s/\", \"!absent\", \"!/^x/\"]\n"
    "  sha256 = \"2b55a8df\"\n}\n"
    "file \"@/link\" {\n  type = \"symlink\"\n  links_to = \"my file's\"\n}\n"
    "file \"@\" {\n  type = \"directory\"\n}\n"
    "file \"@/absent\" {\n  exists = false\n}\n"
    "port \"tcp:PORT\" {\n  address = \"127.0.0.1\"\n}\n"
    "port \"udp:1\" {\n  listening = false\n}\n"
    "user \"root\" {\n  uid = \"0\"\n  home = \"/root\"\n  groups = [\"root\"]\n}\n"
    "user \"nobody-here\" {\n  exists = false\n}\n"
    "group \"root\" {\n  gid = \"0\"\n}\n"
    "command \"printf 'a b'; echo e >&2; exit 3\" {\n  exit_status = 3\n  stdout = [\"a b\"]\n"
    "  stderr = [\"/^e$/\"]\n}\n"
    "command \"cat\" {}\n"
    "command \"cat /proc/*/cmdline 2>/dev/null | tr '\\\\0' ' ' | grep -c MARK[1]3\" {\n"
    "  exit_status = 1\n}\n"
    "command \"sleep 5 # MARK13\" {\n  timeout = \"1s\"\n  exit_status = 124\n}\n";

/* TEXT with the server's port for PORT. */
static char *with_port(const char *text)
{
    const char *at = strstr(text, "PORT");
    return at == NULL ? xstrdup(text)
                      : xasprintf("%.*s%d%s", (int)(at - text), text, fx.sshd.port, at + 4);
}

static void all_good(void **state)
{
    (void)state;
    if (!fx.present || getuid() != 0)
        skip();
    test_prov_put("my file's", STR("it's $x `y`\n"), 0640);
    autofree char *link = io_path_join(fx.sshd.dir, "link");
    assert_int_equal(symlink("my file's", link), 0);
    autofree char *text = with_port(good);
    autofree char *why = NULL;
    /* All but the digest, which is wrong. */
    assert_false(test_provision(&provisioner_checks, text, &why));
    if (strstr(why, "1 of 36 checks failed") == NULL)
        print_message("%s\n%s\n", fx.sink.text.buf, why);
    assert_non_null(strstr(why, "1 of 36 checks failed: file '"));
    assert_non_null(strstr(why, "sha256: expected 2b55a8df, is "));
    assert_non_null(strstr(fx.sink.text.buf, "say: 35 of 36 checks passed\n"));
    assert_non_null(strstr(fx.sink.text.buf, "err: FAIL  file '"));
}

/* A text of several lines is one text: grep would take it for several. */
static void several_lines(void **state)
{
    static const struct {
        const char *contains;
        bool ok;
    } cases[] = {
        {"[\"b\\nc*\"]", true},
        {"[\"a\\nb\\nc*\\n\"]", true},
        {"[\"b\\nc\"]", true}, /* within a line, as one of one line is */
        {"[\"a\\nc*\"]", false},
        {"[\"b\\nx\"]", false},
        {"[\"a\\n\"]", true},
        {"[\"x\\n\"]", false},  /* the empty line after it is not a text */
        {"[\"?\\nb\"]", false}, /* no pattern of the shell */
        {"[\"c*\\nd\"]", false},
        {"[\"c*\\n\\n\"]", false},
        {"[\"'$(id)'\\n\\\"\\\\\"]", true},
        {"[\"!a\\nc\"]", true},
        {"[\"!a\\nb\"]", false},
    };
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("lines", STR("a\nb\nc*\n'$(id)'\n\"\\\n"), 0644);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        autofree char *text = xasprintf("file \"@/lines\" {\n  contains = %s\n}\n"
                                        "command \"cat @/lines\" {\n  stdout = %s\n}\n",
                                        cases[i].contains, cases[i].contains);
        autofree char *why = NULL;
        bool ok = test_provision(&provisioner_checks, text, &why);
        if (ok != cases[i].ok || (!ok && strstr(why, "2 of 4 checks failed") == NULL))
            fail_msg("%s: %s", cases[i].contains, ok ? "succeeded" : why);
    }
}

static void failures(void **state)
{
    static const struct test_example examples[] = {
        {"file \"@/none\" {}", "say: 0 of 1 checks passed", "1 of 1 checks failed: file '@/"},
        {"user \"root\" {\n  shell = \"/bin/none\"\n}", NULL,
         "user 'root' shell: expected /bin/none, is /bin/bash"},
        {"port \"tcp:1\" {}", NULL, "port 'tcp:1' listening: expected true, is not listening"},
        {"command \"false\" {}", NULL, "command 'false' exit_status: expected 0, is 1"},
        {"command \"echo hello\" {\n  stdout = [\"bye\"]\n}", NULL,
         "command 'echo hello' stdout: expected bye, is hello"},
        {"command \"false\" {}\nfail = false", "warning: 1 checks failed", NULL},
        {"command \"test -e @/later || { touch @/later; false; }\" {}\nretry_timeout = \"10s\"",
         "1 of 1 checks passed", NULL},
        {"port \"tcp\" {}", NULL, "Invalid port"},
        {"port \"80\" {\n  address = \"localhost\"\n}", NULL, "no numeric address"},
        {"", NULL, "Nothing to check"},
        {"file \"/x\" {\n  contains = [\"a\", \"!/^a\\nb/\"]\n}", NULL,
         "Regular expression of several lines"},
        {"command \"x\" {\n  stderr = [\"!\"]\n}", NULL, "Nothing to look for"},
        {"file \"@/none\" {\n  contains = [\"a\\nb\"]\n}", NULL, "contains: expected a\\nb"},
        {"fille \"x\" {}", NULL, "file"},
    };
    (void)state;
    test_prov_examples(&provisioner_checks, examples, ARRAY_SIZE(examples));
}

/* --- cloud-init --- */

#define RESULT(errors)                                                                             \
    "finished\n{\"v1\": {\"datasource\": \"DataSourceNoCloud [seed=/dev/vdb]\", \"errors\": "      \
    "[" errors "]}}\n"

static void cloud_init(void **state)
{
    static const struct {
        const char *text, *answer;
        const char *said, *why;
    } cases[] = {
        {"", RESULT(""), "cloud-init has finished, data from DataSourceNoCloud [seed=/dev/vdb]",
         NULL},
        {"", RESULT("\"('scripts-user', RuntimeError())\""), "err: cloud-init error: ('scripts-",
         "cloud-init finished with 1 error: ('scripts-user', RuntimeError())"},
        {"fail_on_errors = false", RESULT("\"a\", \"b\""),
         "warning: cloud-init finished with 2 errors", NULL},
        {"datasource = \"ConfigDrive\"", RESULT(""), NULL, "not from 'ConfigDrive'"},
        {"datasource = \"NoCloud\"", RESULT(""), NULL, NULL},
        {"", "absent", "not installed in the guest: nothing to wait for", NULL},
        {"required = true", "disabled", NULL, "cloud-init is disabled in the guest"},
        {"", "finished\n{\"v1\"", NULL, "unreadable result"},
        {"", "", "not installed", NULL},
    };
    (void)state;
    if (!fx.present)
        skip();
    struct comm *real = fx.build.comm;
    struct comm_fake fake;
    comm_fake_init(&fake, &fx.build);
    fx.build.comm = &fake.comm;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct comm_fake_answer answers[] = {{"result.json", 0, 0, cases[i].answer, NULL}, {0}};
        autofree char *why = NULL;
        fake.answers = answers;
        bool ok = test_provision(&provisioner_cloud_init, cases[i].text, &why);
        if (ok != (cases[i].why == NULL) || (!ok && strstr(why, cases[i].why) == NULL))
            fail_msg("case %zu: %s", i, ok ? "succeeded" : why);
        if (cases[i].said != NULL && strstr(fx.sink.text.buf, cases[i].said) == NULL)
            fail_msg("case %zu said %s", i, fx.sink.text.buf);
    }
    comm_fake_clear(&fake);
    fx.build.comm = real;
}

int main(void)
{
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports),         cmocka_unit_test(judging),  cmocka_unit_test(all_good),
        cmocka_unit_test(several_lines), cmocka_unit_test(failures), cmocka_unit_test(cloud_init),
    };
    return cmocka_run_group_tests(tests, test_prov_set_up, test_prov_tear_down);
}
