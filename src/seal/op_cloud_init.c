/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

#define STATE "/var/lib/cloud"

/* Written for the build's instance; the next instance writes its own. */
static const char *const network_files[] = {
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/network/interfaces.d/50-cloud-init*",
    "/etc/systemd/network/10-cloud-init-*",
    "/etc/NetworkManager/system-connections/cloud-init-*",
    "/etc/NetworkManager/conf.d/*-cloud-init*.conf",
    NULL,
};

static const char *const instance_files[] = {
    "/etc/ssh/sshd_config.d/50-cloud-init.conf",
    "/var/log/cloud-init*.log*",
    NULL,
};

/* What an administrator put there: seeds of the image and scripts for each boot. */
static bool is_users_own(const char *name)
{
    return strcmp(name, "seed") == 0 || strcmp(name, "scripts") == 0;
}

static bool empty_state(struct seal_ctx *ctx, struct error **err)
{
    struct gfs_entries list;
    if (!gfs_list(ctx, STATE, &list, err))
        return false;
    VEC_EACH (e, &list)
        if (!is_users_own(e->name) && !gfs_remove_entry(ctx, e, err))
            return false;
    return true;
}

static bool drop_ifcfg(struct seal_ctx *ctx, struct error **err)
{
    struct gfs_entries list;
    if (!gfs_list(ctx, "/etc/sysconfig/network-scripts", &list, err))
        return false;
    VEC_EACH (e, &list) {
        str text = {0};
        if (e->type != 'r' || !str_starts(str_from(e->name), STR("ifcfg-")))
            continue;
        if (!gfs_read(ctx, e->path, &text, err))
            return false;
        if (str_find(text, STR("Created by cloud-init")) >= 0 && !gfs_remove_entry(ctx, e, err))
            return false;
    }
    return true;
}

static bool cloud_init_run(struct seal_ctx *ctx, const struct seal_config *config,
                           struct error **err)
{
    (void)config;
    bool installed, disabled;
    if (!gfs_exists(ctx, STATE, &installed, err) ||
        !gfs_exists(ctx, "/etc/cloud/cloud-init.disabled", &disabled, err))
        return false;
    if (!installed)
        return true;
    if (!gfs_wipe_tree(ctx, STATE "/instances", err) || !empty_state(ctx, err) ||
        !gfs_remove_globs(ctx, instance_files, err))
        return false;
    if (disabled) {
        build_warnf(ctx->b, "sealing: cloud-init is disabled in the image, so the network "
                            "configuration it wrote for the build is kept");
        return true;
    }
    return gfs_remove_globs(ctx, network_files, err) && drop_ifcfg(ctx, err);
}

static bool cloud_init_verify(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    (void)config;
    struct gfs_entries list;
    if (!gfs_list(ctx, STATE, &list, err))
        return false;
    VEC_EACH (e, &list)
        if (!is_users_own(e->name))
            return seal_check_failed(err, "'%s' is still there", e->path);
    return true;
}

const struct sealop op_cloud_init = {
    .name = "cloud-init",
    .heading = "Forget cloud-init's instance",
    .doc = "Removes what cloud-init keeps of the build's instance, its logs, and the network "
           "configuration it wrote, so that the next first boot runs anew.  /etc/cloud and seeds "
           "inside the image stay.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = cloud_init_run,
    .verify = cloud_init_verify,
};
