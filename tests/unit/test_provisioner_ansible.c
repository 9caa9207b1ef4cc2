/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/ansible.h"

#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/redact.h"
#include "base/thread.h"
#include "provisioner/provisioner.h"
#include "tests/lib/provision.h"

/* The real ansible-playbook of Debian against a real sshd.  Each start of
 * Ansible costs a second or two, so one case tries much. */

static bool has_ansible(void)
{
    autofree char *found = io_find_program("ansible-playbook");
    if (fx.present && found != NULL)
        return true;
    print_message("SKIPPED: ansible-core or openssh-server is not installed\n");
    return false;
}

static void vars(void **state)
{
    static const struct {
        const char *text, *json; /* NULL: refused */
    } cases[] = {
        {"a=1", "{\"a\": \"1\"}"},
        {"a=1 b=x=y", "{\"a\": \"1\", \"b\": \"x=y\"}"},
        {"a='one two'  b=\"3 '4'\"", "{\"a\": \"one two\", \"b\": \"3 '4'\"}"},
        {"a={{ x | default('y z') }} b=2", "{\"a\": \"{{ x | default('y z') }}\", \"b\": \"2\"}"},
        {"a=x\\ny", "{\"a\": \"x\\ny\"}"},
        {"a=\\x41\\u00e9", "{\"a\": \"A\303\251\"}"},
        {"a='it\\'s'", "{\"a\": \"it's\"}"},
        {"free a=1", "{\"a\": \"1\"}"},
        {"a=", "{\"a\": \"\"}"},
        {"", "{}"},
        {"a='open", NULL},
        {"a={{ open", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        const char *json = NULL;
        assert_int_equal(ansible_parse_vars(a, str_from(cases[i].text), &json, &err),
                         cases[i].json != NULL);
        if (cases[i].json != NULL)
            assert_string_equal(json, cases[i].json);
    }
}

static void secrets_leave_the_arguments(void **state)
{
    static const struct {
        const char *args[4];
        const char *left; /* NULL: refused */
        const char *file; /* text of the first file; NULL: none */
    } cases[] = {
        {{"--become", "-e", "a=1"}, "--become -e a=1", NULL},
        {{"-e", "a=canary-81"}, "-e @/d/vars-1.yml", "{\"a\": \"canary-81\"}"},
        {{"--extra-vars=a=canary-81", "x"}, "-e @/d/vars-1.yml x", "{\"a\": \"canary-81\"}"},
        {{"-ea=canary-81"}, "-e @/d/vars-1.yml", "{\"a\": \"canary-81\"}"},
        {{"--extra-vars", "{a: canary-81}"}, "-e @/d/vars-1.yml", "{a: canary-81}"},
        {{"-e", "@canary-81"}, NULL, NULL},
        {{"--tags", "canary-81"}, NULL, NULL},
        {{"-e"}, "-e", NULL},
    };
    (void)state;
    redact_register(STR("canary-81"));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct words args = {0};
        struct ansible_files files = {0};
        for (size_t j = 0; j < 4 && cases[i].args[j] != NULL; j++)
            words_push(a, &args, cases[i].args[j]);
        bool ok = ansible_hide_secrets(a, "/d", &args, &files, &err);
        assert_int_equal(ok, cases[i].left != NULL);
        if (ok)
            assert_string_equal(prov_join(a, args.ptr, args.len), cases[i].left);
        if (cases[i].file != NULL)
            assert_string_equal(files.ptr[0].text, cases[i].file);
    }
}

