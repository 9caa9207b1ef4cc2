/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

static bool run_wanted(const struct seal_ctx *ctx)
{
    return ctx->config->run.len > 0;
}

static void show_output(struct build *b, str text)
{
    while (text.ptr != NULL && text.len > 0)
        build_output(b, false, str_next_line(&text));
}

/* The command line is the template author's own, so a shell reads it. */
static bool run_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    if (!ctx->can_run) {
        error_set(err, ERR_SEAL, 0, "cannot run commands in an image of architecture '%s'",
                  ctx->result->arch);
        return error_hint(err, "Move the commands to a provisioner.");
    }
    for (size_t i = 0; i < config->run.len; i++) {
        autofree char *output = guestfs_sh(ctx->g, config->run.ptr[i]);
        if (output == NULL)
            return seal_guest_error(ctx, err, "command %zu of run failed: %s", i + 1,
                                    config->run.ptr[i]);
        show_output(ctx->b, str_from(output));
    }
    return true;
}

const struct sealop op_run = {
    .name = "run",
    .heading = "Run commands in the image",
    .doc =
        "Each command of `run` is given to the guest's /bin/sh, in the guest's file system, with "
        "no network and no services.  Runs first, so that what a command leaves behind is "
        "cleaned up too.",
    .os = SEAL_LINUX,
    .enabled = true,
    .wanted = run_wanted,
    .run = run_run,
};
