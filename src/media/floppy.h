/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_MEDIA_FLOPPY_H
#define IMGFAC_MEDIA_FLOPPY_H

/* Floppy disks of 1.44 MB (FAT12) by mtools, which needs neither root nor a
 * mount.  Everything is borrowed. */

#include "base/cancel.h"
#include "media/iso.h"

/* Write a new image at PATH (mode 0600).  WORK_DIR takes texts on their way. */
bool floppy_write(const char *path, const char *label, const struct iso_file *files, size_t count,
                  const char *work_dir, struct cancel *c, struct error **err);

#endif
