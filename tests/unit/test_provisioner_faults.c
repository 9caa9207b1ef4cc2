/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "plug/communicator.h"
#include "tests/lib/provision.h"

/* Guests and scripts that do what nobody wanted. */

static void bad_scripts(void **state)
{
    static const struct test_example examples[] = {
        {"script = \"@/it's \\\"a\\\" $x.sh\"", "out: odd name\n", NULL},
        {"script = \"@/empty.sh\"", NULL, NULL},
        {"script = \"@/open.sh\"", NULL, "failed: script exited with status"},
        {"inline = [\"head -c 4000000 /dev/urandom; echo; echo end\"]", "out: end\n", NULL},
        {"inline = [\"printf 'a\\\\303\\\\050\\\\377\\\\n'; printf '\\\\000b\\\\n'\"]",
         "out: a\303(\377\n", NULL},
        {"inline = [\"head -c 300000 /dev/zero | tr '\\\\0' x; echo; echo end\"]", "out: end\n",
         NULL},
        {"inline = [\"yes | head -c 20000000 | wc -c; yes 0123456789 | head -n 100000\", "
         "\"echo end\"]",
         "out: end\n", NULL},
        {"inline = [\"exec 1>&- 2>&-; exit 0\"]", NULL, NULL},
        {"inline = [\"sleep 30 & echo started\"]", "out: started\n", NULL},
        {"inline = [\"exit 256\"]", NULL, NULL},
        {"inline = [\"exit 255\"]", NULL, "status 255"},
    };
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("it's \"a\" $x.sh", STR("echo odd name"), 0644);
    test_prov_put("empty.sh", STR(""), 0644);
    test_prov_put("open.sh", STR("echo 'open"), 0644);
    test_prov_examples(&provisioner_shell, examples, ARRAY_SIZE(examples));
}

static void full_disk(void **state)
{
    static const struct test_example shells[] = {
        {"inline = [\"cat /proc/self/environ >/dev/full\"]", NULL, "No space left on device"},
        {"inline = [\"true\"]\nremote_path = \"/dev/full\"\nstart_retry_timeout = \"1s\"", NULL,
         "No space left on device"},
    };
    static const struct test_example files[] = {
        {"content = \"x\"\ndestination = \"/dev/full\"", NULL, "Upload failed"},
        {"source = \"/proc/self/environ\"\ndestination = \"@/d\"", NULL, NULL},
    };
    (void)state;
    test_prov_examples(&provisioner_shell, shells, ARRAY_SIZE(shells));
    test_prov_examples(&provisioner_file, files, ARRAY_SIZE(files));
}

/* sudo without a terminal cannot ask, and says so. */
static void sudo_that_asks(void **state)
{
    static const struct test_example examples[] = {
        {"inline = [\"sudo -u nobody sudo true\"]", NULL, "sudo: a password is required"},
    };
    static const struct test_example tools[] = {
        {"local_state_tree = \"@/home\"\nskip_bootstrap = true\ntemp_config_dir = \"@/t\"", NULL,
         "needs sudo without a password"},
    };
    (void)state;
    autofree char *sudo = io_find_program("sudo");
    if (!fx.present || sudo == NULL || getuid() != 0) {
        print_message("SKIPPED: sudo is not installed, or not root\n");
        skip();
    }
    test_prov_examples(&provisioner_shell, examples, ARRAY_SIZE(examples));
    struct error *err = NULL;
    autofree char *bin = io_path_join(fx.sshd.dir, "bin");
    assert_true(io_mkdir_p(bin, 0755, &err));
    test_prov_put("bin/sudo", STR("#!/bin/sh\nexec /usr/bin/sudo -u nobody /usr/bin/sudo \"$@\"\n"),
                  0755);
    test_prov_examples(&provisioner_salt_masterless, tools, ARRAY_SIZE(tools));
    autofree char *fake = io_path_join(bin, "sudo");
    assert_int_equal(unlink(fake), 0);
}

static void *restart_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    (void)arg;
    cancel_sleep(pace, 300 * NS_PER_MS);
    test_sshd_stop(&fx.sshd);
    cancel_sleep(pace, 1500 * NS_PER_MS);
    test_sshd_start(&fx.sshd, NULL);
    return NULL;
}

/* The script is cut off, nobody answers for a while, and the next provisioner
 * waits and goes on. */
static void guest_that_restarts(void **state)
{
    (void)state;
    if (!fx.present)
        skip();
    autofree char *why = NULL, *again = NULL;
    pthread_t t = thread_start("restart", restart_later, NULL);
    bool ok = test_provision(&provisioner_shell,
                             "inline = [\"true\"]\nexpect_disconnect = true\nskip_clean = true\n"
                             "execute_command = \"echo going; sleep 1; kill -9 $PPID\"",
                             &why);
    if (!ok)
        fail_msg("%s", why);
    ok = test_provision(&provisioner_shell, "inline = [\"echo back\"]", &again);
    pthread_join(t, NULL);
    if (!ok)
        fail_msg("%s", again);
    assert_non_null(strstr(fx.sink.text.buf, "out: back\n"));
}

