/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/io.h"
#include "hcl/diag.h"
#include "provisioner/puppet.h"

struct masterless_config {
    const char *manifest_file, *manifest_dir, *hiera_config_path;
    struct opt_strings module_paths;
    const char *staging_directory;
    struct puppet_config puppet;
};

#define C struct masterless_config
static const struct opt masterless_opts[] = {
    OPT_STR(C, manifest_file, "manifest_file", .flags = OPT_REQUIRED | OPT_PATH,
            .doc = "Manifest of this host, or a folder of manifests."),
    OPT_STR(C, manifest_dir, "manifest_dir", .flags = OPT_PATH | OPT_DEPRECATED,
            .instead = "manifest_file", .doc = "Folder of manifests (`--manifestdir`)."),
    OPT_STRS(C, module_paths, "module_paths", .flags = OPT_PATH, .doc = "Folders of modules."),
    OPT_STR(C, hiera_config_path, "hiera_config_path", .flags = OPT_PATH,
            .doc = "Hiera's configuration."),
    OPT_STR(C, staging_directory, "staging_directory", .def = "\"/tmp/packer-puppet-masterless\"",
            .flags = OPT_NOHASH, .doc = "Where in the guest everything goes."),
    OPT_EMBED(C, puppet, puppet_opts),
    OPT_END,
};
#undef C

static const char unix_command[] =
    "cd {{.WorkingDir}} && {{if ne .FacterVars \"\"}}{{.FacterVars}} {{end}}"
    "{{if .Sudo}}sudo -E {{end}}{{if ne .PuppetBinDir \"\"}}{{.PuppetBinDir}}/{{end}}"
    "puppet apply --detailed-exitcodes {{if .Debug}}--debug {{end}}"
    "{{if ne .ModulePath \"\"}}--modulepath='{{.ModulePath}}' {{end}}"
    "{{if ne .HieraConfigPath \"\"}}--hiera_config='{{.HieraConfigPath}}' {{end}}"
    "{{if ne .ManifestDir \"\"}}--manifestdir='{{.ManifestDir}}' {{end}}"
    "{{if ne .ExtraArguments \"\"}}{{.ExtraArguments}} {{end}}{{.ManifestFile}}";
static const char windows_command[] =
    "cd {{.WorkingDir}} && {{if ne .FacterVars \"\"}}{{.FacterVars}} && {{end}}"
    "{{if ne .PuppetBinDir \"\"}}{{.PuppetBinDir}}/{{end}}"
    "puppet apply --detailed-exitcodes {{if .Debug}}--debug {{end}}"
    "{{if ne .ModulePath \"\"}}--modulepath='{{.ModulePath}}' {{end}}"
    "{{if ne .HieraConfigPath \"\"}}--hiera_config='{{.HieraConfigPath}}' {{end}}"
    "{{if ne .ManifestDir \"\"}}--manifestdir='{{.ManifestDir}}' {{end}}"
    "{{if ne .ExtraArguments \"\"}}{{.ExtraArguments}} {{end}}{{.ManifestFile}}";

static bool masterless_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct masterless_config *c = config;
    size_t before = diags->errors;
    if (c->manifest_file != NULL && !io_is_dir(c->manifest_file))
        guest_check_path(c->manifest_file, "manifest_file", false, body, diags);
    guest_check_path(c->manifest_dir, "manifest_dir", true, body, diags);
    guest_check_paths(c->module_paths, "module_paths", true, body, diags);
    guest_check_path(c->hiera_config_path, "hiera_config_path", false, body, diags);
    puppet_check(&c->puppet, body, diags);
    return diags->errors == before;
}

struct staged {
    const char *manifest, *manifest_dir, *hiera;
    const char *modules; /* joined */
};

