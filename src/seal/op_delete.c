/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

static bool delete_wanted(const struct seal_ctx *ctx)
{
    return ctx->config->delete_paths.len > 0;
}

static bool delete_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    for (size_t i = 0; i < config->delete_paths.len; i++) {
        const char *one[] = {config->delete_paths.ptr[i], NULL};
        if (!gfs_remove_globs(ctx, one, err))
            return false;
    }
    return true;
}

static bool delete_verify(struct seal_ctx *ctx, const struct seal_config *config,
                          struct error **err)
{
    for (size_t i = 0; i < config->delete_paths.len; i++) {
        struct gfs_entries left;
        if (!gfs_glob(ctx, config->delete_paths.ptr[i], &left, err))
            return false;
        if (left.len > 0)
            return seal_check_failed(err, "'%s' is still there", left.ptr[0].path);
    }
    return true;
}

const struct sealop op_delete = {
    .name = "delete",
    .heading = "Delete files",
    .doc = "Removes the files and trees that `delete` names; patterns of glob(7) are allowed.",
    .os = SEAL_UNIX,
    .enabled = true,
    .wanted = delete_wanted,
    .run = delete_run,
    .verify = delete_verify,
};
