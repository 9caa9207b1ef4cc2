/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_hub.h"

#include <errno.h>
#include <libssh/server.h> /* ssh_send_keepalive() */
#include <netdb.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "communicator/ssh_internal.h"

#define LISTENERS_MAX 32
#define KEEPALIVE_NS  (15 * NS_PER_S)

struct ssh_hub {
    ssh_session session;
    ssh_event event;
    struct ssh_hub *below;
    struct relays relays;
    const struct ssh_tunnel *tunnels;
    size_t tunnel_count;
    int stop_fd;
    int64_t last_keepalive_ns;
    atomic_bool is_down;
    pthread_t thread;
};

/* Descriptors of one round: the session, the stop, listeners, relays. */
struct round {
    struct pollfd fds[2 + LISTENERS_MAX + RELAYS_MAX];
    size_t count;
};

static void wait_for_work(struct ssh_hub *h, struct round *r)
{
    bool writes = (ssh_get_poll_flags(h->session) & SSH_WRITE_PENDING) != 0;
    r->fds[0] = (struct pollfd){.fd = ssh_get_fd(h->session),
                                .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
    r->fds[1] = (struct pollfd){.fd = h->stop_fd, .events = POLLIN};
    r->count = 2;
    for (size_t i = 0; i < h->tunnel_count; i++)
        r->fds[r->count++] = (struct pollfd){.fd = h->tunnels[i].listener, .events = POLLIN};
    r->count += relays_poll(&h->relays, r->fds + r->count);
    poll(r->fds, r->count, 1000);
}

static void accept_local(struct ssh_hub *h, const struct ssh_tunnel *t)
{
    int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    ssh_channel channel = ssh_channel_new(h->session);
    struct relay_goal goal = {.host = t->host, .port = t->goal};
    if (channel == NULL)
        close(fd);
    else
        relays_add(&h->relays, channel, fd, goal);
}

/* Not waited for: the relay sees how it ends. */
static int connect_to(const struct ssh_tunnel *t)
{
    autofree char *port = xasprintf("%d", t->goal);
    struct addrinfo *list = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int rc = getaddrinfo(t->host, port, &hints, &list);
    if (rc != 0) {
        log_warn("ssh", "tunnel to %s:%d: %s", t->host, t->goal, gai_strerror(rc));
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS)
            continue;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static void accept_remote(struct ssh_hub *h)
{
    int port = 0;
    ssh_channel channel;
    static const struct relay_goal open = {.host = NULL};
    while ((channel = ssh_channel_open_forward_port(h->session, 0, &port, NULL, NULL)) != NULL) {
        int fd = -1;
        for (size_t i = 0; i < h->tunnel_count && fd < 0; i++)
            if (h->tunnels[i].listener < 0 && h->tunnels[i].port == port)
                fd = connect_to(&h->tunnels[i]);
        if (fd < 0)
            ssh_channel_free(channel);
        else
            relays_add(&h->relays, channel, fd, open);
    }
}

static bool is_alive(const struct ssh_hub *h)
{
    return ssh_is_connected(h->session) &&
           (ssh_get_status(h->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0 &&
           (h->tunnel_count > 0 || h->relays.count > 0);
}

static void keep_alive(struct ssh_hub *h)
{
    if (clock_now() - h->last_keepalive_ns < KEEPALIVE_NS)
        return;
    h->last_keepalive_ns = clock_now();
    ssh_send_keepalive(h->session); /* takes the last answer in */
    ssh_send_keepalive(h->session);
}

static void *hub_main(void *arg)
{
    struct ssh_hub *h = arg;
    struct round r;
    /* What arrived before this thread began is not announced by poll(2). */
    relays_advance(&h->relays);
    while (is_alive(h)) {
        wait_for_work(h, &r);
        if (r.fds[1].revents != 0)
            break;
        if (r.fds[0].revents != 0)
            ssh_event_dopoll(h->event, 0);
        for (size_t i = 0; i < h->tunnel_count; i++)
            if (r.fds[2 + i].revents != 0)
                accept_local(h, &h->tunnels[i]);
        if (h->tunnel_count > 0 && ssh_is_connected(h->session))
            accept_remote(h);
        relays_advance(&h->relays);
        keep_alive(h);
    }
    relays_clear(&h->relays);
    ssh_event_remove_session(h->event, h->session);
    ssh_session_end(h->session);
    atomic_store(&h->is_down, true);
    return NULL;
}

struct ssh_hub *ssh_hub_start(ssh_session session, struct ssh_hub *below,
                              const struct relays *relays, const struct ssh_tunnel *tunnels,
                              size_t tunnel_count)
{
    struct ssh_hub *h = xnew(struct ssh_hub);
    h->session = session;
    h->below = below;
    h->relays = *relays;
    h->tunnels = tunnels;
    h->tunnel_count = MIN(tunnel_count, (size_t)LISTENERS_MAX);
    h->stop_fd = eventfd(0, EFD_CLOEXEC);
    h->last_keepalive_ns = clock_now();
    h->event = ssh_event_new();
    if (h->event == NULL || ssh_event_add_session(h->event, session) != SSH_OK)
        BUG("ssh_event_add_session");
    h->thread = thread_start("ssh-hub", hub_main, h);
    return h;
}

bool ssh_hub_is_up(const struct ssh_hub *h)
{
    return h != NULL && !atomic_load(&h->is_down);
}

void ssh_hub_stop(struct ssh_hub *h)
{
    if (h == NULL)
        return;
    eventfd_write(h->stop_fd, 1);
    pthread_join(h->thread, NULL);
    ssh_event_free(h->event);
    close(h->stop_fd);
    ssh_hub_stop(h->below);
    free(h);
}
