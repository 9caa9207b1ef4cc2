/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "tests/lib/provision.h"

/* Salt is not in Debian 12: a program of the name records its arguments.  And
 * hcp-sbom, which fetches one file. */

static void make_dir(const char *name)
{
    struct error *err = NULL;
    autofree char *path = io_path_join(fx.sshd.dir, name);
    assert_true(io_mkdir_p(path, 0755, &err));
}

static void run_shell(const char *script)
{
    struct error *err = NULL;
    const char *argv[] = {"sh", "-ec", script, NULL};
    struct proc_spec spec = {.argv = argv, .cwd = fx.sshd.dir};
    if (!proc_run(&spec, NULL, &err))
        fail_msg("%s", err->msg);
}

static void write_files(void)
{
    make_dir("bin");
    make_dir("states/.git");
    make_dir("states/web");
    make_dir("pillar");
    test_prov_put("bin/salt-call", STR("#!/bin/sh\necho \"salt-call $*\"\n"), 0755);
    test_prov_put("bin/sudo", STR("#!/bin/sh\nexec \"$@\"\n"), 0755);
    test_prov_put("states/top.sls", STR("base: {}\n"), 0644);
    test_prov_put("states/.git/config", STR("x\n"), 0644);
    test_prov_put("states/web/init.sls", STR("web: {}\n"), 0644);
    test_prov_put("pillar/top.sls", STR("base: {}\n"), 0644);
    test_prov_put("minion", STR("file_client: local\n"), 0644);
    run_shell("mkdir -p repo/nginx && cd repo && git init -q -b main && echo f >nginx/init.sls && "
              "git add . && git -c user.name=t -c user.email=t@example.com commit -qm x");
}

static void salt(void **state)
{
    static const struct test_example examples[] = {
        {"local_state_tree = \"@/states\"\nlocal_pillar_roots = \"@/pillar\"\n"
         "remote_state_tree = \"@/r s\"\nremote_pillar_roots = \"@/rp\"\nskip_bootstrap = true\n"
         "temp_config_dir = \"@/t\"\nformulas = [\"git::file://@/repo//nginx?ref=main\"]\n"
         "salt_call_args = \"--state-output=terse\"",
         "out: salt-call --local state.highstate --file-root=", NULL},
        {"local_state_tree = \"@/states\"\nremote_state_tree = \"@/r2\"\n"
         "remote_pillar_roots = \"@/rp2\"\nskip_bootstrap = true\ntemp_config_dir = \"@/t\"\n"
         "custom_state = \"web\"\nno_exit_on_failure = true\nlog_level = \"debug\"\n"
         "disable_sudo = true",
         "/rp2 -l debug\n", NULL},
        {"local_state_tree = \"@/states\"\nremote_state_tree = \"@/r2\"\n"
         "skip_bootstrap = true\ntemp_config_dir = \"@/t\"\nsalt_bin_dir = \"/none\"",
         NULL, "Salt is not installed in the guest"},
        {"local_state_tree = \"@/states\"\nremote_state_tree = \"@/r2\"\nskip_bootstrap = true\n"
         "temp_config_dir = \"@/t\"\nformulas = [\"file://@/repo//apache\"]",
         NULL, "has no folder 'apache'"},
        {"local_state_tree = \"@/states\"\nformulas = [\"https://x/y.git\"]", NULL,
         "Invalid format for formula"},
        {"local_state_tree = \"@/none\"", NULL, "There is no such file or directory"},
        {"local_state_tree = \"@/states\"\nminion_config = \"@/minion\"\n"
         "remote_state_tree = \"/x\"",
         NULL, "minion_config"},
        {"", NULL, "local_state_tree"},
    };
    static const char *const made[] = {"r s/top.sls", "r s/web/init.sls", "r s/nginx/init.sls",
                                       "rp/top.sls"};
    (void)state;
    if (!fx.present)
        skip();
    write_files();
    test_prov_examples(&provisioner_salt_masterless, examples, ARRAY_SIZE(examples));
    for (size_t i = 0; i < ARRAY_SIZE(made); i++)
        free(test_prov_get(made[i]));
    autofree char *git = io_path_join(fx.sshd.dir, "r s/.git");
    assert_false(io_exists(git));
}

static void sbom(void **state)
{
    static const struct test_example examples[] = {
        {"source = \"@/cdx.json\"\ndestination = \"@/out/\"\nsbom_name = \"golden\"",
         "say: Saved the SBOM (CycloneDX 1.4, 49 bytes) as ", NULL},
        {"source = \"@/spdx.json\"\ndestination = \"@/copy.json\"",
         "say: Saved the SBOM (SPDX-2.3, 27 bytes) as ", NULL},
        {"source = \"@/none.json\"\ndestination = \"@/c\"",
         "say: Build will continue without SBOM\n", NULL},
        {"source = \"@/text\"\ndestination = \"@/c\"", "it is no JSON", NULL},
        {"source = \"@/other.json\"\ndestination = \"@/c\"", "neither CycloneDX nor SPDX", NULL},
        {"", NULL, "source must be specified when auto_generate is not enabled"},
        {"auto_generate = true", NULL, "auto_generate is not available"},
        {"source = \"x\"\nauto_generate = true", NULL, "mutually exclusive"},
        {"source = \"x\"\nsbom_name = \"a b\"", NULL, "Invalid sbom_name"},
        {"source = \"x\"\nelevated_password = \"p\"", NULL, "elevated_user"},
    };
    (void)state;
    if (!fx.present)
        skip();
    test_prov_put("cdx.json", STR("{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.4\"}\n"),
                  0644);
    test_prov_put("spdx.json", STR("{\"spdxVersion\":\"SPDX-2.3\"}\n"), 0644);
    test_prov_put("text", STR("no json\n"), 0644);
    test_prov_put("other.json", STR("{}\n"), 0644);
    test_prov_examples(&provisioner_hcp_sbom, examples, ARRAY_SIZE(examples));
    free(test_prov_get("out/packer-user-sbom-golden.json"));
    free(test_prov_get("copy.json"));
}

int main(void)
{
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(salt),
        cmocka_unit_test(sbom),
    };
    return cmocka_run_group_tests(tests, test_prov_set_up, test_prov_tear_down);
}
