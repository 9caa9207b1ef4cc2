/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_TYPIST_H
#define IMGFAC_QEMU_TYPIST_H

/* Types at a guest's keyboard.  libvirt presses keys together and lets them go
 * again; what <...On> holds is pressed along with every key until <...Off>.
 * In the boot loader of a BIOS each key waits until the guest has taken the
 * one before: nothing is lost however slow the guest is, and a fast one need
 * not be waited for.  Everywhere else there is a pause between two keys.
 * Everything is borrowed; one thread. */

#include "base/cancel.h"
#include "qemu/boot_command.h"

struct guest;

#define TYPIST_HELD_MAX 8
#define TYPIST_PAUSE_NS (100 * (int64_t)1000000) /* Packer's default */

struct typist {
    struct guest *guest;
    struct cancel *cancel;
    int64_t interval_ns; /* least time between two keys; 0: none was asked for */
    bool bios;           /* the machine may have one */

    /* private: begins as zeros */
    struct {
        unsigned key;
        bool used;
    } held[TYPIST_HELD_MAX];
    size_t held_count;
    bool bios_reads; /* the key before went through the BIOS's buffer */
};

/* Carry out A: every kind but BOOT_WAIT_FOR. */
bool typist_act(struct typist *t, const struct boot_action *a, struct error **err);

#endif
