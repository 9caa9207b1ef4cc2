/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_BUILDER_H
#define IMGFAC_BOOTSTRAP_BUILDER_H

/* The builder "debootstrap": a bootable Debian base image out of a mirror, by
 * mmdebstrap.  What it keeps between its steps belongs to the build's arena;
 * a build is run by one thread. */

extern const struct builder_type builder_debootstrap;
extern const struct reaper reaper_subuid_tree;

#endif
