/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "base/log.h"
#include "seal/gfs.h"

static void free_strings(char **list)
{
    for (char **s = list; s != NULL && *s != NULL; s++)
        free(*s);
    free(list);
}
DEFINE_AUTO(strings, char **, free_strings);

/* The journal of a file system is flushed first: it may hold removed blocks. */
static bool fstrim_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    (void)config;
    AUTO(strings) char **points = guestfs_mountpoints(ctx->g);
    if (points == NULL || guestfs_sync(ctx->g) != 0)
        return seal_guest_error(ctx, err, "cannot list what is mounted");
    for (char **p = points; p[0] != NULL && p[1] != NULL; p += 2) {
        if (guestfs_fstrim(ctx->g, p[1], -1) == 0)
            continue;
        if (cancel_test(ctx->cancel))
            return cancel_error(ctx->cancel, err, "sealing");
        log_info("seal", "%s is not trimmed: %s", p[1], guestfs_last_error(ctx->g));
    }
    return true;
}

const struct sealop op_fstrim = {
    .name = "fstrim",
    .heading = "Discard free blocks",
    .doc = "Free blocks become holes of the image: it gets smaller, and what was deleted cannot be "
           "read from it any more.  File systems that cannot do this are left as they are.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = fstrim_run,
};
