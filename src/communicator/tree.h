/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_TREE_H
#define IMGFAC_COMMUNICATOR_TREE_H

/* Folders of this host as tar streams and back, whatever carries the bytes.
 * Links are followed on the way out.  What comes in is not trusted: names that
 * are absolute or climb up are refused, links are never made and never followed
 * below the destination.  Borrows everything; one thread. */

#include <sys/stat.h>

#include "base/error.h"
#include "base/str.h"
#include "base/strbuf.h"

struct build;

/* SRC as a user writes it: without a trailing slash its entries are named
 * "basename/...", with one they have no prefix. */
struct tree_root {
    char *path, *prefix;
};
bool tree_root_init(struct tree_root *r, const char *src, struct error **err);
void tree_root_clear(struct tree_root *r);
DEFINE_AUTO_CLEAR(tree_root, struct tree_root, tree_root_clear);

/* Called for each folder (before its contents) and file, names sorted; NAME is
 * relative to the destination and never empty. */
typedef bool (*tree_visit)(void *arg, const char *name, const char *path, const struct stat *st,
                           struct error **err);
bool tree_walk(const char *root, const char *prefix, tree_visit visit, void *arg,
               struct error **err);

/* WRITE gets the stream piece by piece. */
bool tree_tar(const struct tree_root *root, bool (*write)(void *arg, str data, struct error **err),
              void *arg, struct error **err);

/* Unpack below DST, which is made.  READ gives the next piece, valid until its
 * next call, of length 0 at the end.  B is told what is left out. */
bool tree_untar(const char *dst, struct build *b,
                bool (*read)(void *arg, str *out, struct error **err), void *arg,
                struct error **err);

/* The same for single things that the guest names: a file (its descriptor, mode
 * 0600; -1 with the error) or folder below the open folder ROOT. */
int tree_make_file(int root, const char *name, struct error **err);
bool tree_make_dir(int root, const char *name, struct error **err);

/* A shell command that writes SRC of the guest to standard output as tar: "dir/"
 * is its contents, "dir" the folder itself; with wildcards what they match,
 * named from the last folder without a wildcard on. */
void tree_tar_command(struct strbuf *sb, const char *src);

#endif
