/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_NET_H
#define IMGFAC_QEMU_NET_H

/* The host's side of a guest's network: addresses of interfaces, and who
 * answers on a bridge.  Blocks on nothing but small files of /proc. */

#include "base/arena.h"
#include "base/error.h"

/* First IPv4 address of the host's interface NAME; NULL with ERR_HOST. */
const char *net_interface_address(const char *name, struct arena *a, struct error **err);
/* A locally administered Ethernet address of QEMU's own range, made up. */
const char *net_make_mac(struct arena *a);
/* Address of MAC on the interface BRIDGE by TABLE, the text of /proc/net/arp;
 * NULL: not there, or not yet complete. */
const char *net_find_neighbour(const char *table, const char *bridge, const char *mac,
                               struct arena *a);

#endif
