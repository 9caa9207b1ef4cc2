/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_ROOTFS_H
#define IMGFAC_BOOTSTRAP_ROOTFS_H

/* Files of a tree that will be a root file system, reached from outside.
 * Paths are relative to the tree's root and resolved inside it: its symbolic
 * links never lead to the host's files (openat2(2), RESOLVE_IN_ROOT). */

#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

struct rootfs {
    int fd; /* of the root directory */
    const char *path;
};

bool rootfs_open(struct rootfs *r, const char *path, struct error **err);
void rootfs_close(struct rootfs *r);
DEFINE_AUTO_CLEAR(rootfs, struct rootfs, rootfs_close);

/* Make PATH a new regular file; missing directories are made, what was there
 * is replaced. */
bool rootfs_write(struct rootfs *r, const char *path, str data, mode_t mode, struct error **err);
bool rootfs_symlink(struct rootfs *r, const char *path, const char *target, struct error **err);
bool rootfs_mkdir_p(struct rootfs *r, const char *path, struct error **err);
/* Remove a file; absent is success. */
bool rootfs_unlink(struct rootfs *r, const char *path, struct error **err);
/* Remove the files (not directories) directly in PATH whose name ends with
 * SUFFIX ("": all); an absent directory is success. */
bool rootfs_clean_dir(struct rootfs *r, const char *path, const char *suffix, struct error **err);
bool rootfs_exists(struct rootfs *r, const char *path);
bool rootfs_read(struct rootfs *r, const char *path, size_t max, struct strbuf *out,
                 struct error **err);
/* Copy the files of directory FROM with one of the SUFFIXES to directory TO. */
bool rootfs_copy_dir(struct rootfs *r, const char *from, const char *to,
                     const char *const *suffixes, struct error **err);
/* Greatest name in DIR that begins with PREFIX, in version order, without the
 * prefix; heap, NULL: none. */
char *rootfs_find_latest(struct rootfs *r, const char *dir, const char *prefix);

#endif
