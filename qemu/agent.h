/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_AGENT_H
#define IMGFAC_QEMU_AGENT_H

/* The guest agent of a running domain, through libvirt, for the communicator
 * "guest-agent".  Borrows the guest, which must outlive it; one thread. */

#include "plug/communicator.h"

struct arena;
struct guest;

struct guest_agent *qemu_agent_new(struct arena *a, struct guest *g);

#endif
