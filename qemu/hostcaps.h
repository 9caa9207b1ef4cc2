/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_HOSTCAPS_H
#define IMGFAC_QEMU_HOSTCAPS_H

/* What a hypervisor's host offers, by its libvirt. */

#include "base/arena.h"
#include "base/error.h"

struct conn;

struct hostcaps {
    const char *emulator; /* path there */
    bool kvm;             /* its libvirt offers it; whether it is fast nobody measured */
    bool efi, tpm;
    uint64_t memory_bytes;
    unsigned cpus;
};

/* For guests of ARCH on MACHINE (NULL: any); BINARY NULL: its own emulator. */
bool hostcaps_read(struct conn *c, const char *arch, const char *machine, const char *binary,
                   struct arena *a, struct hostcaps *out, struct error **err);

#endif
