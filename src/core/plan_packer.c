/* SPDX-License-Identifier: Apache-2.0 */

/* Components that templates in use name and imgfac does not have: those are not
 * misspelt, so the message must not read like that.  The builders, provisioners
 * and post-processors of Packer's own documentation. */

#include "core/plan_internal.h"

#include <string.h>

static const char *const builders[] = {
    "null",          "file",          "amazon-ebs",     "amazon-ebssurrogate",
    "azure-arm",     "digitalocean",  "docker",         "googlecompute",
    "hcloud",        "hyperv-iso",    "hyperv-vmcx",    "libvirt",
    "lxc",           "lxd",           "openstack",      "parallels-iso",
    "parallels-pvm", "proxmox-clone", "proxmox-iso",    "tart-cli",
    "utm-iso",       "vagrant",       "virtualbox-iso", "virtualbox-ovf",
    "virtualbox-vm", "vmware-iso",    "vmware-vmx",     "vsphere-clone",
    "vsphere-iso",
};

static const char *const provisioners[] = {
    "converge",
    "goss",
    "inspec",
    "windows-update",
};

static const char *const post_processors[] = {
    "alicloud-import",
    "amazon-import",
    "artifice",
    "azure-dtl",
    "checksum",
    "compress",
    "digitalocean-import",
    "docker-import",
    "docker-push",
    "docker-save",
    "docker-tag",
    "exoscale-import",
    "googlecompute-export",
    "googlecompute-import",
    "manifest",
    "shell-local",
    "ucloud-import",
    "utm-vagrant",
    "vagrant",
    "vagrant-cloud",
    "vagrant-registry",
    "vsphere",
    "vsphere-template",
    "yandex-export",
    "yandex-import",
};

static bool has(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool plan_packer_has_builder(const char *name)
{
    return has(builders, ARRAY_SIZE(builders), name);
}

bool plan_packer_has_provisioner(const char *name)
{
    return has(provisioners, ARRAY_SIZE(provisioners), name);
}

bool plan_packer_has_post_processor(const char *name)
{
    return has(post_processors, ARRAY_SIZE(post_processors), name);
}

void plan_packer_each_post_processor(void (*fn)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < ARRAY_SIZE(post_processors); i++)
        fn(arg, post_processors[i]);
}
