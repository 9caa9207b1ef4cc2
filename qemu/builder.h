/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_BUILDER_H
#define IMGFAC_QEMU_BUILDER_H

/* The builder `qemu`: a guest under libvirt's QEMU driver, from a catalog
 * image, a disk image or an ISO.  Constant, for src/registry.c. */

#include "plug/builder.h"

extern const struct builder_type builder_qemu;

#endif
