/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "hcl/diag.h"
#include "hcl/parse.h"
#include "plug/registry.h"
#include "tests/lib/provision.h"

static void shell(void **state)
{
    static const struct test_example examples[] = {
        {"inline = [\"echo one\", \"echo two >&2\"]", "out: one\n", NULL},
        /* Small scripts travel line by line, others as they are. */
        {"inline = [\"\", \"\\t: <<E\", \"+\", \"- .\", \"E\", \"stat -c %a $0; wc -c <$0\", \"\", \"\"]",
         "out: 755\nout: 56\n", NULL},
        {"inline = [\"stat -c %a $0; printf 'a\\\\nb\\\\n'\"]", "out: 755\nout: a\nout: b\n", NULL},
        {"inline = [\"wc -c <$0; : ${join(\"\", [for i in range(300) : \"x\"])}\"]", "out: 327\n",
         NULL},
        /* The login shell became the script; with an environment a shell waits for it. */
        {"inline = [\"ps -o comm= -p $PPID; stat -c %a $0; cat\"]", "out: sshd", NULL},
        {"inline = [\"ps -o comm= -p $PPID\"]\nenv = { A = \"1\" }", "out: sh\n", NULL},
        {"inline = [\"rm $0; echo gone\"]", "out: gone\n", NULL},
        {"inline = [\"exit 7\"]\nremote_path = \"@/direct\"", NULL, "status 7 (allowed: 0)"},
        {"inline = [\"test ! -e @/direct\"]\nexecute_command = \"sh {{.Path}}\"", NULL, NULL},
        {"inline = [\"echo hello\"]", "say: Provisioning with shell script: inline\n", NULL},
        {"inline = [\"false\", \"echo not reached\"]", NULL,
         "shell script 'inline' failed: script exited with status 1 (allowed: 0)"},
        {"inline = [\"echo reason >&2; exit 3\"]", "err: reason\n",
         "status 3 (allowed: 0); its last error line: reason"},
        {"inline = [\"printf '\\\\033[1;31mcolour\\\\033[0m\\\\n\\\\033[0m\\\\n' >&2; exit 3\"]",
         NULL, "its last error line: colour"},
        {"inline = [\"exit 3\"]\nvalid_exit_codes = [0, 3]", NULL, NULL},
        {"inline = [\"exit 0\"]\nvalid_exit_codes = [4, 5]", NULL, "status 0 (allowed: 4, 5)"},
        {"inline = [\"nonexistent-command\"]", NULL, "127: a command or the interpreter"},
        {"inline = [\"kill -9 $$\"]", NULL, "status 137"},
        {"inline = [\"#!/bin/cat\", \"as is\"]", "out: as is\n", NULL},
        {"inline = [\"echo $-\"]\ninline_shebang = \"/bin/sh -eu\"", "out: ue", NULL},
        {"inline = [\"echo $A; echo \\\"$B\\\"\"]\nenvironment_vars = [\"A=1\", \"B=it's $HOME `x` "
         "\\\\\\\\ {{build_name}}\"]",
         "out: 1\nout: it's $HOME `x` \\ guest\n", NULL},
        {"inline = [\"echo $A$B\"]\nenvironment_vars = [\"A=1\", \"B=1\"]\nenv = { A = \"2\" }",
         "out: 21\n", NULL},
        {"inline = [\"printf '%s\\\\n' \\\"$A\\\"\"]\nenv = { A = \"two\\nlines\" }",
         "out: two\nout: lines\n", NULL},
        {"inline = [\"env | grep -E '^(PACKER|IMGFAC)_' | sort | tr '\\\\n' ' '\"]",
         "IMGFAC_BUILDER_TYPE=test IMGFAC_BUILD_NAME=guest IMGFAC_HTTP_ADDR=10.0.2.2:8000 ", NULL},
        {"inline = [\"env | grep -c ^_i || true\"]", "out: 0\n", NULL},
        {"inline = [\"cat; echo end\"]", "out: end\n", NULL},
        {"inline = [\"echo {{ build `Host` }} {{.PackerRunUUID}}\"]", "out: 127.0.0.1 11111111-",
         NULL},
        {"inline = [\"echo $0; stat -c %a '@/my script.sh'\"]\nremote_path = \"@/my script.sh\"\n"
         "execute_command = \"{{.Vars}} '{{.Path}}'\"",
         "my script.sh\nout: 755\n", NULL},
        {"inline = [\"echo $0\"]\nremote_folder = \"@\"\nremote_file = \"x.sh\"", "/x.sh\n", NULL},
        {"inline = [\"true\"]\nremote_path = \"@/kept\"\nskip_clean = true", NULL, NULL},
        {"inline = [\"test -x @/kept && test ! -e '@/my script.sh' && test ! -e @/x.sh\"]", NULL,
         NULL},
        {"inline = [\"true\"]\nremote_path = \"/nonexistent/x\"\nstart_retry_timeout = \"1s\"",
         NULL, "did not take the script as '/nonexistent/x': "},
        {"inline = [\"echo $A $B\"]\nuse_env_var_file = true\nenvironment_vars = [\"A=x y\", "
         "\"B=it's\"]",
         "out: x y it's\n", NULL},
        {"inline = [\"echo $A; stat -c %a @/varfile*\"]\nuse_env_var_file = true\nenv = { A = "
         "\"1\" }\nremote_folder = \"@\"",
         "out: 1\nout: 600\n", NULL},
        {"inline = [\"test -z \\\"$(ls @ | grep varfile)\\\"\"]", NULL, NULL},
        {"inline = [\"echo $A\"]\nexecute_command = \"[[ -n x ]] && env {{.Vars}} sh -x {{.Path}}\"\nenv = { A = \"5\" }",
         "out: 5\n", NULL},
        {"inline = [\"echo $X\"]\nenv = { X = \"1\" }\nenv_var_format = \"%s=%[2]s%% \"",
         "out: 1%\n", NULL},
        {"inline = [\"x\"]\nenv_var_format = \"%s\"", NULL, "Invalid env_var_format"},
        {"inline = [\"x\"]\nenvironment_vars = [\"novalue\"]", NULL, "not in format 'key=value'"},
        {"inline = [\"x\"]\nenv = { \"a b\" = \"1\" }", NULL, "cannot be the name"},
        {"", NULL, "Either a script file or inline script must be specified"},
        {"script = \"@/nonexistent\"", NULL, "Bad script"},
        {"inline = [\"x\"]\nexecute_command = \"{{.Nosuch}}\"", NULL, "no field .Nosuch"},
        {"inline = [\"x\"]\nexecute_command = \"{{.Path\"", NULL, "Invalid template"},
        {"inline = [\"kill -9 $(ps -o ppid= -p $PPID)\", \"sleep 5\"]\nremote_path = \"@/dead\"\n"
         "execute_command = \"kill -9 $PPID\"",
         NULL, "script disconnected unexpectedly"},
        {"inline = [\"true\"]\nremote_path = \"@/dead\"\nexecute_command = \"kill -9 $PPID\"\n"
         "expect_disconnect = true",
         NULL, NULL},
        {"inline = [\"test ! -e @/dead\"]\npause_after = \"10ms\"", "say: Pausing 10ms after",
         NULL},
    };
    (void)state;
    test_prov_examples(&provisioner_shell, examples, ARRAY_SIZE(examples));
}

