/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_KEYMAP_H
#define IMGFAC_QEMU_KEYMAP_H

/* Keys of a US keyboard as codes of Linux' input-event-codes.h, which libvirt
 * takes.  Constant tables. */

#include "base/str.h"

/* Key for the ASCII character C; false when there is none. */
bool keymap_char(char c, unsigned *key, bool *shift);
/* Key for a name of a boot command ("enter", "leftShift"), in any case. */
bool keymap_name(str name, unsigned *key);
/* The Ith name; NULL behind the last. */
const char *keymap_name_at(size_t i);

#endif
