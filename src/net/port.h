/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_NET_PORT_H
#define IMGFAC_NET_PORT_H

/* Free TCP ports of this host.  A port is held by a lock file in a directory
 * that all processes of the user share, so that two builds never pick the
 * same one between the look and the use; the lock dies with its process.
 * Thread-safe. */

#include "base/error.h"

struct port_hold;

/* Find a port in [MIN, MAX) (MIN == MAX: exactly that one) on which ADDRESS
 * can be listened, beginning at a random place; NULL with ERR_NETWORK when
 * none is free. */
struct port_hold *port_hold_new(const char *address, int min, int max, struct error **err);
int port_hold_number(const struct port_hold *h);
void port_hold_free(struct port_hold *h); /* NULL-safe */
DEFINE_AUTO(port_hold, struct port_hold *, port_hold_free);

#endif
