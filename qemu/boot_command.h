/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_BOOT_COMMAND_H
#define IMGFAC_QEMU_BOOT_COMMAND_H

/* Packer's boot command: text with <enter>, <wait5>, <leftCtrlOn> and the like
 * becomes a list of actions.  Ordered choice, as Packer's PEG grammar:
 *     item    = wait / toggle / special / any character
 *     wait    = "<wait" (duration / integer)? ">"
 *     toggle  = "<" character ("on" / "off") ">"
 *     special = "<" name ("on" / "off")? ">"
 * An unknown <word> is typed as it stands. */

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"

enum boot_kind {
    BOOT_WAIT,
    BOOT_TAP,
    BOOT_HOLD,
    BOOT_RELEASE,
};

struct boot_action {
    enum boot_kind kind;
    int64_t wait_ns;
    unsigned key; /* code of Linux' input-event-codes.h */
    bool shift;   /* with the shift key */
};
DEFINE_ARENA_VEC(boot_actions, struct boot_action);

/* Append the actions of TEXT; ERR_TEMPLATE for a wait that is not positive and
 * for characters that a US keyboard does not have. */
bool boot_command_parse(struct arena *a, str text, struct boot_actions *out, struct error **err);

#endif
