/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"

/* A forwarding host (QEMU's user network) accepts for the guest and may hold
 * an early connection for a minute while its own SYN goes unanswered.  So some
 * sockets wait side by side, each started a little later than the one before,
 * and the first that shows a banner is used.  More than this would meet
 * sshd's MaxStartups. */
#define RACERS 4

struct racer {
    int fd; /* -1: free */
    bool connected;
    int64_t start_ns;
};

struct race {
    struct ssh_comm *c;
    struct addrinfo *addresses, *next_address;
    struct racer racers[RACERS];
    int64_t next_start_ns;
    int64_t backoff_ns;
    size_t held; /* connections in a row that opened and then said nothing */
    char *refusal;
};

static void race_clear(struct race *r)
{
    for (size_t i = 0; i < RACERS; i++)
        cleanup_close(&r->racers[i].fd);
    if (r->addresses != NULL)
        freeaddrinfo(r->addresses);
    free(r->refusal);
}
DEFINE_AUTO_CLEAR(race, struct race, race_clear);

const char *ssh_target_host(const struct ssh_comm *c)
{
    const char *host = c->build->target.host;
    return host != NULL ? host : c->config->ssh_host;
}

int ssh_target_port(const struct ssh_comm *c)
{
    if (c->build->target.port != 0)
        return c->build->target.port;
    return c->config->ssh_port != 0 ? (int)c->config->ssh_port : 22;
}

/* A host given by number, the usual case, needs no name service, whose calls
 * cannot be cancelled. */
static bool resolve(struct race *r, struct error **err)
{
    autofree char *port = xasprintf("%d", ssh_target_port(r->c));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const char *host = ssh_target_host(r->c);
    int rc = getaddrinfo(host, port, &hints, &r->addresses);
    if (rc != 0)
        return error_set(err, ERR_NETWORK, 0, "cannot resolve host '%s': %s", host,
                         gai_strerror(rc));
    r->next_address = r->addresses;
    return true;
}