static void failing_task(void **state)
{
    static const struct {
        const char *output;
        const char *error;
    } cases[] = {
        {"TASK [install nginx] ****\n"
         "fatal: [default]: FAILED! => {\"changed\": false, \"msg\": \"No package \\\"nginx\\\"\"}",
         "task 'install nginx' failed on 'default': No package \"nginx\""},
        {"TASK [one] *\nfatal: [a]: FAILED! => {\"msg\": \"x\"}\n...ignoring\nTASK [two] *",
         "status 2: a host failed"},
        {"TASK [r : cmd] *\nfatal: [a]: FAILED! => {\"msg\": \"non-zero return code\", \"stderr\": "
         "\"no such\\nfile\"}",
         "task 'r : cmd' failed on 'a': non-zero return code: no such file"},
        {"TASK [raw] *\nfatal: [a]: FAILED! => {\"msg\": \"non-zero return code\", \"stderr\": "
         "\"Warning: Permanently added 'x' (ED25519) to the list of known hosts.\\r\\nShared "
         "connection to 127.0.0.1 closed.\\r\\n\", \"stdout\": \"the reason\\r\\n\"}",
         "task 'raw' failed on 'a': non-zero return code: the reason"},
        {"\033[0;34mTASK [x] *\033[0m\n\033[0;31mfatal: [a]: FAILED! => {\"msg\": \"m\"}\033[0m",
         "task 'x' failed on 'a': m"},
        {"TASK [loop] *\nfailed: [a] (item=q) => {\"msg\": \"m\", \"item\": \"q\"}",
         "task 'loop' failed on 'a': m"},
        {"ERROR! the playbook: x.yml could not be found", "the playbook: x.yml could not be found"},
        {"", "a host failed"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(ansible_watch) struct ansible_watch w = ANSIBLE_WATCH_INIT;
        AUTO(error) struct error *err = NULL;
        str rest = str_from(cases[i].output);
        while (rest.ptr != NULL)
            ansible_watch_line(&w, false, str_next_line(&rest));
        assert_false(ansible_set_failure(&w, "site.yml", 2, &err));
        autofree char *line = error_line(err);
        if (strstr(line, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].output, line);
    }
}

static void checks(void **state)
{
    static const struct test_example examples[] = {
        {"", NULL, "playbook_file"},
        {"playbook_file = \"@/none.yml\"", NULL, "There is no such file"},
        {"playbook_file = \"@\"", NULL, "must point to a file"},
        {"playbook_file = \"@/ok.yml\"\ninventory_directory = \"@/ok.yml\"", NULL,
         "must point to a directory"},
        {"playbook_file = \"@/ok.yml\"\ncommand = \"/nonexistent/ansible-playbook\"", NULL,
         "apt-get install ansible-core"},
        {"playbook_file = \"@/ok.yml\"\ncommand = \"/nonexistent/ansible-playbook\"\n"
         "skip_version_check = true",
         NULL, "apt-get install ansible-core"},
        {"playbook_file = \"@/ok.yml\"\nansible_env_vars = [\"x\"]", NULL, "key=value"},
        {"playbook_file = \"@/ok.yml\"\nansible_proxy_key_type = \"DSA\"", NULL, "ECDSA"},
        {"playbook_file = \"@/ok.yml\"\nlocal_port = 70000", NULL, "65535"},
    };
    (void)state;
    if (!has_ansible())
        skip();
    test_prov_put("ok.yml", STR("- hosts: all\n"), 0644);
    test_prov_examples(&provisioner_ansible, examples, ARRAY_SIZE(examples));
}

static const char site[] =
    "- hosts: web\n"
    "  gather_facts: false\n"
    "  tasks:\n"
    "    - name: who\n"
    "      debug:\n"
    "        msg: 'I am {{ inventory_hostname }} {{ packer_build_name }} {{ packer_builder_type }}"
    " {{ packer_http_addr }} {{ groups | sort | join(\",\") }} {{ from_dir }} {{ ansible_user }}'\n"
    "    - name: write\n"
    "      copy:\n"
    "        content: '{{ secret }}'\n"
    "        dest: '{{ out }}'\n"
    "        mode: '0600'\n"
    "    - name: become\n"
    "      command: id -un\n"
    "      become: true\n"
    "    - name: arguments\n"
    "      shell: cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\\\0' ' ' | grep -c canary-[8]2\n"
    "      register: found\n"
    "      failed_when: found.stdout != '0'\n";

/* Nothing is left: processes, sockets, keys. */
static void assert_nothing_left(void)
{
    glob_t g;
    autofree char *pattern = xasprintf("%s/work/*", fx.sshd.dir);
    /* Other runs of this program may be under way. */
    autofree char *sockets = xasprintf("/tmp/imgfac-ssh-%d-*", (int)getpid());
    autofree char *process = xasprintf("imgfac-ssh-%d-", (int)getpid());
    assert_int_equal(glob(sockets, 0, NULL, &g), GLOB_NOMATCH);
    assert_int_equal(glob(pattern, 0, NULL, &g), GLOB_NOMATCH);
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf list = STRBUF_INIT_MAX(1 << 20);
    const char *argv[] = {"ps", "-eo", "args", NULL};
    struct proc_spec spec = {.argv = argv, .out = &list};
    assert_true(proc_run(&spec, NULL, &err));
    assert_null(strstr(list.buf, process));
}

static void plays(void **state)
{
    static const struct test_example examples[] = {
        {"playbook_file = \"@/site.yml\"\ngroups = [\"web\"]\nempty_groups = [\"none\"]\n"
         "host_alias = \"box\"\ninventory_directory = \"@/inventory\"\nuser = \"somebody\"\n"
         "extra_arguments = [\"-e\", \"secret='canary-82 {{ build_name }}'\", \"-e\", "
         "\"out=@/written\"]",
         "I am box guest test 10.0.2.2:8000 all,none,ungrouped,web dir-var somebody", NULL},
        {"playbook_file = \"@/fail.yml\"", NULL,
         "playbook 'fail.yml' failed with status 2: task 'this one fails' failed on 'default': "
         "the reason"},
    };
    (void)state;
    if (!has_ansible())
        skip();
    struct error *err = NULL;
    redact_register(STR("canary-82"));
    autofree char *group_vars = io_path_join(fx.sshd.dir, "inventory/group_vars");
    autofree char *work = io_path_join(fx.sshd.dir, "work");
    assert_true(io_mkdir_p(group_vars, 0755, &err) && io_mkdir_p(work, 0700, &err));
    fx.build.work_dir = work;
    test_prov_put("site.yml", str_from(site), 0644);
    test_prov_put("inventory/group_vars/all.yml", STR("from_dir: dir-var\n"), 0644);
    test_prov_put("fail.yml",
                  STR("- hosts: all\n  gather_facts: false\n  tasks:\n    - name: this one fails\n"
                      "      fail:\n        msg: the reason\n"),
                  0644);
    test_prov_examples(&provisioner_ansible, examples, ARRAY_SIZE(examples));
    autofree char *written = test_prov_get("written");
    assert_string_equal(written, "canary-82 guest");
    assert_null(strstr(fx.sink.text.buf, "canary"));
    assert_nothing_left();
    autofree char *inventory = io_path_join(fx.sshd.dir, "inventory/packer*");
    glob_t g;
    assert_int_equal(glob(inventory, 0, NULL, &g), GLOB_NOMATCH);
    fx.build.work_dir = NULL;
}

static void own_inventory_and_galaxy(void **state)
{
    static const struct test_example examples[] = {
        {"playbook_file = \"@/role.yml\"\ninventory_file = \"@/hosts\"\n"
         "galaxy_file = \"@/requirements.yml\"\nroles_path = \"@/roles\"\n"
         "galaxy_force_install = true\nuse_sftp = true\nuse_proxy = false\n"
         "ansible_env_vars = [\"ANSIBLE_ROLES_PATH=@/roles\", \"ANSIBLE_STDOUT_CALLBACK=minimal\"]",
         "mine via role", NULL},
        {"playbook_file = \"@/role.yml\"\ngalaxy_file = \"@/bad.yml\"\nroles_path = \"@/roles\"",
         NULL, "ansible-galaxy failed on"},
    };
    (void)state;
    if (!has_ansible())
        skip();
    struct error *err = NULL;
    autofree char *tasks = io_path_join(fx.sshd.dir, "r1/tasks");
    autofree char *meta = io_path_join(fx.sshd.dir, "r1/meta");
    assert_true(io_mkdir_p(tasks, 0755, &err) && io_mkdir_p(meta, 0755, &err));
    test_prov_put("r1/tasks/main.yml",
                  STR("- ping:\n- debug: msg='{{ inventory_hostname }} via role'\n"), 0644);
    test_prov_put("r1/meta/main.yml",
                  STR("galaxy_info:\n  author: x\n  description: x\n  license: x\n"
                      "  min_ansible_version: '2.1'\ndependencies: []\n"),
                  0644);
    autofree char *tar = xasprintf("%s/r1.tar.gz", fx.sshd.dir);
    const char *argv[] = {"tar", "-czf", tar, "-C", fx.sshd.dir, "r1", NULL};
    struct proc_spec spec = {.argv = argv};
    assert_true(proc_run(&spec, NULL, &err));
    autofree char *good = xasprintf("- src: %s\n  name: r1\n", tar);
    test_prov_put("requirements.yml", str_from(good), 0644);
    test_prov_put("bad.yml", STR("- src: /nonexistent/r.tar.gz\n  name: r2\n"), 0644);
    test_prov_put("hosts", STR("mine ansible_host=192.0.2.1 ansible_port=1\n"), 0644);
    test_prov_put("role.yml", STR("- hosts: all\n  gather_facts: false\n  roles: [r1]\n"), 0644);
    test_prov_examples(&provisioner_ansible, examples, ARRAY_SIZE(examples));
    assert_nothing_left();
}

static void shell_words(void **state)
{
    static const struct {
        const char *text, *words; /* NULL: a shell would do more */
    } cases[] = {
        {"a b  c", "a|b|c"},
        {"-e 'a b' \"c d\"e", "-e|a b|c de"},
        {"'it'\"'\"'s' a\\ b \"q\\\"\\x\"", "it's|a b|q\"\\x"},
        {"'$x `y` *' ''", "$x `y` *|"},
        {"$x", NULL},
        {"\"`y`\"", NULL},
        {"a;b", NULL},
        {"a *", NULL},
        {"'open", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        struct words words = {0};
        bool ok = prov_split_shell(a, str_from(cases[i].text), &words);
        assert_int_equal(ok, cases[i].words != NULL);
        for (size_t j = 0; ok && j < words.len; j++)
            strbuf_addf(&sb, "%s%s", j > 0 ? "|" : "", words.ptr[j]);
        if (ok)
            assert_string_equal(sb.buf, cases[i].words);
    }
}

static void make_dir(const char *name)
{
    struct error *err = NULL;
    autofree char *path = io_path_join(fx.sshd.dir, name);
    assert_true(io_mkdir_p(path, 0755, &err));
}

static void local_checks(void **state)
{
    static const struct test_example examples[] = {
        {"", NULL, "Either playbook_file or playbook_files must be specified"},
        {"playbook_file = \"@/l/site.yml\"\nplaybook_files = [\"x\"]", NULL, "playbook_files"},
        {"playbook_file = \"@/l/none.yml\"", NULL, "There is no such file"},
        {"playbook_file = \"@/l/site.yml\"\nrole_paths = [\"@/l/site.yml\"]", NULL,
         "must point to a directory"},
        {"playbook_file = \"@/l/site.yml\"\nstaging_directory = \"@/s\"\n"
         "command = \"no-such-ansible\"",
         NULL, "apt-get install -y ansible-core"},
        {"playbook_file = \"@/l/site.yml\"\nstaging_directory = \"@/s\"\n"
         "extra_arguments = [\"--tags\", \"canary-83\"]",
         NULL, "argument 2 of extra_arguments holds a sensitive value"},
        {"playbook_file = \"@/l/site.yml\"\nstaging_directory = \"/proc/x\"", NULL,
         "cannot make '/proc/x' in the guest"},
    };
    (void)state;
    if (!has_ansible())
        skip();
    make_dir("l");
    redact_register(STR("canary-83"));
    test_prov_put("l/site.yml", STR("- hosts: all\n"), 0644);
    test_prov_examples(&provisioner_ansible_local, examples, ARRAY_SIZE(examples));
}

static void plays_in_the_guest(void **state)
{
    static const struct test_example examples[] = {
        {"playbook_files = [\"@/my play/site.yml\", \"@/other.yml\"]\n"
         "playbook_dir = \"@/my play\"\n"
         "role_paths = [\"@/l/r1/\"]\ngroup_vars = \"@/l/gv\"\n"
         "inventory_groups = [\"web, db\", \"x\"]\nstaging_directory = \"@/sta ging\"\n"
         "command = \"ANSIBLE_NOCOLOR=1 ansible-playbook\"\n"
         "extra_arguments = [\"-e\", \"\\\"secret='canary-83'\\\"\", \"-e out=@/local\"]",
         "db,ungrouped,web,x gv role test", NULL},
        {"playbook_file = \"@/l/fail.yml\"\nstaging_directory = \"@/s2\"", NULL,
         "playbook 'fail.yml' failed with status 2: task 'bad one' failed on '127.0.0.1': no"},
    };
    (void)state;
    if (!has_ansible())
        skip();
    make_dir("my play");
    make_dir("l/gv");
    make_dir("l/r1/tasks");
    test_prov_put("my play/site.yml", STR("- hosts: web\n  gather_facts: false\n  roles: [r1]\n"),
                  0644);
    test_prov_put("other.yml",
                  STR("- hosts: web\n  gather_facts: false\n  tasks:\n    - name: keep\n"
                      "      copy: {content: '{{ secret }}', dest: '{{ out }}'}\n"
                      "    - name: arguments\n"
                      "      shell: cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c"
                      " canary-[8]3\n"
                      "      register: found\n"
                      "      failed_when: found.stdout != '0'\n"),
                  0644);
    test_prov_put("l/gv/web.yml", STR("from_gv: gv\n"), 0644);
    test_prov_put("l/r1/tasks/main.yml",
                  STR("- debug: msg='{{ groups | sort | join(\",\") }} {{ from_gv }} role {{ "
                      "packer_builder_type }}'\n"),
                  0644);
    test_prov_put("l/fail.yml",
                  STR("- hosts: all\n  gather_facts: false\n  tasks:\n    - name: bad one\n"
                      "      fail: msg=no\n"),
                  0644);
    test_prov_examples(&provisioner_ansible_local, examples, ARRAY_SIZE(examples));
    autofree char *written = test_prov_get("local");
    assert_string_equal(written, "canary-83");
    assert_null(strstr(fx.sink.text.buf, "canary"));
    autofree char *vars_file = io_path_join(fx.sshd.dir, "sta ging/vars-1.yml");
    assert_false(io_exists(vars_file));
}

static void *trigger_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    while (strstr(fx.sink.text.buf, "TASK [hang]") == NULL)
        cancel_sleep(pace, 20 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

static void cancelled(void **state)
{
    (void)state;
    if (!has_ansible())
        skip();
    test_prov_put("hang.yml",
                  STR("- hosts: all\n  gather_facts: false\n  tasks:\n    - name: hang\n"
                      "      pause: seconds=60\n"),
                  0644);
    AUTO(cancel) struct cancel *step = cancel_new(fx.cancel);
    autofree char *why = NULL;
    fx.build.guest = step;
    pthread_t t = thread_start("trigger", trigger_later, step);
    assert_false(test_provision(&provisioner_ansible, "playbook_file = \"@/hang.yml\"", &why));
    pthread_join(t, NULL);
    fx.build.guest = NULL;
    assert_non_null(strstr(why, "cancelled"));
    assert_nothing_left();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vars),         cmocka_unit_test(secrets_leave_the_arguments),
        cmocka_unit_test(failing_task), cmocka_unit_test(checks),
        cmocka_unit_test(plays),        cmocka_unit_test(own_inventory_and_galaxy),
        cmocka_unit_test(cancelled),    cmocka_unit_test(shell_words),
        cmocka_unit_test(local_checks), cmocka_unit_test(plays_in_the_guest),
    };
    return cmocka_run_group_tests(tests, test_prov_set_up, test_prov_tear_down);
}