/* A guest that allows one channel at a time: SFTP gives way to commands. */
static void one_session(void **state)
{
    static const struct test_example shells[] = {
        {"inline = [\"echo one\"]", "out: one\n", NULL},
        {"inline = [\"echo two\"]", "out: two\n", NULL},
        {"inline = [\"echo three\"]", "out: three\n", NULL},
    };
    static const struct test_example files[] = {
        {"content = \"x\"\ndestination = \"@/one\"", NULL, NULL},
    };
    struct error *err = NULL;
    (void)state;
    if (!fx.present)
        skip();
    test_sshd_stop(&fx.sshd);
    test_sshd_start(&fx.sshd, "MaxSessions 1");
    assert_true(comm_reconnect(fx.build.comm, fx.cancel, &err));
    test_prov_examples(&provisioner_shell, shells, ARRAY_SIZE(shells));
    test_prov_examples(&provisioner_file, files, ARRAY_SIZE(files));
    test_prov_examples(&provisioner_shell, shells, ARRAY_SIZE(shells));
    test_sshd_stop(&fx.sshd);
    test_sshd_start(&fx.sshd, NULL);
    assert_true(comm_reconnect(fx.build.comm, fx.cancel, &err));
}

static void *trigger_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, 300 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

/* What core's `timeout` and Ctrl-C rest on: every kind observes the token. */
static void cancellation_ends_each(void **state)
{
    static const struct {
        const struct provisioner_type *type;
        const char *text;
    } cases[] = {
        {&provisioner_powershell, "inline = [\"x\"]\nremote_path = \"@/x\"\n"
                                  "remote_env_var_path = \"@/y\"\nexecute_command = \"sleep 30\""},
        {&provisioner_windows_shell,
         "inline = [\"x\"]\nremote_path = \"@/x\"\nexecute_command = \"sleep 30\""},
        {&provisioner_windows_restart, "restart_command = \"sleep 30\""},
        {&provisioner_puppet_masterless, "manifest_file = \"@/m.pp\"\nprevent_sudo = true\n"
                                         "execute_command = \"sleep 30\""},
        {&provisioner_puppet_server, "prevent_sudo = true\nexecute_command = \"sleep 30\""},
        {&provisioner_chef_solo, "skip_install = true\nprevent_sudo = true\n"
                                 "staging_directory = \"@/c\"\nexecute_command = \"sleep 30\""},
        {&provisioner_chef_client, "server_url = \"u\"\nskip_install = true\nprevent_sudo = true\n"
                                   "staging_directory = \"@/c\"\nexecute_command = \"sleep 30\""},
        {&provisioner_salt_masterless,
         "local_state_tree = \"@/tree\"\nskip_bootstrap = true\ndisable_sudo = true\n"
         "remote_state_tree = \"@/srv\"\ntemp_config_dir = \"@/t\"\nsalt_bin_dir = \"@/slow\""},
        {&provisioner_ansible_local,
         "playbook_file = \"@/m.pp\"\nstaging_directory = \"@/al\"\ncommand = \"sleep 30; :\""},
        {&provisioner_checks, "command \"sleep 30\" {}"},
        {&provisioner_breakpoint, "disable = false"},
    };
    (void)state;
    if (!fx.present)
        skip();
    struct error *err = NULL;
    autofree char *slow = io_path_join(fx.sshd.dir, "slow");
    autofree char *tree = io_path_join(fx.sshd.dir, "tree");
    assert_true(io_mkdir_p(slow, 0755, &err) && io_mkdir_p(tree, 0755, &err));
    test_prov_put("slow/salt-call", STR("#!/bin/sh\nexec sleep 30\n"), 0755);
    test_prov_put("m.pp", STR("\n"), 0644);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(cancel) struct cancel *step = cancel_new(fx.cancel);
        autofree char *why = NULL;
        fx.build.guest = step;
        pthread_t t = thread_start("trigger", trigger_later, step);
        int64_t start = clock_now();
        bool ok = test_provision(cases[i].type, cases[i].text, &why);
        int64_t took = clock_now() - start;
        pthread_join(t, NULL);
        fx.build.guest = NULL;
        if (ok || took > 10 * NS_PER_S)
            fail_msg("%s: %s after %lld ms", cases[i].type->name, ok ? "succeeded" : why,
                     (long long)(took / NS_PER_MS));
        if (strstr(why, "cancelled") == NULL && strstr(why, "no available tty") == NULL)
            fail_msg("%s: %s", cases[i].type->name, why);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_scripts),         cmocka_unit_test(full_disk),
        cmocka_unit_test(sudo_that_asks),      cmocka_unit_test(cancellation_ends_each),
        cmocka_unit_test(guest_that_restarts), cmocka_unit_test(one_session),
    };
    return cmocka_run_group_tests(tests, test_prov_set_up, test_prov_tear_down);
}
