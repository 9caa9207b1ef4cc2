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
};

/* For ARCH ("x86_64") and MACHINE ("pc", "q35", "pc-q35-7.2"); ERR_HOST with
 * the package to install when there is none. */
bool firmware_find_uefi(const char *arch, const char *machine, bool secure_boot, struct arena *a,
                        struct firmware *out, struct error **err);
/* The same over the directories of DIRS, NULL-ended, the first wins by file name. */
bool firmware_find_in(const char *const *dirs, const char *arch, const char *machine,
                      bool secure_boot, struct arena *a, struct firmware *out, struct error **err);

#endif
