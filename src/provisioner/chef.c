/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/chef.h"

#include "base/io.h"
#include "hcl/diag.h"

#define C struct chef_config
const struct opt chef_opts[] = {
    OPT_STRS(C, run_list, "run_list", .doc = "The run list: `recipe[x]`, `role[y]`."),
    OPT_JSON(C, json, "json", .flags = OPT_TMPL,
             .doc = "Attributes of the node, an object.  They go by a file, mode 0600."),
    OPT_STR(C, chef_environment, "chef_environment", .doc = "Name of the environment."),
    OPT_STR(C, chef_license, "chef_license",
            .doc = "Answer to the licence.  Default `accept-silent` when Chef is installed by the "
                   "default command."),
    OPT_STR(C, config_template, "config_template", .flags = OPT_PATH,
            .doc = "File of this host to render instead of the built-in configuration."),
    OPT_STR(C, execute_command, "execute_command", .flags = OPT_TMPL,
            .doc = "Command instead of the built-in one: {{.ConfigPath}}, {{.JsonPath}}, "
                   "{{.Sudo}}."),
    OPT_STR(C, install_command, "install_command", .flags = OPT_TMPL,
            .doc = "Command that installs Chef: {{.Sudo}}, {{.Version}}.  Default: the script of "
                   "omnitruck.chef.io, which the guest downloads."),
    OPT_STR(C, encrypted_data_bag_secret_path, "encrypted_data_bag_secret_path", .flags = OPT_PATH,
            .doc = "File with the secret of encrypted data bags."),
    OPT_BOOL(C, skip_install, "skip_install", .def = "false", .doc = "Chef is in the guest."),
    OPT_BOOL(C, prevent_sudo, "prevent_sudo", .def = "false", .doc = "Do not use sudo."),
    OPT_STR(C, staging_directory, "staging_directory", .flags = OPT_NOHASH,
            .doc = "Where in the guest everything goes.  Default `/tmp/packer-chef-solo`, "
                   "`/tmp/packer-chef-client`; on Windows below `C:/Windows/Temp`."),
    OPT_ENUM(C, guest_os_type, "guest_os_type", .choices = guest_os_choices, .def = "\"unix\"",
             .flags = OPT_NOHASH, .doc = "What the guest is."),
    OPT_STR(C, version, "version", .doc = "Version of Chef to install.  Default: the latest."),
    OPT_END,
};
#undef C

bool chef_check(const struct chef_config *c, const struct body *body, struct diags *diags)
{
    size_t before = diags->errors;
    guest_check_path(c->config_template, "config_template", false, body, diags);
    guest_check_path(c->encrypted_data_bag_secret_path, "encrypted_data_bag_secret_path", false,
                     body, diags);
    if (c->json != NULL && *c->json != '{')
        diags_error(diags, schema_range(body, "json"), "json must be an object",
                    "Write the attributes as { name = value }.");
    prov_check_template(c->execute_command, "execute_command", body, diags);
    prov_check_template(c->install_command, "install_command", body, diags);
    return diags->errors == before;
}

struct chef_run chef_run_make(const struct chef_config *c, struct build *b, struct arena *a,
                              const char *name)
{
    bool windows = c->guest_os_type == GUEST_WINDOWS;
    const char *staging = c->staging_directory;
    if (staging == NULL)
        staging = arena_fmt(a, "%s/%s", windows ? "C:/Windows/Temp" : "/tmp", name);
    bool own_install = !c->skip_install && c->install_command == NULL;
    return (struct chef_run){
        .c = c,
        .g = {.b = b, .a = a, .os = c->guest_os_type, .sudo = !windows && !c->prevent_sudo},
        .staging = staging,
        .license = c->chef_license != NULL ? c->chef_license
                   : own_install           ? "accept-silent"
                                           : "",
        .secret = "",
    };
}

const char *chef_path(const struct chef_run *r, const char *name)
{
    return arena_fmt(r->g.a, "%s/%s", r->staging, name);
}

static const int success[] = {0, -1};

