/* SPDX-License-Identifier: Apache-2.0 */

#include "plug/registry.h"

#include "plug/builder.h"
#include "plug/communicator.h"
#include "plug/datasource.h"
#include "plug/provisioner.h"
#include "plug/reaper.h"
#include "plug/sealer.h"

#include "bootstrap/builder.h"
#include "communicator/communicator.h"
#include "datasource/datasource.h"
#include "plugin/plugin.h"
#include "provisioner/provisioner.h"
#include "null/builder.h"
#include "seal/sealop.h"
#include "qemu/builder.h"
#include "qemu/pool.h"
#include "qemu/reap.h"

static const struct builder_type *const builders[] = {
    &builder_debootstrap,
    &builder_null,
    &builder_qemu,
    NULL,
};

static const struct provisioner_type *const provisioners[] = {
    &provisioner_shell,
    &provisioner_shell_local,
    &provisioner_file,
    &provisioner_breakpoint,
    &provisioner_sleep,
    &provisioner_ansible,
    &provisioner_ansible_local,
    &provisioner_powershell,
    &provisioner_windows_shell,
    &provisioner_windows_restart,
    &provisioner_checks,
    &provisioner_cloud_init,
    &provisioner_puppet_masterless,
    &provisioner_puppet_server,
    &provisioner_chef_solo,
    &provisioner_chef_client,
    &provisioner_salt_masterless,
    &provisioner_hcp_sbom,
    NULL,
};

static const struct comm_type *const communicators[] = {
    &comm_ssh, &comm_none, &comm_guest_agent, &comm_winrm, NULL,
};

static const struct datasource_type *const datasources[] = {
    &datasource_null,          &datasource_http,
    &datasource_external,      &datasource_external_raw,
    &datasource_catalog_image, &datasource_hcp_version,
    &datasource_hcp_artifact,  &datasource_hcp_iteration,
    &datasource_hcp_image,     NULL,
};

/* In the order they run: what commands leave behind is cleaned up after them,
 * accounts go before the homes are searched, and free blocks are known last. */
static const struct sealop *const sealops[] = {
    &op_run,
    &op_delete,
    &op_ca_certificates,
    &op_build_account,
    &op_remove_accounts,
    &op_root_password,
    &op_lock_accounts,
    &op_hostname,
    &op_timezone,
    &op_cloud_init,
    &op_ssh_host_keys,
    &op_machine_id,
    &op_storage_ids,
    &op_shell_history,
    &op_dhcp_leases,
    &op_random_seed,
    &op_udev_net,
    &op_net_hwaddr,
    &op_package_cache,
    &op_logs,
    &op_tmp_files,
    &op_selinux_relabel,
    &op_fstrim,
    NULL,
};

static const struct reaper *const reapers[] = {
    &reaper_subuid_tree, &reaper_domain, &reaper_libvirt_root, &reaper_volume, &reaper_pool, NULL,
};

const struct builder_type *registry_find_builder(str name)
{
    for (size_t i = 0; builders[i] != NULL; i++)
        if (str_eqz(name, builders[i]->name))
            return builders[i];
    return NULL;
}

const struct provisioner_type *registry_find_provisioner(str name)
{
    for (size_t i = 0; provisioners[i] != NULL; i++)
        if (str_eqz(name, provisioners[i]->name))
            return provisioners[i];
    return plugins_find_provisioner(name);
}

const struct comm_type *registry_find_communicator(str name)
{
    for (size_t i = 0; communicators[i] != NULL; i++)
        if (str_eqz(name, communicators[i]->name))
            return communicators[i];
    return NULL;
}

const struct datasource_type *registry_find_datasource(str name)
{
    for (size_t i = 0; datasources[i] != NULL; i++)
        if (str_eqz(name, datasources[i]->name))
            return datasources[i];
    return plugins_find_datasource(name);
}

const struct sealer *registry_sealer(void)
{
    return &sealer_guestfs;
}

const struct builder_type *const *registry_builders(void)
{
    return builders;
}

const struct provisioner_type *const *registry_provisioners(void)
{
    return plugins_add_provisioners(provisioners);
}

const struct comm_type *const *registry_communicators(void)
{
    return communicators;
}

const struct datasource_type *const *registry_datasources(void)
{
    return plugins_add_datasources(datasources);
}

const struct sealop *const *registry_sealops(void)
{
    return sealops;
}

const struct reaper *const *registry_reapers(void)
{
    return reapers;
}

const char *registry_explain(struct arena *a, str type)
{
    return plugins_explain(a, type);
}

void registry_find_plugin(struct arena *a, str name, str source, struct plugin_answer *out)
{
    plugins_answer(a, name, source, out);
}
