/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_STORE_H
#define IMGFAC_PLUGIN_STORE_H

/* Where plugins lie, and what pins them.  A plugin is an executable named
 * imgfac-plugin-NAME; beside it imgfac-plugin-NAME.pin holds the checksum that
 * it had when it was installed and what it said of itself then.  Nothing is
 * started that is not pinned, nothing at all to list or to document. */

#include "base/cancel.h"
#include "base/vec.h"
#include "plugin/describe.h"

#define PLUGIN_PREFIX "imgfac-plugin-"

struct plugin_file {
    const char *name; /* "hello" */
    const char *path; /* of the executable */
    const char *dir;
    const char *sha256;      /* pinned; NULL: not installed, or the pin cannot be read */
    const char *pin_sha256;  /* of the pin itself, as it was read */
    const char *why;         /* sha256 NULL: a sentence */
    struct description said; /* with sha256 */
};
DEFINE_ARENA_VEC(plugin_files, struct plugin_file);

/* In order: $IMGFAC_PLUGIN_PATH (colons between), the user's and the system's
 * directories, $PACKER_PLUGIN_PATH. */
void plugin_dirs(struct arena *a, struct opt_strings *out);
/* Every plugin, by name; of one name the first in order of directories. */
void plugin_list(struct arena *a, struct plugin_files *out);
/* Digest against pin, and that nobody else could have written either, nor can
 * put others in their places: every directory above them is looked at.  *REAL
 * (may be NULL; heap) is the path to start, without links. */
bool plugin_verify(const struct plugin_file *f, struct cancel *c, char **real, struct error **err);

struct plugin_install {
    const char *path; /* the executable to install */
    const char *dir;  /* NULL: the first of plugin_dirs() */
    bool force;       /* over one that is there */
    struct cancel *cancel;
};
/* Copy, ask the copy for its description, pin.  Nothing is left when it fails. */
bool plugin_install(struct arena *a, const struct plugin_install *job, struct plugin_file *out,
                    struct error **err);
/* Executable and pin. */
bool plugin_uninstall(const struct plugin_file *f, struct error **err);
/* NAME of ".../imgfac-plugin-NAME" in the arena; NULL: it is not called so. */
const char *plugin_name_of(struct arena *a, const char *path);

#endif
