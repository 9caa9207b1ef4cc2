/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_TUNNEL_H
#define IMGFAC_QEMU_TUNNEL_H

/* A port of a remote hypervisor's loopback, reached through the system's `ssh`
 * with the host, account and key of its URI: the program that libvirt itself
 * goes by, so what works there (aliases, agents, jump hosts) works here.  It is
 * started again when it ends; it dies with this process. */

#include "base/cancel.h"
#include "qemu/uri.h"

struct tunnel;

struct tunnel_spec {
    const struct uri *uri; /* borrowed for the tunnel's life; has ssh */
    int here, there;       /* ports on both loopbacks */
    bool to_here;          /* connections there lead here; THERE 0: ssh chooses */
    struct cancel *cancel; /* while it is opened */
};
/* Returns when it stands.  NULL with what ssh said. */
struct tunnel *tunnel_open(const struct tunnel_spec *spec, struct error **err);
int tunnel_port_there(const struct tunnel *t);
void tunnel_close(struct tunnel *t); /* NULL-safe */

#endif
