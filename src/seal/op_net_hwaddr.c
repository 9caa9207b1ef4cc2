/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/edit.h"
#include "seal/gfs.h"

/* UUID: NetworkManager takes two connections of one UUID for the same. */
static const char *const ifcfg_keys[] = {"HWADDR", "UUID", NULL};
static const char *const keyfile_keys[] = {"mac-address", NULL};

static size_t drop_ifcfg(str text, str arg, struct strbuf *out)
{
    (void)arg;
    return ini_drop_keys(text, ifcfg_keys, out);
}

static size_t drop_keyfile(str text, str arg, struct strbuf *out)
{
    (void)arg;
    return ini_drop_keys(text, keyfile_keys, out);
}

static bool edit_all(struct seal_ctx *ctx, const char *dir, str prefix, gfs_edit edit,
                     struct error **err)
{
    struct gfs_entries list;
    if (!gfs_list(ctx, dir, &list, err))
        return false;
    VEC_EACH (e, &list)
        if (e->type == 'r' && str_starts(str_from(e->name), prefix) &&
            !gfs_edit_file(ctx, e->path, edit, (str){0}, NULL, err))
            return false;
    return true;
}

/* Taking the match out of these would make them match everything. */
static bool warn_of_matches(struct seal_ctx *ctx, const char *dir, str key, struct error **err)
{
    struct gfs_entries list;
    if (!gfs_list(ctx, dir, &list, err))
        return false;
    VEC_EACH (e, &list) {
        str text = {0};
        if (e->type == 'r' && !gfs_read(ctx, e->path, &text, err))
            return false;
        if (str_find(text, key) >= 0)
            build_warnf(ctx->b, "sealing: %s names the MAC address of one machine", e->path);
    }
    return true;
}

static bool net_hwaddr_run(struct seal_ctx *ctx, const struct seal_config *config,
                           struct error **err)
{
    (void)config;
    return edit_all(ctx, "/etc/sysconfig/network-scripts", STR("ifcfg-"), drop_ifcfg, err) &&
           edit_all(ctx, "/etc/sysconfig/network", STR("ifcfg-"), drop_ifcfg, err) &&
           edit_all(ctx, "/etc/NetworkManager/system-connections", STR(""), drop_keyfile, err) &&
           warn_of_matches(ctx, "/etc/netplan", STR("macaddress:"), err) &&
           warn_of_matches(ctx, "/etc/systemd/network", STR("MACAddress="), err);
}

const struct sealop op_net_hwaddr = {
    .name = "net-hwaddr",
    .heading = "Forget MAC addresses",
    .doc =
        "Takes hardware addresses out of ifcfg files and NetworkManager's connections, and warns "
        "of those in netplan and systemd-networkd, where they are the match itself.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = net_hwaddr_run,
};
