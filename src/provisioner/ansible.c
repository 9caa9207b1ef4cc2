/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/ansible.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "hcl/diag.h"
#include "provisioner/provisioner.h"

static const struct opt_choice key_types[] = {
    {"ECDSA", 0, NULL},
    {"RSA", 1, NULL},
    {0},
};

#define C struct ansible_config
#define NO_PROXY                                                                                   \
    .flags = OPT_IGNORED | OPT_NOHASH,                                                             \
    .doc = "Of Packer's SSH proxy, which is not needed: Ansible reaches the guest directly."
static const struct opt ansible_opts[] = {
    OPT_STR(C, playbook_file, "playbook_file", .flags = OPT_REQUIRED | OPT_PATH,
            .doc = "The playbook to run."),
    OPT_STR(C, command, "command", .def = "\"ansible-playbook\"", .flags = OPT_PATH | OPT_NOHASH,
            .doc = "The program that runs it: a name of $PATH or a path, without arguments."),
    OPT_STRS(C, extra_arguments, "extra_arguments", .flags = OPT_TMPL,
             .doc = "Further arguments, one word each.  A value of `-e` or `--extra-vars` that "
                    "holds something sensitive is handed over in a private file; a sensitive value "
                    "in any other argument is refused."),
    OPT_STRS(C, ansible_env_vars, "ansible_env_vars", .flags = OPT_TMPL,
             .doc = "Added environment, as a list of \"KEY=VALUE\".  ANSIBLE_HOST_KEY_CHECKING is "
                    "False unless said here."),
    OPT_STRS(C, ansible_ssh_extra_args, "ansible_ssh_extra_args", .flags = OPT_TMPL,
             .doc = "Arguments of `--ssh-extra-args`.  Default `-o IdentitiesOnly=yes` when there "
                    "is a key."),
    OPT_STRS(C, groups, "groups", .doc = "Groups of the inventory that the guest is in."),
    OPT_STRS(C, empty_groups, "empty_groups",
             .doc = "Groups that shall be in the inventory without a host."),
    OPT_STR(C, host_alias, "host_alias", .def = "\"default\"",
            .doc = "Name of the guest in the inventory.  Without effect with `inventory_file`."),
    OPT_STR(C, user, "user", .flags = OPT_TMPL,
            .doc = "`ansible_user`, by default the user of the communicator.  Only with `use_proxy "
                   "= false` it is also the account that is logged in to."),
    OPT_TRISTATE(C, use_proxy, "use_proxy", .flags = OPT_NOHASH,
                 .doc = "There is no proxy: the guest is always reached directly.  Says what "
                        "`user` means."),
    OPT_INT(C, local_port, "local_port", .def = "0", .min = "0", .max = "65535", NO_PROXY),
    OPT_STR(C, ssh_host_key_file, "ssh_host_key_file", NO_PROXY),
    OPT_STR(C, ssh_authorized_key_file, "ssh_authorized_key_file", NO_PROXY),
    OPT_ENUM(C, proxy_key_type, "ansible_proxy_key_type", .choices = key_types, .def = "\"ECDSA\"",
             NO_PROXY),
    OPT_STR(C, sftp_command, "sftp_command", .def = "\"/usr/lib/sftp-server -e\"", NO_PROXY),
    OPT_TRISTATE(C, use_sftp, "use_sftp", .flags = OPT_NOHASH,
                 .doc = "How Ansible transfers files: true by sftp, false by scp.  Not set: it "
                        "tries what works."),
    OPT_BOOL(C, skip_version_check, "skip_version_check", .def = "false", .flags = OPT_NOHASH,
             .doc = "Do not look for `command` before the build begins."),
    OPT_STR(C, inventory_directory, "inventory_directory", .flags = OPT_PATH,
            .doc = "Folder the inventory is made in, to have `group_vars` and `host_vars` found "
                   "there."),
    OPT_STR(C, inventory_file_template, "inventory_file_template", .flags = OPT_NO_TMPL,
            .doc = "Line of the guest: {{ .HostAlias }}, {{ .Host }}, {{ .User }}, {{ .Port }}.  "
                   "Default `{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User }} "
                   "ansible_port={{ .Port }}`."),
    OPT_STR(C, inventory_file, "inventory_file", .flags = OPT_PATH,
            .doc = "An inventory of your own.  Each of its hosts that a play works on is the "
                   "guest: address, port and user are set for all."),
    OPT_BOOL(C, keep_inventory_file, "keep_inventory_file", .def = "false", .flags = OPT_NOHASH,
             .doc = "Leave the inventory that was made."),
    OPT_STR(C, galaxy_file, "galaxy_file", .flags = OPT_PATH,
            .doc = "Requirements that ansible-galaxy installs before."),
    OPT_STR(C, galaxy_command, "galaxy_command", .def = "\"ansible-galaxy\"",
            .flags = OPT_PATH | OPT_NOHASH, .doc = "The program that does."),
    OPT_BOOL(C, galaxy_force_install, "galaxy_force_install", .def = "false",
             .doc = "Install also what is there (`--force`)."),
    OPT_BOOL(C, galaxy_force_with_deps, "galaxy_force_with_deps", .def = "false",
             .doc = "The same with dependencies (`--force-with-deps`)."),
    OPT_STR(C, roles_path, "roles_path", .flags = OPT_PATH,
            .doc = "Where ansible-galaxy installs roles (`-p`)."),
    OPT_STR(C, collections_path, "collections_path", .flags = OPT_PATH,
            .doc = "Where ansible-galaxy installs collections (`-p`)."),
    OPT_BOOL(C, winrm_use_http, "ansible_winrm_use_http", .def = "false",
             .doc = "With WinRM: plain HTTP."),
    OPT_END,
};
#undef NO_PROXY
#undef C

