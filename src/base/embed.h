/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_EMBED_H
#define IMGFAC_BASE_EMBED_H

/* Files built into the program (mk/embed.mk): catalog migrations, cloud-init
 * templates.  Read-only, sorted by name. */

#include "base/str.h"

struct embedded_file {
    const char *name; /* "catalog/schema/0001_init.sql" */
    const char *start;
    const char *end;
};

extern const struct embedded_file embedded_files[]; /* ends with name NULL */

/* Contents of NAME; ptr NULL when there is no such file. */
str embed_find(const char *name);

#endif
