/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "hcl/diag.h"
#include "provisioner/chef.h"

struct solo_config {
    struct opt_strings cookbook_paths, remote_cookbook_paths;
    const char *roles_path, *data_bags_path, *environments_path;
    struct chef_config chef;
};

#define C struct solo_config
static const struct opt solo_opts[] = {
    OPT_STRS(C, cookbook_paths, "cookbook_paths", .flags = OPT_PATH,
             .doc = "Folders of cookbooks of this host."),
    OPT_STRS(C, remote_cookbook_paths, "remote_cookbook_paths",
             .doc = "Folders of cookbooks that are in the guest."),
    OPT_STR(C, roles_path, "roles_path", .flags = OPT_PATH, .doc = "Folder of roles."),
    OPT_STR(C, data_bags_path, "data_bags_path", .flags = OPT_PATH, .doc = "Folder of data bags."),
    OPT_STR(C, environments_path, "environments_path", .flags = OPT_PATH,
            .doc = "Folder of environments."),
    OPT_EMBED(C, chef, chef_opts),
    OPT_END,
};
#undef C

static const char config_text[] =
    "{{if ne .ChefLicense \"\"}}chef_license \"{{.ChefLicense}}\"\n{{end}}"
    "cookbook_path [{{.CookbookPaths}}]\n"
    "{{if .HasRolesPath}}role_path \"{{.RolesPath}}\"\n{{end}}"
    "{{if .HasDataBagsPath}}data_bag_path \"{{.DataBagsPath}}\"\n{{end}}"
    "{{if .HasEncryptedDataBagSecretPath}}encrypted_data_bag_secret "
    "\"{{.EncryptedDataBagSecretPath}}\"\n{{end}}"
    "{{if .HasEnvironmentsPath}}environment_path \"{{.EnvironmentsPath}}\"\n"
    "environment \"{{.ChefEnvironment}}\"\n{{end}}";
static const char unix_command[] =
    "{{if .Sudo}}sudo {{end}}chef-solo --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
static const char windows_command[] =
    "c:/opscode/chef/bin/chef-solo.bat --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";

static bool solo_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct solo_config *c = config;
    size_t before = diags->errors;
    guest_check_paths(c->cookbook_paths, "cookbook_paths", true, body, diags);
    guest_check_path(c->roles_path, "roles_path", true, body, diags);
    guest_check_path(c->data_bags_path, "data_bags_path", true, body, diags);
    guest_check_path(c->environments_path, "environments_path", true, body, diags);
    chef_check(&c->chef, body, diags);
    return diags->errors == before;
}

struct staged {
    const char *cookbooks; /* "\"/a\", \"/b\"" */
    const char *roles, *data_bags, *environments;
};

static bool upload_one(struct chef_run *r, const char *src, const char *name, const char **out,
                       struct error **err)
{
    *out = "";
    if (src == NULL)
        return true;
    *out = chef_path(r, name);
    return guest_upload(&r->g, src, *out, err);
}

static bool stage(const struct solo_config *c, struct chef_run *r, struct staged *s,
                  struct error **err)
{
    AUTO(strbuf) struct strbuf list = STRBUF_INIT;
    struct words dirs = {0};
    const char *optional[][2] = {{c->roles_path, "roles"},
                                 {c->data_bags_path, "data_bags"},
                                 {c->environments_path, "environments"}};
    const char **out[] = {&s->roles, &s->data_bags, &s->environments};
    for (size_t i = 0; i < c->cookbook_paths.len; i++)
        words_push(r->g.a, &dirs, arena_fmt(r->g.a, "cookbooks-%zu", i));
    for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
        if (optional[i][0] != NULL)
            words_push(r->g.a, &dirs, optional[i][1]);
    if (!chef_prepare(r, &dirs, err))
        return false;
    for (size_t i = 0; i < c->remote_cookbook_paths.len; i++)
        strbuf_addf(&list, "%s\"%s\"", list.len > 0 ? ", " : "", c->remote_cookbook_paths.ptr[i]);
    for (size_t i = 0; i < c->cookbook_paths.len; i++) {
        const char *dst = chef_path(r, dirs.ptr[i]);
        if (!guest_upload(&r->g, c->cookbook_paths.ptr[i], dst, err))
            return error_wrap(err, "cannot upload the cookbooks");
        strbuf_addf(&list, "%s\"%s\"", list.len > 0 ? ", " : "", dst);
    }
    s->cookbooks = arena_strdup(r->g.a, list.buf);
    for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
        if (!upload_one(r, optional[i][0], optional[i][1], out[i], err))
            return false;
    return true;
}

static struct gotmpl_field has(const char *name, const char *value)
{
    return (struct gotmpl_field){name, str_from(*value == '\0' ? "" : "true")};
}

static bool solo_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("chef-solo provisioner");
    const struct solo_config *c = config;
    struct chef_run r = chef_run_make(&c->chef, b, a, "packer-chef-solo");
    struct staged s = {0};
    const char *environment = c->chef.chef_environment;
    build_sayf(b, "Provisioning with chef-solo");
    if (!stage(c, &r, &s, err))
        return false;
    struct gotmpl_field fields[] = {
        {"CookbookPaths", str_from(s.cookbooks)},
        {"RolesPath", str_from(s.roles)},
        has("HasRolesPath", s.roles),
        {"DataBagsPath", str_from(s.data_bags)},
        has("HasDataBagsPath", s.data_bags),
        {"EncryptedDataBagSecretPath", str_from(r.secret)},
        has("HasEncryptedDataBagSecretPath", r.secret),
        {"EnvironmentsPath", str_from(s.environments)},
        has("HasEnvironmentsPath", s.environments),
        {"ChefEnvironment", str_from(environment == NULL ? "" : environment)},
        {"ChefLicense", str_from(r.license)},
    };
    const struct guest_tool plain = {0};
    return chef_write_config(&r, c->chef.config_template == NULL ? config_text : NULL, fields,
                             ARRAY_SIZE(fields), "solo.rb", &r.config_path, err) &&
           chef_write_json(&r, err) &&
           chef_execute(&r, r.g.os == GUEST_WINDOWS ? windows_command : unix_command, &plain, err);
}

const struct provisioner_type provisioner_chef_solo = {
    .name = "chef-solo",
    .summary = "Run Chef in the guest without a Chef server.",
    .doc = "Uploads cookbooks, roles, data bags and environments, writes solo.rb and node.json and "
           "runs chef-solo.  Chef is not in Debian: tested against a recorder that checks every "
           "file and argument."
           "\n\n"
           "    provisioner \"chef-solo\" {\n"
           "      cookbook_paths = [\"cookbooks\"]\n"
           "      run_list       = [\"recipe[web]\"]\n"
           "      json           = { web = { port = 8080 } }\n"
           "      skip_install   = true\n"
           "    }",
    .opts = solo_opts,
    .config_size = sizeof(struct solo_config),
    .flags = PROV_NEEDS_COMM,
    .check = solo_check,
    .run = solo_run,
};
