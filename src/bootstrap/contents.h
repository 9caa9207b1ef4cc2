/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_CONTENTS_H
#define IMGFAC_BOOTSTRAP_CONTENTS_H

/* The files that make a tree of packages a bootable, clean, fast-booting
 * base: what is written, what is emptied.  Texts are rendered without touching
 * anything; contents_apply() writes them. */

#include "base/strbuf.h"
#include "bootstrap/config.h"
#include "bootstrap/layout.h"
#include "bootstrap/rootfs.h"

/* Files that must be there before the kernel is configured, under DIR. */
bool contents_write_overlay(const char *dir, struct error **err);
/* Everything else, after the packages. */
bool contents_apply(struct rootfs *r, const struct debootstrap_config *c,
                    const struct layout_ids *ids, struct error **err);
/* Leave nothing of the build in the tree; the last act. */
bool contents_clean(struct rootfs *r, struct error **err);

/* Texts, for contents_apply() and for tests. */
void contents_render_fstab(struct strbuf *out, const struct layout_ids *ids);
/* The first grub.cfg; the guest's update-grub writes its own over it. */
void contents_render_grub_cfg(struct strbuf *out, const struct debootstrap_config *c,
                              const struct layout_ids *ids, const char *kernel_version);
/* What the images of GRUB are told to begin with: where /boot/grub is. */
void contents_render_grub_stub(struct strbuf *out, const struct layout_ids *ids, bool efi);
void contents_render_cloud_cfg(struct strbuf *out, const struct debootstrap_config *c);

#endif