static void shell_scripts(void **state)
{
    static const struct test_example examples[] = {
        {"script = \"@/dos.sh\"", "out: dos\nout: last\n", NULL},
        {"script = \"@/dos.sh\"\nbinary = true", NULL, "failed"},
        {"scripts = [\"@/a.sh\", \"@/b.sh\"]", "a.sh\nout: a\nsay: Provisioning", NULL},
        {"scripts = [\"@/fail.sh\", \"@/b.sh\"]", NULL,
         "fail.sh' failed: script exited with status"},
        {"script = \"@/bytes.sh\"", "out: 255 bytes\n", NULL},
        {"scripts = [\"@/a.sh\"]\ninline = [\"x\"]", NULL, "inline"},
    };
    struct strbuf bytes = STRBUF_INIT;
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("dos.sh", STR("#!/bin/sh\r\necho dos\r\necho last"), 0644);
    test_prov_put("a.sh", STR("echo a\n"), 0644);
    test_prov_put("b.sh", STR("echo b\n"), 0644);
    test_prov_put("fail.sh", STR("exit 9\n"), 0644);
    /* Every byte but NUL and CR LF arrives as it is. */
    strbuf_adds(&bytes, "tail -n 1 \"$0\" | wc -c | tr -d '\\n'; echo ' bytes'; exit\n");
    for (int c = 1; c < 256; c++)
        strbuf_addc(&bytes, c == '\n' ? 'n' : (char)c);
    strbuf_truncate(&bytes, bytes.len - 1);
    test_prov_put("bytes.sh", strbuf_str(&bytes), 0644);
    strbuf_clear(&bytes);
    test_prov_examples(&provisioner_shell, examples, ARRAY_SIZE(examples));
}

