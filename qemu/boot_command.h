/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_BOOT_COMMAND_H
#define IMGFAC_QEMU_BOOT_COMMAND_H

/* Packer's boot command: text with <enter>, <wait5>, <leftCtrlOn> and the like
 * becomes a list of actions.  Ordered choice, as Packer's PEG grammar:
 *     item    = wait / waitfor / toggle / special / any character
 *     wait    = "<wait" (duration / integer)? ">"
 *     waitfor = "<waitFor" quoted (duration / integer)? ">"
 *     toggle  = "<" character ("on" / "off") ">"
 *     special = "<" name ("on" / "off")? ">"
 * waitfor is ours: go on when the serial console shows what the regular
 * expression matches, which stands between two ", ' or /.  An unknown <word>
 * is typed as it stands. */

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"

enum boot_kind {
    BOOT_WAIT,
    BOOT_WAIT_FOR,
    BOOT_TAP,
    BOOT_HOLD,
    BOOT_RELEASE,
};

struct boot_action {
    enum boot_kind kind;
    int64_t wait_ns; /* BOOT_WAIT_FOR: the limit; 0: none was given */
    str pattern;     /* BOOT_WAIT_FOR: as for hcl/regex.h */
    unsigned key;    /* code of Linux' input-event-codes.h */
    bool shift;      /* with the shift key */
};
DEFINE_ARENA_VEC(boot_actions, struct boot_action);

/* What an error or a doubt is about: bytes of the text. */
struct boot_place {
    size_t start, end;
};

/* Append the actions of TEXT, which must live as long as they.  ERR_TEMPLATE
 * and *PLACE for a wait that is not positive, a <waitFor> that is no good, and
 * characters that a US keyboard does not have. */
bool boot_command_parse(struct arena *a, str text, struct boot_actions *out,
                        struct boot_place *place, struct error **err);
/* The first <word> at or after FROM that will be typed as it stands though it
 * looks like one of ours: *MEANT is the one.  False when there is none. */
bool boot_command_doubt(str text, size_t from, struct boot_place *place, const char **meant);

#endif
