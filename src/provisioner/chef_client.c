/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/hash.h"
#include "hcl/diag.h"
#include "provisioner/chef.h"

struct client_config {
    const char *server_url, *node_name, *client_key;
    const char *knife_command;
    const char *policy_name, *policy_group;
    bool skip_clean_client, skip_clean_node, skip_clean_staging_directory;
    const char *ssl_verify_mode, *trusted_certs_dir;
    const char *validation_client_name, *validation_key_path;
    const char *elevated_user, *elevated_password;
    struct chef_config chef;
};

#define C struct client_config
static const struct opt client_opts[] = {
    OPT_STR(C, server_url, "server_url", .flags = OPT_REQUIRED, .doc = "The Chef server."),
    OPT_STR(C, node_name, "node_name", .flags = OPT_NOHASH,
            .doc = "Name of the node.  Default `packer-UUID`."),
    OPT_STR(C, client_key, "client_key",
            .doc = "Where in the guest the client's key is.  Default `client.pem` of the staging "
                   "directory."),
    OPT_STR(C, knife_command, "knife_command", .flags = OPT_TMPL,
            .doc = "Command that removes node and client: {{.Args}}, {{.Flags}}, {{.Sudo}}."),
    OPT_STR(C, policy_name, "policy_name", .needs = "policy_group", .doc = "Name of the policy."),
    OPT_STR(C, policy_group, "policy_group", .needs = "policy_name", .doc = "Group of the policy."),
    OPT_BOOL(C, skip_clean_client, "skip_clean_client", .def = "false",
             .doc = "Leave the client on the server."),
    OPT_BOOL(C, skip_clean_node, "skip_clean_node", .def = "false",
             .doc = "Leave the node on the server."),
    OPT_BOOL(C, skip_clean_staging_directory, "skip_clean_staging_directory", .def = "false",
             .doc = "Leave the staging directory."),
    OPT_STR(C, ssl_verify_mode, "ssl_verify_mode", .doc = "`verify_peer` or `verify_none`."),
    OPT_STR(C, trusted_certs_dir, "trusted_certs_dir",
            .doc = "Directory of the guest with certificates to trust."),
    OPT_STR(C, validation_client_name, "validation_client_name",
            .doc = "Name of the validation client.  Default `chef-validator`."),
    OPT_STR(C, validation_key_path, "validation_key_path", .flags = OPT_PATH,
            .doc = "Its key on this host."),
    OPT_STR(C, elevated_user, "elevated_user", .flags = OPT_TMPL,
            .doc = "On Windows: run as this account, by a scheduled task."),
    OPT_STR(C, elevated_password, "elevated_password", .flags = OPT_TMPL | OPT_SENSITIVE,
            .doc = "Its password."),
    OPT_EMBED(C, chef, chef_opts),
    OPT_END,
};
#undef C

static const char config_text[] =
    "{{if ne .ChefLicense \"\"}}chef_license \"{{.ChefLicense}}\"\n{{end}}"
    "log_level        :info\nlog_location     STDOUT\n"
    "chef_server_url  \"{{.ServerUrl}}\"\nclient_key       \"{{.ClientKey}}\"\n"
    "{{if ne .EncryptedDataBagSecretPath \"\"}}encrypted_data_bag_secret "
    "\"{{.EncryptedDataBagSecretPath}}\"\n{{end}}"
    "{{if ne .ValidationKeyPath \"\"}}validation_client_name \"{{.ValidationClientName}}\"\n"
    "validation_key \"{{.ValidationKeyPath}}\"\n{{end}}"
    "node_name \"{{.NodeName}}\"\n"
    "{{if ne .ChefEnvironment \"\"}}environment \"{{.ChefEnvironment}}\"\n{{end}}"
    "{{if ne .PolicyGroup \"\"}}policy_group \"{{.PolicyGroup}}\"\n{{end}}"
    "{{if ne .PolicyName \"\"}}policy_name \"{{.PolicyName}}\"\n{{end}}"
    "{{if ne .SslVerifyMode \"\"}}ssl_verify_mode :{{.SslVerifyMode}}\n{{end}}"
    "{{if ne .TrustedCertsDir \"\"}}trusted_certs_dir \"{{.TrustedCertsDir}}\"\n{{end}}";
static const char knife_text[] =
    "log_level        :info\nlog_location     STDOUT\n"
    "chef_server_url  \"{{.ServerUrl}}\"\nclient_key       \"{{.ClientKey}}\"\n"
    "node_name \"{{.NodeName}}\"\n"
    "{{if ne .SslVerifyMode \"\"}}ssl_verify_mode :{{.SslVerifyMode}}\n{{end}}"
    "{{if ne .TrustedCertsDir \"\"}}trusted_certs_dir \"{{.TrustedCertsDir}}\"\n{{end}}";
static const char unix_command[] =
    "{{if .Sudo}}sudo {{end}}chef-client --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
static const char windows_command[] =
    "c:/opscode/chef/bin/chef-client.bat --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";

static bool client_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct client_config *c = config;
    size_t before = diags->errors;
    guest_check_path(c->validation_key_path, "validation_key_path", false, body, diags);
    prov_check_template(c->knife_command, "knife_command", body, diags);
    chef_check(&c->chef, body, diags);
    return diags->errors == before;
}

struct client_run {
    const struct client_config *c;
    struct chef_run chef;
    const char *node, *validation_key;
    struct gotmpl_field fields[16];
    size_t field_count;
};

static void add(struct client_run *r, const char *name, const char *value)
{
    assert(r->field_count < ARRAY_SIZE(r->fields));
    r->fields[r->field_count++] = (struct gotmpl_field){name, str_from(value == NULL ? "" : value)};
}

