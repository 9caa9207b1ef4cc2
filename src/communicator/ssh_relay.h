/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_SSH_RELAY_H
#define IMGFAC_COMMUNICATOR_SSH_RELAY_H

/* Bytes between channels of a session and sockets: agent forwarding, tunnels,
 * bastions.  Nothing waits here: who owns the session polls the descriptors
 * that relays_poll() names, lets libssh work, and calls relays_advance().
 * Channels and sockets belong to the set.  One thread per set. */

#include <libssh/libssh.h>
#include <poll.h>

#include "base/macros.h"

#define RELAYS_MAX 32

struct relay;

struct relays {
    struct relay *all[RELAYS_MAX];
    size_t count;
};

/* Where a channel that is not open yet leads, seen from the other end. */
struct relay_goal {
    const char *host; /* NULL: the channel is open, or opened by the other end */
    int port;
};

/* Takes FD (non-blocking) and CHANNEL.  False, with both closed, when the set
 * is full. */
bool relays_add(struct relays *r, ssh_channel channel, int fd, struct relay_goal goal);
/* Fill FDS, which has room for RELAYS_MAX; the number filled. */
size_t relays_poll(const struct relays *r, struct pollfd *fds);
/* Move what can be moved; relays that have ended are closed and dropped. */
void relays_advance(struct relays *r);
/* Close all; their session must still be there. */
void relays_clear(struct relays *r);

#endif
