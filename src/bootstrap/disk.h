/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_DISK_H
#define IMGFAC_BOOTSTRAP_DISK_H

/* Turning a tree into a raw disk: partition table, ESP by mtools, GRUB for
 * BIOS, root file system by `mke2fs -d`.  No loop device, no mount, no
 * appliance.  Blocks; observes JOB's cancel. */

#include "base/cancel.h"
#include "bootstrap/layout.h"
#include "bootstrap/rootfs.h"

struct arena;

struct disk_job {
    struct arena *arena;
    struct cancel *cancel;
    struct rootfs *tree;
    const char *path; /* of the disk; must not exist */
    const struct layout *layout;
    const struct layout_ids *ids;
    void (*on_line)(void *arg, bool is_stderr, str line);
    void *arg;
};

bool disk_create(const struct disk_job *job, struct error **err);
bool disk_write_esp(const struct disk_job *job, struct error **err);
bool disk_write_biosgrub(const struct disk_job *job, struct error **err);
/* Last: nothing changes the tree afterwards. */
bool disk_write_root(const struct disk_job *job, struct error **err);

#endif
