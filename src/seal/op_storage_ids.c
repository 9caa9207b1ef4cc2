/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

#define INITIATOR "/etc/iscsi/initiatorname.iscsi"

static const char *const files[] = {"/etc/nvme/hostid", "/etc/nvme/hostnqn", NULL};

/* Debian's open-iscsi makes a name where the file asks for one; elsewhere
 * iscsi-init.service does where there is no file. */
static bool storage_ids_run(struct seal_ctx *ctx, const struct seal_config *config,
                            struct error **err)
{
    (void)config;
    bool there;
    if (!gfs_remove_globs(ctx, files, err) || !gfs_exists(ctx, INITIATOR, &there, err))
        return false;
    if (!there)
        return true;
    return ctx->family == SEAL_DEBIAN ? gfs_write(ctx, INITIATOR, STR("GenerateName=yes\n"), err)
                                      : gfs_remove(ctx, INITIATOR, err);
}

const struct sealop op_storage_ids = {
    .name = "storage-ids",
    .heading = "Forget iSCSI and NVMe identities",
    .doc =
        "A storage server takes two initiators of one name for the same machine.  The iSCSI name "
        "is made again at first boot; NVMe's is derived from the machine.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = storage_ids_run,
};
