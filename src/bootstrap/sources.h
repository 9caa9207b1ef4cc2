/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_SOURCES_H
#define IMGFAC_BOOTSTRAP_SOURCES_H

/* What mmdebstrap is asked for: lines of sources.list, packages, argument
 * vector; and what its output means when it failed.  Pure; everything is
 * allocated in the arena given. */

#include "base/error.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "bootstrap/config.h"

DEFINE_ARENA_VEC(words, const char *);

/* One-line "deb ..." entries of suite, updates and security. */
struct words sources_lines(struct arena *a, const struct debootstrap_config *c);
/* The packages of the base, then those of the template. */
struct words sources_packages(struct arena *a, const struct debootstrap_config *c);
/* mmdebstrap and its arguments: install into directory TREE; OVERLAY/etc is
 * copied in before the packages outside the essential set are configured. */
struct words sources_mmdebstrap(struct arena *a, const struct debootstrap_config *c,
                                const char *tree, const char *overlay);
/* The kernel package that is meant. */
const char *sources_kernel(const struct debootstrap_config *c);

/* Replace *ERR by the cause that OUTPUT (of mmdebstrap) shows, with a code and a
 * hint of its own; an unknown cause leaves it as it is. */
void sources_explain(const struct debootstrap_config *c, str output, struct error **err);

#endif
