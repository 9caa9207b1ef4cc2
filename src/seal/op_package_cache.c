/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

/* The directories stay: package managers expect them with their owners. */
static const char *const dirs[] = {
    "/var/lib/apt/lists",    "/var/cache/dnf",
    "/var/cache/libdnf5",    "/var/cache/yum",
    "/var/cache/zypp",       "/var/cache/apk",
    "/etc/apk/cache",        "/var/cache/pacman/pkg",
    "/var/cache/PackageKit", NULL,
};

static const char *const files[] = {
    "/var/cache/apt/*.bin",
    "/var/cache/apt/archives/*.deb",
    "/var/cache/apt/archives/partial/*",
    "/var/cache/debconf/*-old",
    "/var/lib/dpkg/*-old",
    "/var/lib/pacman/sync/*",
    NULL,
};

static bool package_cache_run(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    (void)config;
    for (const char *const *dir = dirs; *dir != NULL; dir++)
        if (!gfs_empty_dir(ctx, *dir, err))
            return false;
    return gfs_remove_globs(ctx, files, err);
}

const struct sealop op_package_cache = {
    .name = "package-cache",
    .heading = "Empty the package cache",
    .doc = "Downloaded packages and lists of apt, dnf, yum, zypper, apk and pacman.",
    .os = SEAL_LINUX,
    .enabled = true,
    .run = package_cache_run,
};
