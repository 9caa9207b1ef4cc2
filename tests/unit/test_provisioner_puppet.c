/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/puppet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/redact.h"
#include "provisioner/provisioner.h"
#include "tests/lib/provision.h"

/* puppet-masterless with the real puppet of Debian, puppet-server with a
 * recorder in its place. */

static void make_dir(const char *name)
{
    struct error *err = NULL;
    autofree char *path = io_path_join(fx.sshd.dir, name);
    assert_true(io_mkdir_p(path, 0755, &err));
}

static void write_files(void)
{
    make_dir("mod/hello/manifests");
    make_dir("certs");
    make_dir("keys");
    make_dir("recorder");
    autofree char *site =
        xasprintf("include hello\n"
                  "file { '%s/made': content => \"${facts['role']} ${facts['packer_build_name']}\" "
                  "}\n",
                  fx.sshd.dir);
    test_prov_put("site.pp", str_from(site), 0644);
    test_prov_put("mod/hello/manifests/init.pp", STR("class hello { notice('hello module') }\n"),
                  0644);
    test_prov_put("bad.pp", STR("fail('the reason')\n"), 0644);
    test_prov_put("hiera.yaml", STR("version: 5\n"), 0644);
    test_prov_put("certs/c.pem", STR("cert\n"), 0644);
    test_prov_put("keys/k.pem", STR("key\n"), 0600);
    test_prov_put("recorder/puppet",
                  STR("#!/bin/sh\necho \"fact $FACTER_role\"\nfor a; do echo \"arg $a\"; done\n"
                      "echo \"cwd $(pwd)\"; exit 2\n"),
                  0755);
}

static void masterless(void **state)
{
    static const struct test_example examples[] = {
        {"manifest_file = \"@/site.pp\"\nmodule_paths = [\"@/mod\"]\nprevent_sudo = true\n"
         "facter = { role = \"it's canary-85\" }\nstaging_directory = \"@/st\"\n"
         "hiera_config_path = \"@/hiera.yaml\"\nextra_arguments = [\"--color=false\"]\n"
         "clean_staging_directory = true",
         "hello module", NULL},
        {"manifest_file = \"@/bad.pp\"\nprevent_sudo = true\nstaging_directory = \"@/st\"", NULL,
         "Puppet failed: it ended with status 1; its last error line: "},
    };
    (void)state;
    autofree char *puppet = io_find_program("puppet");
    if (!fx.present || puppet == NULL) {
        print_message("SKIPPED: puppet-agent or openssh-server is not installed\n");
        skip();
    }
    write_files();
    redact_register(STR("canary-85"));
    test_prov_examples(&provisioner_puppet_masterless, examples, 1);
    autofree char *made = test_prov_get("made");
    assert_string_equal(made, "it's canary-85 guest");
    assert_null(strstr(fx.sink.text.buf, "canary"));
    autofree char *staging = io_path_join(fx.sshd.dir, "st");
    assert_false(io_exists(staging));
    test_prov_examples(&provisioner_puppet_masterless, examples + 1, 1);
}

/* What is sent, without starting Ruby. */
static void command_lines(void **state)
{
    static const struct test_example masterless_examples[] = {
        {"manifest_file = \"@/mod\"\nprevent_sudo = true\nstaging_directory = \"@/st 2\"\n"
         "working_directory = \"@/certs\"\npuppet_bin_dir = \"@/recorder\"",
         "/st 2/manifests\n", NULL},
        {"manifest_file = \"@/site.pp\"\nexecute_command = \"echo {{.Sudo}}{{.ModulePath}} "
         "{{.ManifestFile}}\"\nstaging_directory = \"@/st\"\nmodule_paths = [\"@/mod\", \"@/mod\"]",
         "out: true", NULL},
        {"manifest_file = \"@/site.pp\"\nexecute_command = \"exit 6\"\nprevent_sudo = true\n"
         "staging_directory = \"@/st\"\nignore_exit_codes = true",
         NULL, NULL},
        {"manifest_file = \"@/site.pp\"\nexecute_command = \"exit 6\"\nprevent_sudo = true\n"
         "staging_directory = \"@/st\"",
         NULL, "Puppet failed: it ended with status 6"},
        {"manifest_file = \"@/site.pp\"\npuppet_bin_dir = \"/none\"\nprevent_sudo = true\n"
         "staging_directory = \"@/st\"",
         NULL, "Puppet is not installed in the guest"},
        {"manifest_file = \"@/site.pp\"\nfacter = { \"a b\" = \"1\" }\nprevent_sudo = true", NULL,
         "cannot be the name of a fact"},
        {"manifest_file = \"@/site.pp\"\nextra_arguments = [\"--x=canary-86\"]\n"
         "prevent_sudo = true",
         NULL, "extra_arguments holds a sensitive value"},
        {"manifest_file = \"@/none.pp\"", NULL, "There is no such file"},
        {"manifest_file = \"@/site.pp\"\nmodule_paths = [\"@/site.pp\"]", NULL,
         "must point to a directory"},
        {"manifest_file = \"@/site.pp\"\nguest_os_type = \"vms\"", NULL, "guest_os_type"},
        {"", NULL, "manifest_file"},
    };
    static const struct test_example server_examples[] = {
        {"puppet_server = \"p.example\"\npuppet_node = \"n\"\nclient_cert_path = \"@/certs\"\n"
         "client_private_key_path = \"@/keys\"\nprevent_sudo = true\npuppet_bin_dir = \"@/recorder\"\n"
         "staging_dir = \"@/sts\"\nfacter = { role = \"web\" }\nextra_arguments = [\"--noop\"]",
         "out: fact web\nout: arg agent\nout: arg --onetime\nout: arg --no-daemonize\nout: arg "
         "--logdest=console\nout: arg "
         "--detailed-exitcodes\nout: arg --server=p.example\nout: arg --certname=n\nout: arg "
         "--certdir=@/",
         NULL},
        {"client_cert_path = \"@/none\"", NULL, "There is no such file or directory"},
    };
    (void)state;
    if (!fx.present)
        skip();
    write_files();
    redact_register(STR("canary-86"));
    test_prov_examples(&provisioner_puppet_masterless, masterless_examples,
                       ARRAY_SIZE(masterless_examples));
    test_prov_examples(&provisioner_puppet_server, server_examples, ARRAY_SIZE(server_examples));
    autofree char *key = test_prov_get("sts/private_keys/k.pem");
    assert_string_equal(key, "key\n");
}

int main(void)
{
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masterless),
        cmocka_unit_test(command_lines),
    };
    return cmocka_run_group_tests(tests, test_prov_set_up, test_prov_tear_down);
}