static bool stage_modules(const struct masterless_config *c, const struct puppet_run *r,
                          struct staged *s, struct error **err)
{
    AUTO(strbuf) struct strbuf joined = STRBUF_INIT;
    const char *joiner = r->g.os == GUEST_WINDOWS ? ";" : ":";
    for (size_t i = 0; i < c->module_paths.len; i++) {
        const char *dst = arena_fmt(r->g.a, "%s/module-%zu", r->staging, i);
        if (!guest_upload(&r->g, c->module_paths.ptr[i], dst, err))
            return error_wrap(err, "cannot upload the modules");
        strbuf_addf(&joined, "%s%s", i > 0 ? joiner : "", dst);
    }
    s->modules = arena_strdup(r->g.a, joined.buf);
    return true;
}

static bool stage(const struct masterless_config *c, const struct puppet_run *r, struct staged *s,
                  struct error **err)
{
    struct words dirs = {0};
    const char *manifests = arena_fmt(r->g.a, "%s/manifests", r->staging);
    bool is_dir = io_is_dir(c->manifest_file);
    words_push(r->g.a, &dirs, r->staging);
    words_push(r->g.a, &dirs, manifests);
    for (size_t i = 0; i < c->module_paths.len; i++)
        words_push(r->g.a, &dirs, arena_fmt(r->g.a, "%s/module-%zu", r->staging, i));
    build_sayf(r->g.b, "Creating Puppet staging directory...");
    if (!guest_mkdir(&r->g, &dirs, err))
        return false;
    if (c->manifest_dir != NULL) {
        s->manifest_dir = manifests;
        if (!guest_upload(&r->g, c->manifest_dir, manifests, err))
            return false;
    }
    if (c->hiera_config_path != NULL) {
        s->hiera = arena_fmt(r->g.a, "%s/hiera.yaml", r->staging);
        if (!guest_upload(&r->g, c->hiera_config_path, s->hiera, err))
            return false;
    }
    s->manifest =
        is_dir ? manifests : arena_fmt(r->g.a, "%s/%s", manifests, io_basename(c->manifest_file));
    return stage_modules(c, r, s, err) && guest_upload(&r->g, c->manifest_file, s->manifest, err);
}

static bool masterless_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("puppet-masterless provisioner");
    const struct masterless_config *c = config;
    const char *staging = c->staging_directory;
    struct puppet_run r = puppet_run_make(
        &c->puppet, b, a, staging == NULL ? "/tmp/packer-puppet-masterless" : staging);
    struct staged s = {.manifest_dir = "", .hiera = ""};
    build_sayf(b, "Provisioning with Puppet...");
    if (!stage(c, &r, &s, err))
        return false;
    /* Plain names stand as they are, as in Packer. */
    bool plain = strpbrk(s.manifest, " '\"\\$`&|;<>()*?[]#~") == NULL;
    struct gotmpl_field fields[] = {
        {"ModulePath", str_from(s.modules)},
        {"ModulePathJoiner", r.g.os == GUEST_WINDOWS ? STR(";") : STR(":")},
        {"HieraConfigPath", str_from(s.hiera)},
        {"ManifestDir", str_from(s.manifest_dir)},
        {"ManifestFile", str_from(plain ? s.manifest : guest_quote(&r.g, s.manifest))},
    };
    return puppet_execute(&r, r.g.os == GUEST_WINDOWS ? windows_command : unix_command, fields,
                          ARRAY_SIZE(fields), err);
}

const struct provisioner_type provisioner_puppet_masterless = {
    .name = "puppet-masterless",
    .summary = "Apply Puppet manifests in the guest, without a Puppet server.",
    .doc = "Uploads manifests and modules and runs `puppet apply`.  Puppet has to be in the guest: "
           "a shell provisioner before installs it (Debian: puppet-agent)."
           "\n\n"
           "    provisioner \"puppet-masterless\" {\n"
           "      manifest_file = \"site.pp\"\n"
           "      module_paths  = [\"modules\"]\n"
           "      facter        = { role = \"web\" }\n"
           "    }",
    .opts = masterless_opts,
    .config_size = sizeof(struct masterless_config),
    .flags = PROV_NEEDS_COMM,
    .check = masterless_check,
    .run = masterless_run,
};
