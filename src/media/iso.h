/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_MEDIA_ISO_H
#define IMGFAC_MEDIA_ISO_H

/* ISO 9660 images with Joliet and Rock Ridge through libarchive: seeds and the
 * CDs of `cd_files`.  Everything is borrowed. */

#include "base/error.h"
#include "base/str.h"

struct iso_file {
    const char *path; /* inside the image, "etc/answer.txt": no leading slash, no ".." */
    str data;         /* contents, unless HOST_PATH is set */
    const char *host_path;
};

/* Write a new image at PATH (mode 0600: seeds hold credentials), replacing
 * what is there.  LABEL is at most 32 bytes. */
bool iso_write(const char *path, const char *label, const struct iso_file *files, size_t count,
               struct error **err);

#endif
