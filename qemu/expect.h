/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_EXPECT_H
#define IMGFAC_QEMU_EXPECT_H

/* Waits for text on a guest's serial console, which is followed in its growing
 * log file.  Escape sequences are taken out first; where one moves the cursor
 * a new line begins; what is not ASCII reads as '?'.  Each match uses up the text up to its end, so
 * that one prompt is not taken for the next.  Not thread-safe. */

#include "base/arena.h"
#include "base/cancel.h"
#include "base/str.h"

struct expect;

/* From the beginning of the file PATH, which must be there. */
struct expect *expect_open(const char *path, struct error **err);
void expect_free(struct expect *x); /* NULL-safe */
DEFINE_AUTO(expect, struct expect *, expect_free);

/* Wait until PATTERN (see hcl/regex.h; at most 4 KiB of text) matches;
 * ERR_TIMEOUT with the last line of the console after TIMEOUT_NS. */
bool expect_match(struct expect *x, str pattern, int64_t timeout_ns, struct cancel *c,
                  struct error **err);

#endif