static bool install(struct chef_run *r, struct error **err)
{
    static const char on_unix[] = "curl -L https://omnitruck.chef.io/install.sh | {{if .Sudo}}sudo "
                                  "{{end}}bash -s --{{if .Version}} -v {{.Version}}{{end}}";
    static const char on_windows[] =
        "powershell.exe -Command \". { iwr -useb https://omnitruck.chef.io/install.ps1 } | iex; "
        "Install-Project{{if .Version}} -version {{.Version}}{{end}}\"";
    const char *text = r->c->install_command;
    if (text == NULL)
        text = r->g.os == GUEST_WINDOWS ? on_windows : on_unix;
    struct gotmpl_field fields[] = {
        {"Sudo", str_from(r->g.sudo ? "true" : "")},
        {"Version", str_from(r->c->version == NULL ? "" : r->c->version)},
    };
    char *command;
    if (r->c->skip_install)
        return true;
    if (!prov_render(r->g.b, r->g.a, text, fields, ARRAY_SIZE(fields), "install_command", &command,
                     err))
        return false;
    struct guest_tool tool = {
        .name = "the installation of Chef", .command = command, .valid = success};
    return guest_run_tool(&r->g, &tool, err);
}

bool chef_prepare(struct chef_run *r, const struct words *more, struct error **err)
{
    struct words dirs = {0};
    const char *secret = r->c->encrypted_data_bag_secret_path;
    words_push(r->g.a, &dirs, r->staging);
    for (size_t i = 0; i < more->len; i++)
        words_push(r->g.a, &dirs, chef_path(r, more->ptr[i]));
    if (!install(r, err) || !guest_mkdir(&r->g, &dirs, err))
        return false;
    if (secret == NULL)
        return true;
    r->secret = chef_path(r, "encrypted_data_bag_secret");
    return comm_upload(r->g.b->comm, secret, r->secret, 0600, prov_token(r->g.b), err);
}

bool chef_write_config(struct chef_run *r, const char *template, const struct gotmpl_field *fields,
                       size_t count, const char *name, const char **path, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX((size_t)4 << 20);
    char *rendered;
    if (template == NULL) {
        if (!io_read_file(r->c->config_template, text.max, &text, err))
            return error_wrap(err, "config_template");
        template = text.buf;
    }
    if (!prov_render(r->g.b, r->g.a, template, fields, count, "config_template", &rendered, err))
        return false;
    *path = chef_path(r, name);
    return guest_upload_text(&r->g, str_from(rendered), *path, 0644, err);
}

bool chef_write_json(struct chef_run *r, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    const struct opt_strings *list = &r->c->run_list;
    char *json = arena_strdup(r->g.a, "{}");
    if (r->c->json != NULL && !prov_render(r->g.b, r->g.a, r->c->json, NULL, 0, "json", &json, err))
        return false;
    str object = str_trim(str_from(json));
    bool empty = str_trim(str_sub(object, 1, object.len - 1)).len == 0;
    strbuf_addstr(&text, str_sub(object, 0, object.len - 1));
    /* Last in the file, where it wins over one among the attributes. */
    if (list->len > 0) {
        strbuf_addf(&text, "%s\"run_list\":[", empty ? "" : ",");
        for (size_t i = 0; i < list->len; i++) {
            strbuf_adds(&text, i > 0 ? "," : "");
            strbuf_add_json_quoted(&text, str_from(list->ptr[i]));
        }
        strbuf_addc(&text, ']');
    }
    strbuf_adds(&text, "}\n");
    r->json_path = chef_path(r, "node.json");
    return guest_upload_text(&r->g, strbuf_str(&text), r->json_path, 0600, err);
}

bool chef_execute(struct chef_run *r, const char *template, const struct guest_tool *with,
                  struct error **err)
{
    struct gotmpl_field fields[] = {
        {"ConfigPath", str_from(r->config_path)},
        {"JsonPath", str_from(r->json_path)},
        {"Sudo", str_from(r->g.sudo ? "true" : "")},
    };
    char *command;
    if (!prov_render(r->g.b, r->g.a,
                     r->c->execute_command == NULL ? template : r->c->execute_command, fields,
                     ARRAY_SIZE(fields), "execute_command", &command, err))
        return false;
    struct guest_tool tool = *with;
    tool.name = "Chef";
    tool.command = command;
    tool.valid = success;
    return guest_run_tool(&r->g, &tool, err);
}
