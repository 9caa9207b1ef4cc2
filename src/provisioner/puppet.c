/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/puppet.h"

#include "hcl/diag.h"

#define C struct puppet_config
const struct opt puppet_opts[] = {
    OPT_MAP(C, facter, "facter", .flags = OPT_TMPL,
            .doc = "Facts for the manifests; packer_build_name and packer_builder_type are there "
                   "too.  They go by the environment."),
    OPT_STRS(C, extra_arguments, "extra_arguments", .flags = OPT_TMPL,
             .doc = "Further arguments, joined by spaces and read by the guest's shell."),
    OPT_STR(C, execute_command, "execute_command", .flags = OPT_TMPL,
            .doc = "Command instead of the built-in one: {{.WorkingDir}}, {{.FacterVars}}, "
                   "{{.Sudo}}, {{.PuppetBinDir}}, {{.Debug}}, {{.ExtraArguments}} and the "
                   "provisioner's own fields."),
    OPT_ENUM(C, guest_os_type, "guest_os_type", .choices = guest_os_choices, .def = "\"unix\"",
             .flags = OPT_NOHASH, .doc = "What the guest is."),
    OPT_BOOL(C, ignore_exit_codes, "ignore_exit_codes", .def = "false", .flags = OPT_NOHASH,
             .doc = "Take any status for success.  Else 0 and 2 (changes were made) are."),
    OPT_BOOL(C, prevent_sudo, "prevent_sudo", .def = "false", .doc = "Do not use sudo."),
    OPT_STR(C, puppet_bin_dir, "puppet_bin_dir",
            .doc = "Directory of the guest that holds `puppet`.  Default: found in $PATH."),
    OPT_STR(C, working_directory, "working_directory",
            .doc = "Where Puppet is started.  Default: the staging directory."),
    OPT_BOOL(C, clean_staging_directory, "clean_staging_directory", .def = "false",
             .doc = "Remove the staging directory after success."),
    OPT_STR(C, elevated_user, "elevated_user", .flags = OPT_TMPL,
            .doc = "On Windows: run as this account, by a scheduled task."),
    OPT_STR(C, elevated_password, "elevated_password", .flags = OPT_TMPL | OPT_SENSITIVE,
            .doc = "Its password."),
    OPT_END,
};
#undef C

bool puppet_check(const struct puppet_config *c, const struct body *body, struct diags *diags)
{
    size_t before = diags->errors;
    prov_check_template(c->execute_command, "execute_command", body, diags);
    for (size_t i = 0; i < c->extra_arguments.len; i++)
        prov_check_template(c->extra_arguments.ptr[i], "extra_arguments", body, diags);
    return diags->errors == before;
}

struct puppet_run puppet_run_make(const struct puppet_config *c, struct build *b, struct arena *a,
                                  const char *staging)
{
    return (struct puppet_run){
        .c = c,
        .g = {.b = b, .a = a, .os = c->guest_os_type, .sudo = !c->prevent_sudo},
        .staging = staging,
    };
}

static bool add_fact(const struct puppet_run *r, struct strbuf *sb, const char *name,
                     const char *value, struct error **err)
{
    size_t word = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    if (name[word] != '\0' || word == 0)
        return error_set(err, ERR_TEMPLATE, 0, "'%s' cannot be the name of a fact", name);
    if (r->g.os == GUEST_WINDOWS)
        return strbuf_addf(sb, "%sSET \"FACTER_%s=%s\"", sb->len > 0 ? " & " : "", name, value);
    strbuf_addf(sb, "%sFACTER_%s=", sb->len > 0 ? " " : "", name);
    return strbuf_add_shell_quoted(sb, str_from(value));
}

static bool facter_vars(const struct puppet_run *r, struct strbuf *sb, struct error **err)
{
    const struct opt_map *facts = &r->c->facter;
    if (!add_fact(r, sb, "packer_build_name", r->g.b->source_name, err) ||
        !add_fact(r, sb, "packer_builder_type", r->g.b->builder_name, err))
        return false;
    for (size_t i = 0; i < facts->len; i++) {
        char *value;
        if (!prov_render(r->g.b, r->g.a, facts->ptr[i].value, NULL, 0, "facter", &value, err) ||
            !add_fact(r, sb, facts->ptr[i].key, value, err))
            return false;
    }
    return true;
}

static bool render_elevation(const struct puppet_run *r, struct guest_tool *tool,
                             struct error **err)
{
    const struct puppet_config *c = r->c;
    const char *password = comm_access(r->g.b).password;
    struct gotmpl_field field = {"WinRMPassword", str_from(password == NULL ? "" : password)};
    char *user, *secret;
    if (c->elevated_user == NULL || r->g.os != GUEST_WINDOWS)
        return true;
    if (!prov_render(r->g.b, r->g.a, c->elevated_user, &field, 1, "elevated_user", &user, err) ||
        !prov_render(r->g.b, r->g.a, c->elevated_password == NULL ? "" : c->elevated_password,
                     &field, 1, "elevated_password", &secret, err))
        return false;
    tool->elevated_user = user;
    tool->elevated_password = secret;
    return true;
}

/* puppet-apply(8), --detailed-exitcodes: 2 says that there were changes. */
static const int success[] = {0, 2, -1};

bool puppet_execute(const struct puppet_run *r, const char *template,
                    const struct gotmpl_field *extra, size_t count, struct error **err)
{
    AUTO(strbuf) struct strbuf facts = STRBUF_INIT;
    const struct puppet_config *c = r->c;
    const char *arguments;
    char *command;
    if (!facter_vars(r, &facts, err) ||
        !guest_render_joined(&r->g, c->extra_arguments, "extra_arguments", &arguments, err))
        return false;
    struct gotmpl_field fields[16] = {
        {"WorkingDir", str_from(c->working_directory == NULL ? r->staging : c->working_directory)},
        {"FacterVars", strbuf_str(&facts)},
        {"Sudo", str_from(r->g.sudo ? "true" : "")},
        {"PuppetBinDir", str_from(c->puppet_bin_dir == NULL ? "" : c->puppet_bin_dir)},
        {"Debug", str_from(r->g.b->debug ? "true" : "")},
        {"ExtraArguments", str_from(arguments)},
    };
    assert(count <= ARRAY_SIZE(fields) - 6);
    for (size_t i = 0; i < count; i++)
        fields[6 + i] = extra[i];
    if (!prov_render(r->g.b, r->g.a, c->execute_command == NULL ? template : c->execute_command,
                     fields, 6 + count, "execute_command", &command, err))
        return false;
    struct guest_tool tool = {
        .name = "Puppet", .command = command, .valid = c->ignore_exit_codes ? NULL : success};
    if (!render_elevation(r, &tool, err) || !guest_run_tool(&r->g, &tool, err))
        return false;
    return !c->clean_staging_directory || guest_remove(&r->g, r->staging, err);
}