/* Bytes in the environment, through `read` of the guest's shell. */
static void shell_env_keeps_bytes(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    autofree char *why = NULL;
    bool ok = test_provision(
        &provisioner_shell,
        "inline = [\"printf %s \\\"$A\\\" >@/env-a\"]\n"
        "env = { A = \"\\u00c1\\u0081\\u0088\\u00fc\\t \\\\\\\\ $x `y` 'z' \\\"q\\\" \" }",
        &why);
    if (!ok)
        fail_msg("%s", why);
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    autofree char *path = io_path_join(fx.sshd.dir, "env-a");
    assert_true(io_read_file(path, 1000, &text, &err));
    assert_string_equal(text.buf, "\303\201\302\201\302\210\303\274\t \\\\ $x `y` 'z' \"q\" ");
}

static void secrets_are_not_in_arguments(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    static const struct test_example examples[] = {
        {"inline = [\"test $SECRET = canary-71 && ! cat /proc/[0-9]*/cmdline | tr '\\\\0' ' ' | "
         "grep canary-[7]1\"]\nenv = { SECRET = \"canary-71\" }",
         NULL, NULL},
    };
    test_prov_examples(&provisioner_shell, examples, ARRAY_SIZE(examples));
    assert_null(strstr(fx.sink.text.buf, "canary"));
}

static void shell_local(void **state)
{
    static const struct test_example examples[] = {
        {"inline = [\"echo one\", \"echo two >&2\"]", "out: one\n", NULL},
        {"command = \"echo $A {{build_type}}\"\nenvironment_vars = [\"A=it's\"]",
         "out: it's test\n", NULL},
        {"inline = [\"exit 4\"]", NULL,
         "local shell script 'inline' failed: script exited with status 4 (allowed: 0)"},
        {"inline = [\"exit 4\"]\nvalid_exit_codes = [4]", NULL, NULL},
        {"script = \"@/local.sh\"", "out: local guest\n", NULL},
        {"script = \"@/two words.sh\"", "out: spaces\n", NULL},
        {"script = \"@/plain.sh\"", NULL, "126"},
        {"inline = [\"echo x\"]\nonly_on = [\"windows\"]", "Skipping shell-local", NULL},
        {"inline = [\"echo x\"]\nonly_on = [\"linux\"]", "out: x\n", NULL},
        {"inline = [\"echo x\"]\nonly_on = [\"beos\"]", NULL,
         "Invalid OS specified in only_on: "
         "'beos'"},
        {"inline = [\"echo $0\"]\ntempfile_extension = \".cmd\"", ".cmd\n", NULL},
        {"inline = [\"echo $A\"]\nexecute_command = [\"/bin/sh\", \"-c\", \"{{.Vars}} {{.Script}}\"]"
         "\nenv = { A = \"1 2\" }",
         "out: 1 2\n", NULL},
        {"", NULL, "cannot all be empty"},
        {"inline = [\"x\"]\nscript = \"@/local.sh\"", NULL, "You may only specify one"},
    };
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("two words.sh", STR("#!/bin/sh\necho spaces\n"), 0755);
    test_prov_put("plain.sh", STR("echo not executable\n"), 0644);
    test_prov_put("local.sh", STR("#!/bin/sh\necho local $PACKER_BUILD_NAME\n"), 0755);
    test_prov_examples(&provisioner_shell_local, examples, ARRAY_SIZE(examples));
}

