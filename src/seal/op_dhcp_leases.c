/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

/* With the leases go the DUIDs, by which a DHCP server takes two clones for
 * one machine. */
static const char *const leases[] = {
    "/var/lib/dhclient/*",
    "/var/lib/dhcp/*",
    "/var/lib/dhcp3/*",
    "/var/lib/dhcpcd/*",
    "/etc/dhcpcd.duid",
    "/var/db/dhcpcd/*",
    "/var/lib/NetworkManager/*lease*",
    "/var/lib/NetworkManager/secret_key",
    "/var/lib/NetworkManager/seen-bssids",
    "/var/lib/NetworkManager/timestamps",
    "/var/lib/systemd/network/*",
    "/var/lib/wicked/duid.xml",
    "/var/lib/wicked/iaid.xml",
    "/var/lib/wicked/lease-*",
    NULL,
};

static bool dhcp_leases_run(struct seal_ctx *ctx, const struct seal_config *config,
                            struct error **err)
{
    (void)config;
    return gfs_remove_globs(ctx, leases, err);
}

const struct sealop op_dhcp_leases = {
    .name = "dhcp-leases",
    .heading = "Remove DHCP leases",
    .doc = "Leases and identifiers (DUID) that dhclient, dhcpcd, NetworkManager and wicked keep.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = dhcp_leases_run,
};
