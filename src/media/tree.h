/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_MEDIA_TREE_H
#define IMGFAC_MEDIA_TREE_H

/* Lists of files for CDs and floppies, gathered from globs, directories and
 * texts of a template.  A later file of the same path replaces an earlier one.
 * Strings live in the arena. */

#include "base/map.h"
#include "media/iso.h"

struct tree {
    struct map files; /* path in the image -> struct iso_file */
};

enum tree_mode {
    TREE_KEEP,    /* a directory keeps its name and what is below it (cd_files, floppy_dirs) */
    TREE_FLATTEN, /* files only, all at the root (floppy_files) */
};

void tree_init(struct tree *t, struct arena *a);
/* All that GLOB matches; a plain name must exist.  Links are followed. */
bool tree_add_glob(struct tree *t, const char *glob, enum tree_mode mode, struct error **err);
/* A text at PATH, leading slashes taken off; ".." is refused. */
bool tree_add_text(struct tree *t, const char *path, str text, struct error **err);
/* The files in order of path; array in the arena. */
const struct iso_file *tree_files(const struct tree *t, size_t *count);

#endif
