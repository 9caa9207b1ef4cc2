/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

/* systemd makes a new ID at first boot when the file exists and is empty; a
 * missing file also triggers ConditionFirstBoot= (machine-id(5)), so truncate
 * and never remove.  /var/lib/dbus/machine-id is mostly a link to it. */
static const char *const paths[] = {"/etc/machine-id", "/var/lib/dbus/machine-id", NULL};

/* A copy of D-Bus' own is removed: its package makes the link again at boot,
 * and systems without systemd make a new ID only when there is none. */
static bool drop_dbus_copy(struct seal_ctx *ctx, struct error **err)
{
    int link = guestfs_is_symlink(ctx->g, paths[1]);
    if (link < 0)
        return seal_guest_error(ctx, err, "cannot look up '%s'", paths[1]);
    return link > 0 || gfs_remove(ctx, paths[1], err);
}

static bool machine_id_run(struct seal_ctx *ctx, const struct seal_config *config,
                           struct error **err)
{
    (void)config;
    return gfs_truncate(ctx, paths[0], err) && drop_dbus_copy(ctx, err);
}

static bool machine_id_verify(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    (void)config;
    for (const char *const *path = paths; *path != NULL; path++) {
        str text;
        if (!gfs_read(ctx, *path, &text, err))
            return false;
        if (str_trim(text).len > 0)
            return seal_check_failed(err, "'%s' is not empty", *path);
    }
    return true;
}

const struct sealop op_machine_id = {
    .name = "machine-id",
    .heading = "Empty the machine ID",
    .doc = "The ID is made again at first boot, so that two clones do not share one.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = machine_id_run,
    .verify = machine_id_verify,
};
