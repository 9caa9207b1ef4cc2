/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_FIRMWARE_H
#define IMGFAC_QEMU_FIRMWARE_H

/* UEFI firmware of the host, found through QEMU's descriptors
 * (docs/interop/firmware.json of QEMU), so that no path needs to be known. */

#include "base/arena.h"
#include "base/error.h"

struct firmware {
    const char *code, *code_format; /* "raw" or "qcow2" */
    const char *vars, *vars_format; /* template of the variable store */
    bool needs_smm;                 /* keeps its variables in system management mode */
};

/* For ARCH ("x86_64") and MACHINE ("pc", "q35", "pc-q35-7.2"); ERR_HOST with
 * the package to install when there is none. */
bool firmware_find_uefi(const char *arch, const char *machine, bool secure_boot, struct arena *a,
                        struct firmware *out, struct error **err);
/* The same over the directories of DIRS, NULL-ended, the first wins by file name. */
bool firmware_find_in(const char *const *dirs, const char *arch, const char *machine,
                      bool secure_boot, struct arena *a, struct firmware *out, struct error **err);
/* The one of the host's descriptors whose code is the file CODE; false: none. */
bool firmware_find_code(const char *code, const char *arch, struct arena *a, struct firmware *out);
/* Package of Debian that holds UEFI firmware for ARCH. */
const char *firmware_package(const char *arch);

#endif