static void file(void **state)
{
    static const struct test_example examples[] = {
        {"source = \"@/up.txt\"\ndestination = \"@/up2.txt\"", "say: Uploading ", NULL},
        {"source = \"@/up.txt\"\ndestination = \"@/updir/\"", NULL, NULL},
        {"sources = [\"@/up.txt\", \"@/local.txt\"]\ndestination = \"@/updir/\"", NULL, NULL},
        {"content = \"hello {{build_name}}\\n\"\ndestination = \"@/content\"", NULL, NULL},
        {"source = \"@/updir\"\ndestination = \"@/tree\"", NULL, NULL},
        {"source = \"@/updir/\"\ndestination = \"@/flat\"", NULL, NULL},
        {"source = \"@/content\"\ndestination = \"@/new/deep/down\"\ndirection = \"download\"",
         "say: Downloading ", NULL},
        {"source = \"@/updir/\"\ndestination = \"@/downtree\"\ndirection = \"download\"", NULL,
         NULL},
        {"source = \"@/nonexistent\"\ndestination = \"/tmp/x\"", NULL, "Bad source"},
        {"source = \"@/nonexistent\"\ndestination = \"/tmp/x\"\ngenerated = true", NULL,
         "Upload failed"},
        {"source = \"@/nonexistent\"\ndestination = \"@/x\"\ndirection = \"download\"", NULL,
         "no such file"},
        {"source = \"@/up.txt\"\ndestination = \"/nonexistent/x\"", NULL, "Upload failed"},
        {"source = \"@/up.txt\"\ncontent = \"x\"\ndestination = \"/tmp/x\"", NULL, "content"},
        {"source = \"@/up.txt\"", NULL, "destination"},
        {"source = \"@/up.txt\"\ndestination = \"x\"\ndirection = \"up\"", NULL, "download"},
    };
    static const char *const made[] = {"up2.txt",           "updir/up.txt", "updir/local.txt",
                                       "tree/updir/up.txt", "flat/up.txt",  "new/deep/down",
                                       "downtree/up.txt",   "content"};
    (void)state;
    if (!fx.present)
        skip();
    struct error *err = NULL;
    struct stat st;
    autofree char *dir = io_path_join(fx.sshd.dir, "updir");
    assert_true(io_mkdir_p(dir, 0755, &err));
    test_prov_put("up.txt", STR("text\n"), 0640);
    test_prov_put("local.txt", STR("text\n"), 0640);
    test_prov_examples(&provisioner_file, examples, ARRAY_SIZE(examples));
    for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
        autofree char *path = io_path_join(fx.sshd.dir, made[i]);
        if (stat(path, &st) != 0)
            fail_msg("%s was not made", made[i]);
    }
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    autofree char *content = io_path_join(fx.sshd.dir, "content");
    assert_true(io_read_file(content, 1000, &text, &err));
    assert_string_equal(text.buf, "hello guest\n");
    assert_int_equal(stat(content, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void *trigger_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, 200 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

static void cancellation_ends_each(void **state)
{
    static const struct {
        const struct provisioner_type *type;
        const char *text;
    } cases[] = {
        {&provisioner_sleep, "duration = \"30s\""},
        {&provisioner_shell, "inline = [\"sleep 30\"]"},
        {&provisioner_shell_local, "inline = [\"exec sleep 30\"]"},
    };
    (void)state;
    if (!fx.present)
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(cancel) struct cancel *step = cancel_new(fx.cancel);
        autofree char *why = NULL;
        fx.build.guest = step;
        pthread_t t = thread_start("trigger", trigger_later, step);
        int64_t start = clock_now();
        assert_false(test_provision(cases[i].type, cases[i].text, &why));
        assert_true(clock_now() - start < 1200 * NS_PER_MS);
        assert_non_null(strstr(why, "cancelled"));
        pthread_join(t, NULL);
        fx.build.guest = NULL;
    }
}

static void breakpoint_and_sleep(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    static const struct test_example sleeps[] = {
        {"duration = \"10ms\"", NULL, NULL},
        {"", NULL, "duration"},
    };
    static const struct test_example breakpoints[] = {
        {"disable = true\nnote = \"n\"",
         "Breakpoint provisioner with note \"n\" disabled; continuing", NULL},
    };
    test_prov_examples(&provisioner_sleep, sleeps, ARRAY_SIZE(sleeps));
    test_prov_examples(&provisioner_breakpoint, breakpoints, ARRAY_SIZE(breakpoints));
}

static void one_command_costs_one_round_trip(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    int64_t start = clock_now();
    for (int i = 0; i < 10; i++) {
        autofree char *why = NULL;
        assert_true(test_provision(&provisioner_shell, "inline = [\"true\"]", &why));
    }
    print_message("shell provisioner of one command: %.1f ms\n",
                  (double)(clock_now() - start) / 10 / NS_PER_MS);
}

/* The lines of DOC that are indented by four. */
static void add_example(struct strbuf *sb, const char *doc)
{
    str rest = str_from(doc);
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (str_starts(line, STR("    ")))
            strbuf_addf(sb, "%.*s\n", STR_FMT(str_sub(line, 4, line.len)));
    }
}

