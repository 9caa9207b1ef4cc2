/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/windows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/redact.h"
#include "provisioner/provisioner.h"
#include "tests/fakes/comm_fake.h"
#include "tests/lib/provision.h"

/* There is no Windows here: a communicator that records shows what a guest
 * would get. */

static struct comm_fake fake;

static int set_up(void **state)
{
    int rc = test_prov_set_up(state);
    comm_close(fx.build.comm);
    fx.build.comm_config = &fx.config;
    comm_fake_init(&fake, &fx.build);
    fx.build.comm = &fake.comm;
    return rc;
}

static int tear_down(void **state)
{
    comm_fake_clear(&fake);
    return test_prov_tear_down(state);
}

struct windows_case {
    const char *text;
    struct comm_fake_answer answers[4];
    const char *sent[4]; /* each is in the record */
    const char *why;     /* in the error; NULL: succeeds */
};

static void run_cases(const struct provisioner_type *type, struct windows_case *cases, size_t count)
{
    if (!fx.present)
        skip();
    for (size_t i = 0; i < count; i++) {
        autofree char *why = NULL;
        strbuf_truncate(&fake.log, 0);
        fake.answers = cases[i].answers;
        bool ok = test_provision(type, cases[i].text, &why);
        if (ok != (cases[i].why == NULL) || (!ok && strstr(why, cases[i].why) == NULL))
            fail_msg("%s\n%s", cases[i].text, ok ? "succeeded" : why);
        for (size_t j = 0; j < 4 && cases[i].sent[j] != NULL; j++) {
            if (strstr(fake.log.buf, cases[i].sent[j]) != NULL)
                continue;
            print_message("%s\n", fake.log.buf);
            fail_msg("%s\ndid not send: %s", cases[i].text, cases[i].sent[j]);
        }
    }
}

