/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

static const char *const dirs[] = {"/tmp", "/var/tmp", NULL};

static bool tmp_files_run(struct seal_ctx *ctx, const struct seal_config *config,
                          struct error **err)
{
    (void)config;
    for (const char *const *dir = dirs; *dir != NULL; dir++)
        if (!gfs_wipe_tree(ctx, *dir, err) || !gfs_empty_dir(ctx, *dir, err))
            return false;
    return true;
}

static bool tmp_files_verify(struct seal_ctx *ctx, const struct seal_config *config,
                             struct error **err)
{
    (void)config;
    for (const char *const *dir = dirs; *dir != NULL; dir++) {
        struct gfs_entries left;
        if (!gfs_list(ctx, *dir, &left, err))
            return false;
        if (left.len > 0)
            return seal_check_failed(err, "'%s' is still there", left.ptr[0].path);
    }
    return true;
}

const struct sealop op_tmp_files = {
    .name = "tmp-files",
    .heading = "Remove temporary files",
    .doc = "Empties /tmp and /var/tmp; the directories keep their modes.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = tmp_files_run,
    .verify = tmp_files_verify,
};
