/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_SSH_HUB_H
#define IMGFAC_COMMUNICATOR_SSH_HUB_H

/* A session that works by itself, in a thread of its own, while the build does
 * something else: the way through a bastion, and tunnels.  From its start the
 * session, its channels and sockets belong to the thread; what tunnels point to
 * is borrowed and stays unchanged until the hub is stopped. */

#include "communicator/ssh_relay.h"

/* One tunnel: connections to PORT of this host (LISTENER) lead to HOST:GOAL as
 * seen from the guest; with LISTENER -1 those to the guest's PORT lead there as
 * seen from here. */
struct ssh_tunnel {
    int port, goal;
    char *host;
    int listener;
};

struct ssh_hub;

/* Takes SESSION, and BELOW, the hub that carries it (or NULL).  RELAYS: those to
 * begin with; a hub without tunnels ends with the last of them. */
struct ssh_hub *ssh_hub_start(ssh_session session, struct ssh_hub *below,
                              const struct relays *relays, const struct ssh_tunnel *tunnels,
                              size_t tunnel_count);
bool ssh_hub_is_up(const struct ssh_hub *h); /* NULL: false */
/* Ends the thread and frees everything, BELOW last; NULL-safe. */
void ssh_hub_stop(struct ssh_hub *h);

#endif