static bool is_known(const char *path)
{
    return path != NULL && gotmpl_is_plain(str_from(path));
}

static void check_file(const char *path, const char *option, bool dir, const struct body *body,
                       struct diags *diags)
{
    if (!is_known(path) || (io_exists(path) && io_is_dir(path) == dir))
        return;
    autofree char *summary = xasprintf("%s: %s is invalid", option, path);
    const char *detail = !io_exists(path) ? "There is no such file."
                         : dir            ? "It must point to a directory."
                                          : "It must point to a file.";
    diags_error(diags, schema_range(body, option), summary, "%s", detail);
}

static void check_command(const char *command, const char *option, const struct body *body,
                          struct diags *diags)
{
    if (!is_known(command))
        return;
    autofree char *found = io_find_program(command);
    if (found != NULL)
        return;
    autofree char *summary = xasprintf("The program \"%s\" is not installed", command);
    const char *package = proc_package_of(command);
    diags_error(diags, schema_range(body, option), summary,
                "The provisioner \"ansible\" runs it on this host.%s%s%s Or set `%s` to its path, "
                "or skip_version_check = true when it comes later.",
                package == NULL ? "" : " Install the Debian package: apt-get install ",
                package == NULL ? "" : package, package == NULL ? "" : ".", option);
}

static bool ansible_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct ansible_config *c = config;
    size_t before = diags->errors;
    check_file(c->playbook_file, "playbook_file", false, body, diags);
    check_file(c->inventory_directory, "inventory_directory", true, body, diags);
    check_file(c->galaxy_file, "galaxy_file", false, body, diags);
    if (is_known(c->inventory_file) && !io_exists(c->inventory_file))
        check_file(c->inventory_file, "inventory_file", false, body, diags);
    if (!c->skip_version_check) {
        check_command(c->command, "command", body, diags);
        if (c->galaxy_file != NULL)
            check_command(c->galaxy_command, "galaxy_command", body, diags);
    }
    prov_check_env(c->ansible_env_vars, "ansible_env_vars", body, diags);
    for (size_t i = 0; i < c->extra_arguments.len; i++)
        prov_check_template(c->extra_arguments.ptr[i], "extra_arguments", body, diags);
    prov_check_template(c->inventory_file_template, "inventory_file_template", body, diags);
    return diags->errors == before;
}

static bool ansible_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("ansible provisioner");
    struct ansible_run r = {.c = config, .b = b, .a = a, .vars = STRBUF_INIT};
    r.access = comm_access(b);
    build_sayf(b, "Provisioning with Ansible...");
    autofree char *dir = prov_work_dir(b, "ansible-", err);
    if (dir == NULL)
        return false;
    r.dir = dir;
    bool ok = ansible_execute(&r, err);
    ansible_disconnect(&r);
    prov_work_remove(b, dir);
    explicit_bzero(r.vars.buf, r.vars.len);
    strbuf_clear(&r.vars);
    return ok;
}

const struct provisioner_type provisioner_ansible = {
    .name = "ansible",
    .summary = "Run an Ansible playbook of this host on the guest.",
    .doc =
        "ansible-playbook of this host (Debian: ansible-core) logs in to the guest with the key "
        "or password of the communicator; no proxy lies between.  The inventory is made and holds "
        "the guest under the name `default`.  Playbooks find the variables packer_build_name, "
        "packer_builder_type and packer_http_addr.  When a task fails, the last line names it."
        "\n\n"
        "    provisioner \"ansible\" {\n"
        "      playbook_file   = \"site.yml\"\n"
        "      groups          = [\"web\"]\n"
        "      extra_arguments = [\"--become\", \"-e\", \"db_password=${var.db_password}\"]\n"
        "    }",
    .opts = ansible_opts,
    .config_size = sizeof(struct ansible_config),
    .flags = PROV_NEEDS_COMM,
    .check = ansible_check,
    .run = ansible_run,
};