static void every_page_has_an_example(void **state)
{
    (void)state;
    for (const struct provisioner_type *const *t = registry_provisioners(); *t != NULL; t++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf text = STRBUF_INIT;
        struct diags diags;
        const struct body *body;
        bool found = false;
        diags_init(&diags, a);
        add_example(&text, (*t)->doc);
        struct source_file *f = source_file_new(a, "example", strbuf_str(&text));
        if (!hcl_parse_file(a, f, &diags, &body))
            fail_msg("%s: %s", (*t)->name, diags.list.ptr[0]->summary);
        for (size_t i = 0; i < body->block_count; i++) {
            const struct block *b = &body->blocks[i];
            const struct provisioner_type *type = registry_find_provisioner(b->labels[0].value);
            assert_non_null(type);
            found = found || type == *t;
            if (!schema_check_names(b->body, type->opts, a, &diags))
                fail_msg("%s: %s", (*t)->name, diags.list.ptr[0]->detail);
        }
        if (!found)
            fail_msg("%s: no example of it", (*t)->name);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shell),
        cmocka_unit_test(shell_scripts),
        cmocka_unit_test(shell_env_keeps_bytes),
        cmocka_unit_test(secrets_are_not_in_arguments),
        cmocka_unit_test(shell_local),
        cmocka_unit_test(file),
        cmocka_unit_test(cancellation_ends_each),
        cmocka_unit_test(breakpoint_and_sleep),
        cmocka_unit_test(one_command_costs_one_round_trip),
        cmocka_unit_test(every_page_has_an_example),
    };
    return cmocka_run_group_tests(tests, test_prov_set_up, test_prov_tear_down);
}
