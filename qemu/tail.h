/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_TAIL_H
#define IMGFAC_QEMU_TAIL_H

/* The serial console of a guest on another host, copied as it comes into a
 * file here, which everything else reads: libvirt's console stream, served by
 * the thread of its event loop. */

#include "base/error.h"

struct guest;
struct tail;

/* PATH is appended to.  Before the guest runs, or its first words are lost. */
struct tail *tail_open(struct guest *g, const char *path, struct error **err);
void tail_close(struct tail *t); /* NULL-safe; before the guest is freed */

#endif
