/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_USERNS_H
#define IMGFAC_BOOTSTRAP_USERNS_H

/* Running tools as the root of a new tree.  An ordinary user becomes root in a
 * user namespace whose other ids come from /etc/subuid: files of the tree's
 * root are the user's own, all others belong to subordinate ids.  Everyone
 * gets mount and process namespaces, so that mounts vanish and every child
 * dies with the first process. */

#include "base/proc.h"
#include "bootstrap/sources.h"
#include "plug/reaper.h"

/* unshare(1) and its options, before the ARGV (NULL-ended) to run. */
struct words userns_argv(struct arena *a, bool is_root, const struct words *argv);

/* Can this user do it?  Names what is missing and the cure. */
bool userns_check(struct cancel *c, struct error **err);

/* Run SPEC (its argv is ARGV put into the namespaces).  Blocks. */
bool userns_run(struct arena *a, const struct words *argv, struct proc_spec spec,
                struct error **err);

/* Remove the tree at the absolute PATH; absent is success. */
bool userns_remove_tree(const char *path, struct error **err);
/* Kind "subuid-tree": what a killed run left. */
extern const struct reaper reaper_subuid_tree;

/* Does TEXT of /etc/subuid give the user NAME or UID at least COUNT ids?  Pure. */
bool userns_has_range(str text, const char *name, unsigned uid, uint64_t count);

#endif
