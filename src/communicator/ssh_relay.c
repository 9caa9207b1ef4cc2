/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_relay.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"

#define BLOCK ((size_t)32 << 10)

struct half {
    char data[BLOCK];
    size_t pos, len; /* what is to be written */
    bool at_end;     /* nothing more is to be read */
    bool ended;      /* the reader's side was told */
};

struct relay {
    ssh_channel channel;
    int fd;
    char *host; /* not NULL: still to be opened */
    int port;
    bool broken;
    struct half in, out; /* from the channel to FD, from FD to the channel */
};

static void relay_free(struct relay *r)
{
    close(r->fd);
    ssh_channel_free(r->channel);
    free(r->host);
    free(r);
}

bool relays_add(struct relays *set, ssh_channel channel, int fd, struct relay_goal goal)
{
    struct relay *r = xnew(struct relay);
    r->channel = channel;
    r->fd = fd;
    r->host = goal.host == NULL ? NULL : xstrdup(goal.host);
    r->port = goal.port;
    if (set->count == RELAYS_MAX) {
        log_warn("ssh", "too many forwarded connections: one more was closed");
        relay_free(r);
        return false;
    }
    set->all[set->count++] = r;
    return true;
}

size_t relays_poll(const struct relays *set, struct pollfd *fds)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct relay *r = set->all[i];
        bool reads = r->host == NULL && !r->out.at_end && r->out.len == 0 &&
                     ssh_channel_window_size(r->channel) > 0;
        bool writes = r->in.len > 0;
        /* A socket that hung up is always ready: not asked when nothing can be done. */
        fds[i] = (struct pollfd){.fd = reads || writes ? r->fd : -1,
                                 .events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0))};
    }
    return set->count;
}

/* False: not open, now or ever (broken). */
static bool is_open(struct relay *r)
{
    if (r->host == NULL)
        return true;
    int rc = ssh_channel_open_forward(r->channel, r->host, r->port, "127.0.0.1", 0);
    if (rc == SSH_AGAIN)
        return false;
    if (rc != SSH_OK)
        log_warn("ssh", "a tunnel to %s:%d was refused: %s", r->host, r->port,
                 ssh_get_error(ssh_channel_get_session(r->channel)));
    r->broken = rc != SSH_OK;
    free(steal(&r->host));
    return rc == SSH_OK;
}

static bool write_in(struct relay *r)
{
    while (r->in.len > 0) {
        ssize_t n = send(r->fd, r->in.data + r->in.pos, r->in.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            r->broken = errno != EAGAIN;
            return false;
        }
        r->in.pos += (size_t)n;
        r->in.len -= (size_t)n;
    }
    return true;
}

static void advance_in(struct relay *r)
{
    while (write_in(r) && !r->in.at_end) {
        int n = ssh_channel_read_nonblocking(r->channel, r->in.data, BLOCK, 0);
        if (n == 0 && !ssh_channel_is_eof(r->channel) && !ssh_channel_is_closed(r->channel))
            return;
        r->in.at_end = n <= 0;
        r->in.pos = 0;
        r->in.len = n > 0 ? (size_t)n : 0;
    }
    if (r->in.at_end && r->in.len == 0 && !r->in.ended) {
        shutdown(r->fd, SHUT_WR);
        r->in.ended = true;
    }
}

static bool write_out(struct relay *r)
{
    while (r->out.len > 0) {
        if (ssh_channel_window_size(r->channel) == 0)
            return false;
        int n = ssh_channel_write(r->channel, r->out.data + r->out.pos, (uint32_t)r->out.len);
        if (n <= 0) {
            r->broken = n < 0 && n != SSH_AGAIN;
            return false;
        }
        r->out.pos += (size_t)n;
        r->out.len -= (size_t)n;
    }
    return true;
}

static void advance_out(struct relay *r)
{
    while (write_out(r) && !r->out.at_end) {
        ssize_t n = recv(r->fd, r->out.data, BLOCK, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        r->out.at_end = n <= 0;
        r->out.pos = 0;
        r->out.len = n > 0 ? (size_t)n : 0;
    }
    if (r->out.at_end && r->out.len == 0 && !r->out.ended && !r->broken) {
        ssh_channel_send_eof(r->channel);
        r->out.ended = true;
    }
}

/* Once the channel is closed nobody will read what the socket still has. */
static bool has_ended(const struct relay *r)
{
    return r->broken || (r->in.ended && (r->out.ended || ssh_channel_is_closed(r->channel)));
}

void relays_advance(struct relays *set)
{
    for (size_t i = 0; i < set->count;) {
        struct relay *r = set->all[i];
        if (is_open(r)) {
            advance_in(r);
            advance_out(r);
        }
        if (has_ended(r)) {
            relay_free(r);
            set->all[i] = set->all[--set->count];
        } else {
            i++;
        }
    }
}

void relays_clear(struct relays *set)
{
    while (set->count > 0)
        relay_free(set->all[--set->count]);
}