static void powershell(void **state)
{
    static struct windows_case cases[] = {
        {"inline = [\"dir\", \"exit {{build_name}}\"]",
         {{0}},
         {"try {\n$env:IMGFAC_BUILDER_TYPE=\"test\"; ", "\ndir\nexit guest\n$exitCode = 0\n} catch",
          "run: powershell -executionpolicy bypass -file c:/Windows/Temp/script-",
          "run: powershell.exe -NoProfile -EncodedCommand "},
         NULL},
        {"inline = [\"x\"]\nenv = { A = \"a$b`c\\\"d'e\" }\nskip_clean = true",
         {{0}},
         {"$env:A=\"a`$b``c`\"d`'e\"; ", "upload: c:/Windows/Temp/packer-ps-env-vars-", " 600\n"},
         NULL},
        {"script = \"@/a b.ps1\"\nremote_path = \"c:\\\\dir\\\\my script.ps1\"\n"
         "remote_env_var_path = \"c:/e.ps1\"\ndebug_mode = 2",
         {{0}},
         {"upload: c:\\dir\\my script.ps1 644\nWrite-Host 'hi'\r\n\n--\n",
          "run: powershell -executionpolicy bypass \"& { if (Test-Path variable:global:"
          "ProgressPreference){set-variable -name variable:global:ProgressPreference -value "
          "'SilentlyContinue'};Set-PsDebug -Trace 2;. c:/e.ps1; &'c:\\dir\\my script.ps1'; exit "
          "$LastExitCode }\"\n"},
         NULL},
        {"scripts = [\"@/a b.ps1\"]\nremote_path = \"d:/\"\nuse_pwsh = true\n"
         "execution_policy = \"remotesigned\"",
         {{0}},
         {"upload: d:/script-", "run: pwsh -executionpolicy remotesigned -command \"& {"},
         NULL},
        {"inline = [\"x\"]\nexecution_policy = \"none\"\nremote_path = \"c:/s x.ps1\"",
         {{0}},
         {"run: -file \"c:/s x.ps1\"\n"},
         NULL},
        {"inline = [\"x\"]\nexecute_command = \"run {{.Path}} {{.Vars}}\"\nremote_path = \"p\"\n"
         "remote_env_var_path = \"v\"\nvalid_exit_codes = [0, 3010]",
         {{"run p v", 0, 3010, NULL, NULL}},
         {"run: run p v\n"},
         NULL},
        {"inline = [\"x\"]",
         {{"-file", 0, 5, NULL, "it broke"}},
         {NULL},
         "powershell script 'inline' failed: script exited with status 5 (allowed: 0); its last "
         "error line: it broke"},
        {"inline = [\"x\"]",
         {{"-file", 0, COMM_DISCONNECTED, NULL, NULL}},
         {NULL},
         "script disconnected unexpectedly"},
        {"inline = [\"x\"]\nstart_retry_timeout = \"1s\"",
         {{"-file", 0, -1, NULL, NULL}},
         {NULL},
         "cannot start powershell script 'inline': the fake guest"},
        {"inline = [\"x\"]", {{"-file", 1, -1, NULL, NULL}}, {"run: powershell"}, NULL},
        {"inline = [\"x\"]\nelevated_user = \"Dom\\\\Us'er & <Co>\"\n"
         "elevated_password = \"p'a$s`s\\\"w\"\nremote_path = \"c:/s.ps1\"",
         {{0}},
         {"$user = 'Dom\\Us''er & <Co>'\n$password = 'p''a$s`s\"w'\n",
          "<UserId>Dom\\Us&apos;er &amp; &lt;Co&gt;</UserId>",
          "<Arguments>/c powershell -executionpolicy bypass -file c:/s.ps1 &gt; "
          "%SYSTEMROOT%/Temp/packer-",
          "run: powershell -executionpolicy bypass -file \"C:/Windows/Temp/packer-elevated-shell-"},
         NULL},
        {"inline = [\"x\"]\nelevated_user = \"SYSTEM\"\nelevated_password = \"\"",
         {{0}},
         {"$password = ''\n"},
         NULL},
        {"inline = [\"x\"]\nelevated_password = \"x\"",
         {{0}},
         {NULL},
         "Must supply an 'elevated_user'"},
        {"inline = [\"x\"]\nexecution_policy = \"some\"", {{0}}, {NULL}, "execution_policy"},
        {"inline = [\"x\"]\ndebug_mode = 3", {{0}}, {NULL}, "debug_mode"},
        {"", {{0}}, {NULL}, "Either a script file or inline script must be specified"},
        {"script = \"@/none.ps1\"", {{0}}, {NULL}, "Bad script"},
        {"inline = [\"x\"]\nenvironment_vars = [\"x\"]", {{0}}, {NULL}, "key=value"},
    };
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("a b.ps1", STR("Write-Host 'hi'\r\n"), 0644);
    run_cases(&provisioner_powershell, cases, ARRAY_SIZE(cases));
}

static void windows_shell(void **state)
{
    static struct windows_case cases[] = {
        {"inline = [\"dir\", \"ver\"]\nenv = { A = \"1 & 2% \\\"x\\\" ^\" }",
         {{0}},
         {"upload: c:/Windows/Temp/script.bat 644\n@set A=1 ^& 2%% ^\"x^\" ^^\r\n@set "
          "IMGFAC_BUILDER_TYPE=test\r\n",
          "\r\ndir\r\nver\r\n", "run: \"c:/Windows/Temp/script.bat\"\n"},
         NULL},
        {"scripts = [\"@/a.bat\"]\nremote_path = \"d:/x y.bat\"\nenv_var_format = \"set %s=%s&\"\n"
         "env = { A = \"1\" }",
         {{0}},
         {"upload: d:/x y.bat 644\n@echo off\r\n\n--\n", "run: set A=1&set IMGFAC_BUILDER_TYPE="},
         NULL},
        {"inline = [\"x\"]\nexecute_command = \"call {{.Path}} {{.Vars}}\"\nenv = { A = \"1\" }",
         {{0}},
         {"run: call c:/Windows/Temp/script.bat set \"A=1\" && set \"IMGFAC_"},
         NULL},
        {"inline = [\"x\"]\nvalid_exit_codes = [3]", {{"script", 0, 3, NULL, NULL}}, {NULL}, NULL},
        {"inline = [\"x\"]", {{"script", 0, 3, NULL, NULL}}, {NULL}, "status 3 (allowed: 0)"},
        {"inline = [\"x\"]\nenv = { A = \"1\\n2\" }", {{0}}, {NULL}, "several lines"},
        {"", {{0}}, {NULL}, "Either a script file or inline script must be specified"},
    };
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("a.bat", STR("@echo off\r\n"), 0644);
    run_cases(&provisioner_windows_shell, cases, ARRAY_SIZE(cases));
}

