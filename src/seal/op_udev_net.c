/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

static const char *const rules[] = {
    "/etc/udev/rules.d/*-persistent-net.rules",
    "/etc/udev/rules.d/*-persistent-cd.rules",
    "/etc/udev/rules.d/70-cloud-init-*.rules",
    NULL,
};

static bool udev_net_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    (void)config;
    return gfs_remove_globs(ctx, rules, err);
}

const struct sealop op_udev_net = {
    .name = "udev-persistent-net",
    .heading = "Remove persistent udev rules",
    .doc = "Rules that bind interface names to the addresses of the build's machine.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = udev_net_run,
};
