/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/chef.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/redact.h"
#include "provisioner/provisioner.h"
#include "tests/lib/provision.h"

/* Chef is not in Debian 12: programs of its names record their arguments and
 * the files these name. */

static const char recorder[] =
    "#!/bin/sh\n"
    "echo \"${0##*/} $*\"\n"
    "while [ $# -gt 0 ]; do\n"
    "  case $1 in -c|-j) echo \"$1 $(stat -c %a \"$2\")\"; cat \"$2\";;\n"
    "  esac; shift\ndone\n";

static void make_dir(const char *name)
{
    struct error *err = NULL;
    autofree char *path = io_path_join(fx.sshd.dir, name);
    assert_true(io_mkdir_p(path, 0755, &err));
}

static int set_up(void **state)
{
    int rc = test_prov_set_up(state);
    if (rc != 0 || !fx.present)
        return rc;
    static const char *const dirs[] = {"bin", "cb/web", "roles", "bags", "envs"};
    static const char *const tools[] = {"bin/chef-solo", "bin/chef-client", "bin/knife"};
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        make_dir(dirs[i]);
    for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
        test_prov_put(tools[i], str_from(recorder), 0755);
    test_prov_put("bin/sudo", STR("#!/bin/sh\n[ \"$1\" != -E ] || shift\nexec \"$@\"\n"), 0755);
    test_prov_put("cb/web/metadata.rb", STR("name 'web'\n"), 0644);
    test_prov_put("roles/r.json", STR("{}\n"), 0644);
    test_prov_put("secret", STR("bag secret\n"), 0600);
    test_prov_put("validation.pem", STR("validation key\n"), 0600);
    test_prov_put("own.rb", STR("own {{.ChefEnvironment}}\n"), 0644);
    redact_register(STR("canary-87"));
    return 0;
}

static void solo(void **state)
{
    static const struct test_example examples[] = {
        {"cookbook_paths = [\"@/cb\"]\nremote_cookbook_paths = [\"/srv/cb\"]\n"
         "roles_path = \"@/roles\"\ndata_bags_path = \"@/bags\"\nenvironments_path = \"@/envs\"\n"
         "encrypted_data_bag_secret_path = \"@/secret\"\nchef_environment = \"prod\"\n"
         "chef_license = \"accept\"\nrun_list = [\"recipe[web]\", \"role[r]\"]\n"
         "json = { a = { b = 1, c = \"x\" } }\nskip_install = true\nprevent_sudo = true\n"
         "staging_directory = \"@/s\"",
         "out: -c 644\n"
         "out: chef_license \"accept\"\n"
         "out: cookbook_path [\"/srv/cb\", \"@/",
         NULL},
        {"cookbook_paths = [\"@/cb\"]\nrun_list = [\"recipe[web]\", \"role[r]\"]\n"
         "json = { a = { b = 1, c = \"x\" } }\nskip_install = true\nstaging_directory = \"@/s\"",
         "out: -j 600\n"
         "out: {\"a\":{\"b\":1,\"c\":\"x\"},\"run_list\":[\"recipe[web]\",\"role[r]\"]}\n",
         NULL},
        {"run_list = [\"recipe[web]\"]\nskip_install = true\nstaging_directory = \"@/s\"",
         "out: {\"run_list\":[\"recipe[web]\"]}\n", NULL},
        {"json = { key = \"canary-87\" }\nskip_install = true\nstaging_directory = \"@/s\"",
         "out: {\"key\":\"<sensitive>\"}\n", NULL},
        {"skip_install = true\nconfig_template = \"@/own.rb\"\nchef_environment = \"e\"\n"
         "staging_directory = \"@/s\"",
         "out: own e\n", NULL},
        {"install_command = \"echo install {{.Sudo}} {{.Version}}\"\nversion = \"17\"\n"
         "staging_directory = \"@/s\"",
         "out: install true 17\n", NULL},
        {"install_command = \"exit 4\"\nstaging_directory = \"@/s\"", NULL,
         "the installation of Chef failed: it ended with status 4"},
        {"execute_command = \"echo broken >&2; exit 3\"\nskip_install = true\n"
         "staging_directory = \"@/s\"",
         NULL, "Chef failed: it ended with status 3; its last error line: broken"},
        {"cookbook_paths = [\"@/none\"]", NULL, "cookbook_paths: @/"},
        {"json = [1]", NULL, "json must be an object"},
        {"guest_os_type = \"vms\"", NULL, "guest_os_type"},
    };
    (void)state;
    test_prov_examples(&provisioner_chef_solo, examples, ARRAY_SIZE(examples));
    autofree char *cookbook = test_prov_get("s/cookbooks-0/web/metadata.rb");
    assert_string_equal(cookbook, "name 'web'\n");
    autofree char *role = test_prov_get("s/roles/r.json");
    assert_string_equal(role, "{}\n");
    autofree char *secret = test_prov_get("s/encrypted_data_bag_secret");
    assert_string_equal(secret, "bag secret\n");
    autofree char *config = test_prov_get("s/solo.rb");
    assert_string_equal(config, "cookbook_path []\n");
}

