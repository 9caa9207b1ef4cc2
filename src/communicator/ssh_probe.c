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
    bool talking; /* with the proxy */
    struct proxy_talk proxy;
    int64_t start_ns;
};

struct race {
    struct ssh_record *record;
    const struct ssh_hop *hop;
    struct addrinfo *addresses, *next_address;
    struct racer racers[RACERS];
    int64_t next_start_ns;
    int64_t backoff_ns;
    size_t held; /* connections in a row that opened and then said nothing */
    char *refusal;
    bool is_final; /* the refusal: another attempt would end in the same way */
};

static void racer_clear(struct racer *racer)
{
    cleanup_close(&racer->fd);
    racer->fd = -1;
    if (racer->talking)
        proxy_clear(&racer->proxy);
    racer->talking = false;
}

static void race_clear(struct race *r)
{
    for (size_t i = 0; i < RACERS; i++)
        racer_clear(&r->racers[i]);
    if (r->addresses != NULL)
        freeaddrinfo(r->addresses);
    free(r->refusal);
}
DEFINE_AUTO_CLEAR(race, struct race, race_clear);

/* A host given by number, the usual case, needs no name service, whose calls
 * cannot be cancelled. */
static bool resolve(struct race *r, struct error **err)
{
    autofree char *port = xasprintf("%d", r->hop->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const char *host = r->hop->host;
    int rc = getaddrinfo(host, port, &hints, &r->addresses);
    if (rc != 0)
        return error_set(err, ERR_NETWORK, 0, "%scannot resolve host '%s': %s", r->hop->label, host,
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

/* REASON is taken. */
static void refuse(struct race *r, char *reason)
{
    free(r->refusal);
    r->refusal = xasprintf("%s%s", r->hop->label, reason);
    free(reason);
    ssh_record_add(r->record, true, r->refusal);
}

/* An attempt ended without a banner: the next one starts after a short while
 * that grows to a second. */
static void end_racer(struct race *r, struct racer *racer, char *reason)
{
    refuse(r, reason);
    racer_clear(racer);
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

/* True once the proxy has connected to the guest. */
static bool through_proxy(struct race *r, struct racer *racer)
{
    if (!racer->talking)
        return true;
    switch (proxy_advance(&racer->proxy, racer->fd)) {
    case PROXY_AGAIN: return false;
    case PROXY_DONE:
        proxy_clear(&racer->proxy);
        racer->talking = false;
        return true;
    case PROXY_REFUSED: r->is_final = true; FALLTHROUGH;
    case PROXY_NO_ROUTE:
    default: break;
    }
    end_racer(r, racer,
              xasprintf("no connection to %s:%d: %s", r->hop->via->host, r->hop->via->port,
                        racer->proxy.reason));
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
        racer->talking = r->hop->via != NULL;
        if (racer->talking)
            proxy_start(&racer->proxy, r->hop->via);
    }
    bool talked = racer->talking;
    if (!through_proxy(r, racer) || talked)
        return false;
    if (revents & (POLLIN | POLLHUP | POLLERR))
        return look_at_banner(r, racer);
    return false;
}

/* Poll the sockets and the tokens once; the index of the winner, or -1. */
static int race_poll(struct race *r, const struct ssh_wait *w)
{
    struct pollfd fds[RACERS + 2];
    for (size_t i = 0; i < RACERS; i++) {
        const struct racer *racer = &r->racers[i];
        short events = racer->talking ? proxy_events(&racer->proxy) : POLLIN;
        if (!racer->connected)
            events |= POLLOUT;
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
    if (*r->hop->label != '\0')
        error_hint(&cause, "Check that %s:%d is up, and that this host may connect to it.",
                   r->hop->host, r->hop->port);
    else
        error_hint(&cause,
                   "Either the guest has not booted so far, or it has no network, or no SSH "
                   "server runs in it: see the console log.");
    (*err)->cause = cause;
}

/* Nothing changes by waiting: what the proxy said is the error. */
static int final_refusal(struct race *r, struct error **err)
{
    error_set(err, ERR_TEMPLATE, 0, "%s", r->refusal);
    error_hint(err, "Check the options that begin with ssh_proxy_.");
    return -1;
}

int ssh_probe(struct ssh_record *record, const struct ssh_hop *hop, const struct ssh_wait *w,
              struct error **err)
{
    AUTO(race) struct race r = {.record = record, .hop = hop, .backoff_ns = 50 * NS_PER_MS};
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
        if (r.is_final)
            return final_refusal(&r, err);
        if (winner >= 0)
            return steal_fd(&r.racers[winner].fd);
    }
}
