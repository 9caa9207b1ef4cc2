/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_APPLIANCE_H
#define IMGFAC_SEAL_APPLIANCE_H

/* One libguestfs handle with its appliance, and a thread that ends both when
 * the token is triggered: libguestfs itself cannot be interrupted between two
 * of its messages.  Owned and used by one thread; only that thread may start
 * children while the handle is open, as cancelling kills them. */

#include <guestfs.h>

#include "base/cancel.h"
#include "plug/sealer.h"

struct appliance;

/* Start an appliance on INPUT's disk, writable, with discard.  WHAT is shown
 * as progress.  ERR_HOST when the appliance does not start. */
struct appliance *appliance_open(const struct seal_input *input, struct build *b, struct cancel *c,
                                 struct error **err);
guestfs_h *appliance_handle(struct appliance *g) ATTR_RETURNS_NONNULL;
/* Text of progress events from now on; borrowed. */
void appliance_set_what(struct appliance *g, const char *what);
/* Convert libguestfs' last error; cancellation takes its place. */
bool appliance_error(struct appliance *g, enum err_code code, struct error **err);
/* Unmount, flush, stop the appliance, and report what went wrong in it. */
bool appliance_shutdown(struct appliance *g, struct error **err);
void appliance_close(struct appliance *g);
DEFINE_AUTO(appliance, struct appliance *, appliance_close);

#endif