static void client(void **state)
{
    static const struct test_example examples[] = {
        {"server_url = \"https://c.example\"\nnode_name = \"n1\"\nskip_install = true\n"
         "validation_key_path = \"@/validation.pem\"\nrun_list = [\"recipe[web]\"]\n"
         "policy_name = \"p\"\npolicy_group = \"g\"\nssl_verify_mode = \"verify_none\"\n"
         "trusted_certs_dir = \"/certs\"\nchef_environment = \"prod\"\n"
         "staging_directory = \"@/client-test\"",
         "out: -c 644\n"
         "out: log_level        :info\n"
         "out: log_location     STDOUT\n"
         "out: chef_server_url  \"https://c.example\"\n"
         "out: client_key       \"@/client-test/client.pem\"\n"
         "out: validation_client_name \"chef-validator\"\n"
         "out: validation_key \"@/client-test/validation.pem\"\n"
         "out: node_name \"n1\"\n"
         "out: environment \"prod\"\n"
         "out: policy_group \"g\"\n"
         "out: policy_name \"p\"\n"
         "out: ssl_verify_mode :verify_none\n"
         "out: trusted_certs_dir \"/certs\"\n"
         "out: -j 600\n"
         "out: {\"run_list\":[\"recipe[web]\"]}\n",
         NULL},
        {"server_url = \"u\"\nnode_name = \"n1\"\nskip_install = true\n"
         "staging_directory = \"@/sc\"\nskip_clean_staging_directory = true",
         "out: knife client delete n1 -y -c @/", NULL},
        {"server_url = \"u\"\nskip_install = true\nstaging_directory = \"@/sc\"\n"
         "skip_clean_node = true\nskip_clean_client = true\nknife_command = \"exit 9\"\n"
         "client_key = \"/k.pem\"",
         "out: client_key       \"/k.pem\"\nout: node_name \"packer-", NULL},
        {"server_url = \"u\"\nskip_install = true\nstaging_directory = \"@/sc\"\n"
         "knife_command = \"exit 9\"",
         NULL, "cannot remove the node from the Chef server: knife failed"},
        {"server_url = \"u\"\nskip_install = true\nstaging_directory = \"@/sc\"\n"
         "execute_command = \"exit 3\"",
         "out: knife node delete packer-", "Chef failed: it ended with status 3"},
        {"", NULL, "server_url"},
        {"server_url = \"u\"\npolicy_name = \"p\"", NULL, "policy_group"},
        {"server_url = \"u\"\nvalidation_key_path = \"@/none\"", NULL, "There is no such file"},
    };
    (void)state;
    test_prov_examples(&provisioner_chef_client, examples, ARRAY_SIZE(examples));
    autofree char *staging = io_path_join(fx.sshd.dir, "client-test");
    assert_false(io_exists(staging));
    autofree char *knife = test_prov_get("sc/knife.rb");
    assert_non_null(strstr(knife, "chef_server_url  \"u\"\n"));
}

int main(void)
{
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solo),
        cmocka_unit_test(client),
    };
    return cmocka_run_group_tests(tests, set_up, test_prov_tear_down);
}
