/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "hcl/diag.h"
#include "provisioner/puppet.h"

struct server_config {
    const char *client_cert_path, *client_private_key_path;
    const char *puppet_node, *puppet_server;
    const char *staging_dir;
    struct puppet_config puppet;
};

#define C struct server_config
static const struct opt server_opts[] = {
    OPT_STR(C, client_cert_path, "client_cert_path", .flags = OPT_PATH,
            .doc = "Folder of this host with the client's certificates."),
    OPT_STR(C, client_private_key_path, "client_private_key_path", .flags = OPT_PATH,
            .doc = "Folder of this host with its private keys."),
    OPT_STR(C, puppet_node, "puppet_node",
            .doc = "Name of the node (`--certname`).  Default: the guest's own name."),
    OPT_STR(C, puppet_server, "puppet_server", .doc = "Host name of the server (`--server`)."),
    OPT_STR(C, staging_dir, "staging_dir", .def = "\"/tmp/packer-puppet-server\"",
            .flags = OPT_NOHASH, .doc = "Where in the guest certificates and keys go."),
    OPT_EMBED(C, puppet, puppet_opts),
    OPT_END,
};
#undef C

#define ARGUMENTS                                                                                  \
    "puppet agent --onetime --no-daemonize --logdest=console --detailed-exitcodes "                \
    "{{if .Debug}}--debug {{end}}"                                                                 \
    "{{if ne .PuppetServer \"\"}}--server='{{.PuppetServer}}' {{end}}"                             \
    "{{if ne .PuppetNode \"\"}}--certname='{{.PuppetNode}}' {{end}}"                               \
    "{{if ne .ClientCertPath \"\"}}--certdir='{{.ClientCertPath}}' {{end}}"                        \
    "{{if ne .ClientPrivateKeyPath \"\"}}--privatekeydir='{{.ClientPrivateKeyPath}}' {{end}}"      \
    "{{if ne .ExtraArguments \"\"}}{{.ExtraArguments}} {{end}}"

static const char unix_command[] =
    "cd {{.WorkingDir}} && {{if ne .FacterVars \"\"}}{{.FacterVars}} {{end}}"
    "{{if .Sudo}}sudo -E {{end}}{{if ne .PuppetBinDir \"\"}}{{.PuppetBinDir}}/{{end}}" ARGUMENTS;
static const char windows_command[] =
    "cd {{.WorkingDir}} && {{if ne .FacterVars \"\"}}{{.FacterVars}} && {{end}}"
    "{{if ne .PuppetBinDir \"\"}}{{.PuppetBinDir}}/{{end}}" ARGUMENTS;

static bool server_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct server_config *c = config;
    size_t before = diags->errors;
    guest_check_path(c->client_cert_path, "client_cert_path", true, body, diags);
    guest_check_path(c->client_private_key_path, "client_private_key_path", true, body, diags);
    puppet_check(&c->puppet, body, diags);
    return diags->errors == before;
}

/* An uploaded folder, or "" when there is none. */
static bool stage(const struct puppet_run *r, const char *src, const char *name, const char **out,
                  struct error **err)
{
    *out = "";
    if (src == NULL)
        return true;
    struct words dirs = {0};
    *out = arena_fmt(r->g.a, "%s/%s", r->staging, name);
    words_push(r->g.a, &dirs, *out);
    return guest_mkdir(&r->g, &dirs, err) && guest_upload(&r->g, src, *out, err);
}

static bool server_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("puppet-server provisioner");
    const struct server_config *c = config;
    struct puppet_run r = puppet_run_make(
        &c->puppet, b, a, c->staging_dir == NULL ? "/tmp/packer-puppet-server" : c->staging_dir);
    const char *certs, *keys;
    struct words dirs = {0};
    words_push(a, &dirs, r.staging);
    build_sayf(b, "Provisioning with Puppet...");
    if (!guest_mkdir(&r.g, &dirs, err) || !stage(&r, c->client_cert_path, "certs", &certs, err) ||
        !stage(&r, c->client_private_key_path, "private_keys", &keys, err))
        return false;
    struct gotmpl_field fields[] = {
        {"PuppetServer", str_from(c->puppet_server == NULL ? "" : c->puppet_server)},
        {"PuppetNode", str_from(c->puppet_node == NULL ? "" : c->puppet_node)},
        {"ClientCertPath", str_from(certs)},
        {"ClientPrivateKeyPath", str_from(keys)},
    };
    return puppet_execute(&r, r.g.os == GUEST_WINDOWS ? windows_command : unix_command, fields,
                          ARRAY_SIZE(fields), err);
}

const struct provisioner_type provisioner_puppet_server = {
    .name = "puppet-server",
    .summary = "Run the Puppet agent of the guest once against a Puppet server.",
    .doc = "Uploads the client's certificates and keys, when they are given, and runs `puppet "
           "agent --onetime`.  Puppet has to be in the guest.  Unlike in Packer its messages are "
           "shown and not sent to the guest's syslog.  Tested against Debian's Puppet server."
           "\n\n"
           "    provisioner \"puppet-server\" {\n"
           "      puppet_server = \"puppet.example.com\"\n"
           "      puppet_node   = \"golden-image\"\n"
           "    }",
    .opts = server_opts,
    .config_size = sizeof(struct server_config),
    .flags = PROV_NEEDS_COMM,
    .check = server_check,
    .run = server_run,
};
