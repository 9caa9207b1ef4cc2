/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_GFS_H
#define IMGFAC_SEAL_GFS_H

/* What the operations do to files of the guest, in as few messages to the
 * appliance as possible: each costs milliseconds, and one that starts a
 * program there ten times as much.  Absent files and directories are no
 * errors; every error names the path.  Texts live in the build's arena. */

#include "base/strbuf.h"
#include "base/vec.h"
#include "seal/sealop.h"

struct gfs_entry {
    const char *path; /* whole */
    const char *name;
    char type; /* of readdir(3) as guestfs_readdir gives it: 'r', 'd', 'l', 's', 'f', 'b', 'c' */
};
DEFINE_ARENA_VEC(gfs_entries, struct gfs_entry);

bool gfs_exists(struct seal_ctx *ctx, const char *path, bool *out, struct error **err);
/* Contents of a regular file (links followed), at most 16 MiB; .ptr NULL when absent. */
bool gfs_read(struct seal_ctx *ctx, const char *path, str *out, struct error **err);
/* Replace the contents; an existing file keeps its owner, mode and attributes. */
bool gfs_write(struct seal_ctx *ctx, const char *path, str text, struct error **err);
/* Entries of DIR without "." and "..", sorted by name; none when it is absent. */
bool gfs_list(struct seal_ctx *ctx, const char *dir, struct gfs_entries *out, struct error **err);
/* Every entry below DIR, directories before what they hold; links not followed. */
bool gfs_walk(struct seal_ctx *ctx, const char *dir, struct gfs_entries *out, struct error **err);

/* A file, a link or a whole tree. */
bool gfs_remove(struct seal_ctx *ctx, const char *path, struct error **err);
bool gfs_remove_entry(struct seal_ctx *ctx, const struct gfs_entry *e, struct error **err);
/* All that DIR holds; DIR stays with its mode and owner. */
bool gfs_empty_dir(struct seal_ctx *ctx, const char *dir, struct error **err);
/* Overwrite the regular files with zeros before they are removed (the first
 * and the last cluster of each: whole clusters in between are discarded by
 * fstrim); at most 1000 of them. */
bool gfs_wipe(struct seal_ctx *ctx, const struct gfs_entries *list, struct error **err);
bool gfs_wipe_tree(struct seal_ctx *ctx, const char *dir, struct error **err);
/* To length 0 with mode and owner kept. */
bool gfs_truncate(struct seal_ctx *ctx, const char *path, struct error **err);
/* Each pattern of a NULL-ended list of glob(7) patterns. */
bool gfs_remove_globs(struct seal_ctx *ctx, const char *const *patterns, struct error **err);
bool gfs_glob(struct seal_ctx *ctx, const char *pattern, struct gfs_entries *out,
              struct error **err);

/* Run a program of the guest in its own tree by its argument vector; its
 * output goes to the log.  ctx->can_run must hold. */
bool gfs_run(struct seal_ctx *ctx, const char *const *argv, struct error **err);

/* An edit: text to text; returns how many places changed. */
typedef size_t (*gfs_edit)(str text, str arg, struct strbuf *out);
/* Apply EDIT to the file and overwrite it when that changed something.
 * *CHANGED (may be NULL) is increased. */
bool gfs_edit_file(struct seal_ctx *ctx, const char *path, gfs_edit edit, str arg, size_t *changed,
                   struct error **err);

#endif
