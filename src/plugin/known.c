/* SPDX-License-Identifier: Apache-2.0 */

/* Packer's plugins by name: what their work is called here, and those for
 * platforms that imgfac does not build for. */
#include "plugin/internal.h"

#include "plug/registry.h"

/* VERSION is that of the plugin whose options and behaviour are followed.
 * Components begin with b (builder), p (provisioner), d (data source) or o
 * (post-processor); those that the registry has count. */
static const struct known {
    const char *source; /* without "github.com/" */
    const char *version;
    const char *components[5];
} known[] = {
    {"hashicorp/qemu", "1.1.4", {"b qemu"}},
    {"hashicorp/ansible", "1.1.4", {"p ansible", "p ansible-local"}},
    {"hashicorp/chef", "1.0.2", {"p chef-client", "p chef-solo"}},
    {"hashicorp/puppet", "1.0.1", {"p puppet-masterless", "p puppet-server"}},
    {"hashicorp/salt", "1.0.0", {"p salt-masterless"}},
    {"hashicorp/vagrant", "1.1.5", {"o vagrant"}},
    {"joomcode/external", "0.0.3", {"d external", "d external-raw"}},
    {"YaleUniversity/goss", "3.1.4", {"p goss"}},
};

/* Other platforms, and helpers that templates in use name: the builds that use
 * them are errors, or left out with -only; the requirement alone is none. */
static const char *const elsewhere[] = {
    "alicloud",      "amazon",
    "azure",         "cloudstack",
    "converge",      "digitalocean",
    "docker",        "git",
    "googlecompute", "hcloud",
    "hetzner-cloud", "host-info",
    "hyperv",        "ibmcloud",
    "inspec",        "libvirt",
    "linode",        "lxc",
    "lxd",           "ncloud",
    "nutanix",       "openstack",
    "oracle",        "outscale",
    "parallels",     "password",
    "proxmox",       "scaleway",
    "sshkey",        "tart",
    "tencentcloud",  "utm",
    "vagrant",       "virtualbox",
    "vmware",        "vsphere",
    "vultr",         "windows-update",
    "xenserver",     "yandex",
};

static const char *kind_text(char kind)
{
    switch (kind) {
    case 'b': return "builder";
    case 'p': return "provisioner";
    case 'd': return "data source";
    default: return "post-processor";
    }
}

static bool has_component(const char *c)
{
    str name = str_from(c + 2);
    switch (c[0]) {
    case 'b': return registry_find_builder(name) != NULL;
    case 'p': return registry_find_provisioner(name) != NULL;
    case 'd': return registry_find_datasource(name) != NULL;
    default: return false;
    }
}

/* "builder qemu, provisioner x": what of it is here; NULL: nothing. */
static const char *components_here(struct arena *a, const struct known *k)
{
    const char *text = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(k->components) && k->components[i] != NULL; i++) {
        const char *c = k->components[i];
        if (!has_component(c))
            continue;
        text = arena_fmt(a, "%s%s%s %s", text == NULL ? "" : text, text == NULL ? "" : ", ",
                         kind_text(c[0]), c + 2);
    }
    return text;
}

/* "hashicorp/qemu" of "github.com/hashicorp/qemu". */
static str source_path(str source)
{
    str host = STR("github.com/");
    return str_starts(source, host) ? str_sub(source, host.len, source.len) : source;
}

static bool is_elsewhere(str path)
{
    ptrdiff_t slash = str_rfind_char(path, '/');
    str name = slash < 0 ? path : str_sub(path, (size_t)slash + 1, path.len);
    for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
        if (str_eqz(name, elsewhere[i]))
            return true;
    return false;
}

bool plugin_answer_known(struct arena *a, str source, struct plugin_answer *out)
{
    str path = source_path(source);
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (!str_eq_nocase(path, str_from(known[i].source)))
            continue;
        const char *what = components_here(a, &known[i]);
        *out = (struct plugin_answer){
            .state = what != NULL ? PLUGIN_BUILT_IN : PLUGIN_ELSEWHERE,
            .version = known[i].version,
            .what = what,
        };
        return true;
    }
    *out = (struct plugin_answer){.state = PLUGIN_ELSEWHERE};
    return is_elsewhere(path);
}