static void windows_restart(void **state)
{
    static struct windows_case cases[] = {
        {"",
         {{"/t 60", 1, -1, NULL, NULL}, {"-Encoded", 0, 0, "BOX restarted.", NULL}},
         {"run: shutdown /r /f /t 0 /c \"packer restart\"\n",
          "run: shutdown /r /f /t 60 /c \"packer restart test\"\n"},
         NULL},
        {"restart_command = \"reboot\"",
         {{"reboot", 0, 1190, NULL, NULL},
          {"/t 60", 1, 0, NULL, NULL},
          {"-Encoded", 0, 0, "BOX restarted.", NULL}},
         {"run: reboot\n", "run: shutdown /a\n"},
         NULL},
        {"restart_command = \"reboot\"",
         {{"reboot", 0, 7, NULL, NULL}},
         {NULL},
         "Restart script exited with non-zero exit status: 7"},
        {"restart_timeout = \"300ms\"",
         {{"/t 60", 0, 1, NULL, NULL}, {"-Encoded", 0, -1, NULL, NULL}},
         {NULL},
         "timeout waiting for machine to restart"},
        {"restart_check_command = \"my check\"\ncheck_registry = true\nregistry_keys = [\"HKLM:X\"]",
         {{"/t 60", 0, 1, NULL, NULL}, {"-Encoded", 0, 0, "BOX restarted.", NULL}},
         {"run: my check\n"},
         NULL},
        {"restart_timeout = \"300ms\"\ncheck_registry = true",
         {{"/t 60", 0, 1, NULL, NULL}, {"-Encoded", 0, 0, "restarted. True", NULL}},
         {NULL},
         "timeout waiting"},
    };
    (void)state;
    run_cases(&provisioner_windows_restart, cases, ARRAY_SIZE(cases));
}

static void encoded(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    /* powershell.exe's own form: UTF-16LE. */
    assert_string_equal(windows_encoded(a, "a\303\251\360\237\230\200"),
                        "powershell.exe -NoProfile -EncodedCommand YQDpAD3YAN4=");
    assert_string_equal(windows_quote(a, "it's"), "'it''s'");
}

static void secrets_are_in_files_alone(void **state)
{
    static struct windows_case cases[] = {
        {"inline = [\"x\"]\nenv = { A = \"canary-84\" }", {{0}}, {NULL}, NULL},
        {"inline = [\"x\"]\nelevated_user = \"u\"\nelevated_password = \"canary-84\"",
         {{0}},
         {NULL},
         NULL},
    };
    (void)state;
    if (!fx.present)
        skip();
    redact_register(STR("canary-84"));
    for (int i = 0; i < 2; i++) {
        run_cases(i == 0 ? &provisioner_powershell : &provisioner_windows_shell, cases, 2 - i);
        str rest = strbuf_str(&fake.log);
        while (rest.ptr != NULL) {
            str line = str_next_line(&rest);
            if (str_starts(line, STR("run: ")))
                assert_true(str_find(line, STR("canary")) < 0);
        }
        assert_null(strstr(fx.sink.text.buf, "canary"));
    }
}

int main(void)
{
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powershell),
        cmocka_unit_test(windows_shell),
        cmocka_unit_test(windows_restart),
        cmocka_unit_test(encoded),
        cmocka_unit_test(secrets_are_in_files_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
