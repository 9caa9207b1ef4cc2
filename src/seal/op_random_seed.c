/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

/* credential.secret is the host key of systemd-creds(1); the EFI system token
 * lies in the firmware's variables, not on the disk. */
static const char *const seeds[] = {
    "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret",
    "/var/lib/random-seed",         "/var/lib/urandom/random-seed",
    "/var/lib/misc/random-seed",    "/var/lib/seedrng/seed.*",
    "/boot/loader/random-seed",     "/boot/efi/loader/random-seed",
    "/efi/loader/random-seed",      NULL,
};

static bool random_seed_run(struct seal_ctx *ctx, const struct seal_config *config,
                            struct error **err)
{
    (void)config;
    return gfs_remove_globs(ctx, seeds, err);
}

static bool random_seed_verify(struct seal_ctx *ctx, const struct seal_config *config,
                               struct error **err)
{
    (void)config;
    bool there;
    if (!gfs_exists(ctx, seeds[0], &there, err))
        return false;
    return !there || seal_check_failed(err, "'%s' is still there", seeds[0]);
}

const struct sealop op_random_seed = {
    .name = "random-seed",
    .heading = "Remove the random seed",
    .doc = "Two clones that begin with the same seed may make the same keys.  The seed is written "
           "again at the first shutdown.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = random_seed_run,
    .verify = random_seed_verify,
};