static void set_options(int fd)
{
    static const int on = 1, idle = 30, interval = 15, count = 8;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static void refuse(struct race *r, char *reason)
{
    ssh_record_add(r->c->record, true, reason);
    free(r->refusal);
    r->refusal = reason;
}

/* An attempt ended without a banner: the next one starts after a short while
 * that grows to a second. */
static void end_racer(struct race *r, struct racer *racer, char *reason)
{
    refuse(r, reason);
    cleanup_close(&racer->fd);
    racer->fd = -1;
    r->held = 0;
    r->next_start_ns = clock_now() + r->backoff_ns;
    r->backoff_ns = MIN(r->backoff_ns * 2, NS_PER_S);
}

static struct racer *free_racer(struct race *r)
{
    struct racer *oldest = &r->racers[0];
    for (size_t i = 0; i < RACERS; i++) {
        if (r->racers[i].fd < 0)
            return &r->racers[i];
        if (r->racers[i].start_ns < oldest->start_ns)
            oldest = &r->racers[i];
    }
    return oldest;
}

static void start_racer(struct race *r)
{
    struct racer *racer = free_racer(r);
    if (racer->fd >= 0)
        end_racer(r, racer, xasprintf("the port accepts connections but no SSH banner comes"));
    struct addrinfo *a = r->next_address;
    r->next_address = a->ai_next != NULL ? a->ai_next : r->addresses;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    *racer = (struct racer){.fd = fd, .start_ns = clock_now()};
    /* 1, 2, 4, 5, 5 ... seconds between attempts that are not refused. */
    int64_t doubled = (int64_t)1 << (r->held < 4 ? r->held : 4);
    r->next_start_ns = racer->start_ns + MIN(doubled, (int64_t)5) * NS_PER_S;
    r->held++;
    if (fd < 0) {
        end_racer(r, racer, xasprintf("cannot make a socket: %s", strerrordesc_np(errno)));
        return;
    }
    set_options(fd);
    if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
        end_racer(r, racer, xasprintf("no TCP connection: %s", strerrordesc_np(errno)));
}

/* What arrived first: a banner makes the racer the winner. */
static bool look_at_banner(struct race *r, struct racer *racer)
{
    char head[64];
    ssize_t n = recv(racer->fd, head, sizeof(head), MSG_PEEK);
    if (n > 0) {
        /* RFC 4253, 4.2: other lines may come before the version string. */
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n == 0 || errno == ECONNRESET)
        end_racer(r, racer,
                  xstrdup("the connection was closed before the SSH banner "
                          "(the guest's SSH port is not open yet)"));
    else
        end_racer(r, racer, xasprintf("no SSH banner: %s", strerrordesc_np(errno)));
    return false;
}

static bool advance(struct race *r, struct racer *racer, short revents)
{
    if (!racer->connected) {
        int problem = 0;
        socklen_t len = sizeof(problem);
        getsockopt(racer->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
        if (problem != 0) {
            end_racer(r, racer, xasprintf("no TCP connection: %s", strerrordesc_np(problem)));
            return false;
        }
        racer->connected = true;
    }
    if (revents & (POLLIN | POLLHUP | POLLERR))
        return look_at_banner(r, racer);
    return false;
}

/* Poll the sockets and the tokens once; the index of the winner, or -1. */
static int race_poll(struct race *r, const struct ssh_wait *w)
{
    struct pollfd fds[RACERS + 2];
    for (size_t i = 0; i < RACERS; i++) {
        short events = r->racers[i].connected ? POLLIN : POLLIN | POLLOUT;
        fds[i] = (struct pollfd){.fd = r->racers[i].fd, .events = events};
    }
    fds[RACERS] = (struct pollfd){.fd = cancel_fd(w->cancel), .events = POLLIN};
    fds[RACERS + 1] = (struct pollfd){.fd = cancel_fd(w->guest), .events = POLLIN};
    int64_t until_start = MAX(r->next_start_ns - clock_now(), (int64_t)0);
    int ms = (int)MIN(until_start / NS_PER_MS + 1, (int64_t)ssh_wait_ms(w));
    if (poll(fds, ARRAY_SIZE(fds), ms) <= 0)
        return -1;
    for (int i = 0; i < RACERS; i++)
        if (fds[i].fd >= 0 && fds[i].revents != 0 && advance(r, &r->racers[i], fds[i].revents))
            return i;
    return -1;
}

/* The wait ended: what was seen last is the cause of the failure. */
static void give_up(struct race *r, struct error **err)
{
    bool open = false;
    for (size_t i = 0; i < RACERS; i++)
        open = open || (r->racers[i].fd >= 0 && r->racers[i].connected);
    if (open)
        refuse(r, xstrdup("the port accepts connections but no SSH banner comes"));
    if (r->refusal == NULL)
        return;
    struct error *cause = NULL;
    error_set(&cause, ERR_NETWORK, 0, "%s", r->refusal);
    error_hint(&cause, "Either the guest has not booted so far, or it has no network, or no SSH "
                       "server runs in it: see the console log.");
    (*err)->cause = cause;
}

int ssh_probe(struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    AUTO(race) struct race r = {.c = c, .backoff_ns = 50 * NS_PER_MS};
    for (size_t i = 0; i < RACERS; i++)
        r.racers[i].fd = -1;
    if (!resolve(&r, err))
        return -1;
    for (;;) {
        if (!ssh_wait_test(w, err)) {
            if ((*err)->code == ERR_TIMEOUT && (*err)->cause == NULL)
                give_up(&r, err);
            return -1;
        }
        if (clock_now() >= r.next_start_ns)
            start_racer(&r);
        int winner = race_poll(&r, w);
        if (winner >= 0)
            return steal_fd(&r.racers[winner].fd);
    }
}
