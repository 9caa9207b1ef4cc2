/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_LOOK_H
#define IMGFAC_QEMU_LOOK_H

/* Looking into the machine of a build that another process runs, or that was
 * kept: by what its run file says (ledger/runfile.h), without that process.
 * See docs/design/007-looking-in.md. */

#include "base/cancel.h"
#include "ledger/runfile.h"

/* Pid of its QEMU process on this host; 0: none (any more). */
int64_t look_guest_pid(const struct run_info *info);
/* The screen as PNG into PATH.  ERR_NOT_FOUND: it has no screen. */
bool look_screenshot(const struct run_info *info, const char *path, struct error **err);

struct look_console {
    int in;             /* keys from here; -1: only read */
    int out;            /* console to here */
    unsigned char stop; /* the key that ends it */
    struct cancel *cancel;
};
/* Join the serial console until the stop key, end of IN, cancellation or the
 * end of the machine.  What it wrote before comes first, from its last lines. */
bool look_attach(const struct run_info *info, const struct look_console *how, struct error **err);

#endif
