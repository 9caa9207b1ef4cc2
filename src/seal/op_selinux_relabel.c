/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/edit.h"
#include "seal/gfs.h"

/* Files written from outside carry no label; the guest's own relabelling at
 * first boot knows its policy, the appliance does not. */
static bool selinux_relabel_run(struct seal_ctx *ctx, const struct seal_config *config,
                                struct error **err)
{
    (void)config;
    str text;
    if (!gfs_read(ctx, "/etc/selinux/config", &text, err))
        return false;
    bool in_use = ini_has(text, STR("SELINUX"), STR("enforcing")) ||
                  ini_has(text, STR("SELINUX"), STR("permissive"));
    if (in_use && guestfs_touch(ctx->g, "/.autorelabel") != 0)
        return seal_guest_error(ctx, err, "cannot write '/.autorelabel'");
    return true;
}

const struct sealop op_selinux_relabel = {
    .name = "selinux-relabel",
    .heading = "Ask for an SELinux relabel",
    .doc = "Writes /.autorelabel where /etc/selinux/config has SELinux in use.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = selinux_relabel_run,
};