static void fill_fields(struct client_run *r)
{
    const struct client_config *c = r->c;
    const char *key = c->client_key;
    const char *validator = c->validation_client_name;
    add(r, "NodeName", r->node);
    add(r, "ServerUrl", c->server_url);
    add(r, "ClientKey", key == NULL ? chef_path(&r->chef, "client.pem") : key);
    add(r, "ValidationKeyPath", r->validation_key);
    add(r, "ValidationClientName", validator == NULL ? "chef-validator" : validator);
    add(r, "EncryptedDataBagSecretPath", r->chef.secret);
    add(r, "ChefEnvironment", c->chef.chef_environment);
    add(r, "ChefLicense", r->chef.license);
    add(r, "PolicyGroup", c->policy_group);
    add(r, "PolicyName", c->policy_name);
    add(r, "SslVerifyMode", c->ssl_verify_mode);
    add(r, "TrustedCertsDir", c->trusted_certs_dir);
}

static bool stage(struct client_run *r, struct error **err)
{
    const struct words none = {0};
    struct build *b = r->chef.g.b;
    if (!chef_prepare(&r->chef, &none, err))
        return false;
    if (r->c->validation_key_path != NULL) {
        r->validation_key = chef_path(&r->chef, "validation.pem");
        if (!comm_upload(b->comm, r->c->validation_key_path, r->validation_key, 0600, prov_token(b),
                         err))
            return false;
    }
    fill_fields(r);
    return chef_write_config(&r->chef, r->c->chef.config_template == NULL ? config_text : NULL,
                             r->fields, r->field_count, "client.rb", &r->chef.config_path, err) &&
           chef_write_json(&r->chef, err);
}

static bool elevation(struct client_run *r, struct guest_tool *tool, struct error **err)
{
    const struct client_config *c = r->c;
    const struct guest *g = &r->chef.g;
    const char *password = comm_access(g->b).password;
    struct gotmpl_field field = {"WinRMPassword", str_from(password == NULL ? "" : password)};
    char *user, *secret;
    if (c->elevated_user == NULL || g->os != GUEST_WINDOWS)
        return true;
    if (!prov_render(g->b, g->a, c->elevated_user, &field, 1, "elevated_user", &user, err) ||
        !prov_render(g->b, g->a, c->elevated_password == NULL ? "" : c->elevated_password, &field,
                     1, "elevated_password", &secret, err))
        return false;
    tool->elevated_user = user;
    tool->elevated_password = secret;
    return true;
}

static bool knife(struct client_run *r, const char *config, const char *what, struct error **err)
{
    static const int success[] = {0, -1};
    const struct guest *g = &r->chef.g;
    const char *text = r->c->knife_command;
    if (text == NULL)
        text = g->os == GUEST_WINDOWS ? "c:/opscode/chef/bin/knife.bat {{.Args}} {{.Flags}}"
                                      : "{{if .Sudo}}sudo {{end}}knife {{.Args}} {{.Flags}}";
    struct gotmpl_field fields[] = {
        {"Args", str_from(arena_fmt(g->a, "%s delete %s", what, r->node))},
        {"Flags", str_from(arena_fmt(g->a, "-y -c %s", config))},
        {"Sudo", str_from(g->sudo ? "true" : "")},
    };
    char *command;
    if (!prov_render(g->b, g->a, text, fields, ARRAY_SIZE(fields), "knife_command", &command, err))
        return false;
    struct guest_tool tool = {.name = "knife", .command = command, .valid = success};
    return guest_run_tool(g, &tool, err);
}

static bool clean_server(struct client_run *r, struct error **err)
{
    const char *path;
    if (r->c->skip_clean_node && r->c->skip_clean_client)
        return true;
    return chef_write_config(&r->chef, knife_text, r->fields, r->field_count, "knife.rb", &path,
                             err) &&
           (r->c->skip_clean_node || knife(r, path, "node", err)) &&
           (r->c->skip_clean_client || knife(r, path, "client", err));
}

static bool client_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("chef-client provisioner");
    const struct client_config *c = config;
    struct client_run r = {.c = c, .chef = chef_run_make(&c->chef, b, a, "packer-chef-client")};
    struct guest_tool tool = {0};
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    r.node = c->node_name != NULL ? c->node_name : arena_fmt(a, "packer-%s", uuid);
    build_sayf(b, "Provisioning with chef-client");
    if (!stage(&r, err) || !elevation(&r, &tool, err))
        return false;
    bool ok = chef_execute(&r.chef, r.chef.g.os == GUEST_WINDOWS ? windows_command : unix_command,
                           &tool, err);
    AUTO(error) struct error *late = NULL;
    /* Also after a failure the server shall not keep them. */
    if (!cancel_test(prov_token(b)) && !clean_server(&r, ok ? err : &late)) {
        if (ok)
            return error_wrap(err, "cannot remove the node from the Chef server");
        build_warnf(b, "the node could not be removed from the Chef server: %s", late->msg);
    }
    return ok && (c->skip_clean_staging_directory || guest_remove(&r.chef.g, r.chef.staging, err));
}

const struct provisioner_type provisioner_chef_client = {
    .name = "chef-client",
    .summary = "Run Chef in the guest against a Chef server.",
    .doc = "Writes client.rb and node.json, runs chef-client and removes node and client from the "
           "server again.  Chef is not in Debian: tested against a recorder that checks every "
           "file and argument, not against a Chef server."
           "\n\n"
           "    provisioner \"chef-client\" {\n"
           "      server_url          = \"https://chef.example.com/organizations/x\"\n"
           "      validation_key_path = \"validation.pem\"\n"
           "      run_list            = [\"recipe[web]\"]\n"
           "    }",
    .opts = client_opts,
    .config_size = sizeof(struct client_config),
    .flags = PROV_NEEDS_COMM,
    .check = client_check,
    .run = client_run,
};
