/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <errno.h>
#include <libssh/server.h> /* ssh_send_keepalive() */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Without any byte for so long, in spite of keep-alive requests, a connection
 * counts as dead.  A guest under emulation may well be silent for a minute. */
#define SILENCE_LIMIT_NS (180 * NS_PER_S)
/* ssh_pump() waits at most 250 ms. */
#define UNREAD_NS (500 * NS_PER_MS)

struct ssh_wait ssh_wait_make(const struct ssh_comm *c, struct cancel *cancel, int64_t timeout_ns,
                              const char *what)
{
    return (struct ssh_wait){
        .cancel = cancel,
        .guest = c->build->guest,
        .deadline_ns = timeout_ns > 0 ? clock_now() + timeout_ns : 0,
        .what = what,
    };
}

bool ssh_wait_test(const struct ssh_wait *w, struct error **err)
{
    if (cancel_reason(w->guest) == CANCEL_CRASH) {
        error_set(err, ERR_GUEST, 0, "the guest stopped during %s", w->what);
        return error_hint(err, "The console log and the hypervisor's log say why it stopped.");
    }
    if (cancel_test(w->cancel))
        return cancel_error(w->cancel, err, w->what);
    if (cancel_test(w->guest))
        return cancel_error(w->guest, err, w->what);
    if (w->deadline_ns != 0 && clock_now() >= w->deadline_ns)
        return error_set(err, ERR_TIMEOUT, 0, "%s took longer than its time limit", w->what);
    return true;
}

static int ms_until(int64_t deadline_ns)
{
    int64_t left = deadline_ns - clock_now();
    if (left <= 0)
        return 0;
    return (int)MIN((left + NS_PER_MS - 1) / NS_PER_MS, (int64_t)250);
}

int ssh_wait_ms(const struct ssh_wait *w)
{
    int ms = MIN(cancel_poll_ms(w->cancel), cancel_poll_ms(w->guest));
    return w->deadline_ns == 0 ? ms : MIN(ms, ms_until(w->deadline_ns));
}

bool ssh_wait_fds(const struct ssh_wait *w, struct pollfd *fds, size_t count, struct error **err)
{
    struct pollfd all[RELAYS_MAX + 3] = {
        {.fd = cancel_fd(w->cancel), .events = POLLIN},
        {.fd = cancel_fd(w->guest), .events = POLLIN},
    };
    assert(count <= ARRAY_SIZE(all) - 2);
    if (!ssh_wait_test(w, err))
        return false;
    memcpy(all + 2, fds, count * sizeof(fds[0]));
    int n = poll(all, count + 2, ssh_wait_ms(w));
    if (n < 0 && errno != EINTR)
        return error_set(err, ERR_IO, errno, "cannot wait for %s", w->what);
    for (size_t i = 0; i < count; i++)
        fds[i].revents = n > 0 ? all[i + 2].revents : 0;
    return ssh_wait_test(w, err);
}

bool ssh_wait_fd(const struct ssh_wait *w, int fd, short events, short *ready, struct error **err)
{
    struct pollfd one = {.fd = fd, .events = events};
    if (!ssh_wait_fds(w, &one, 1, err))
        return false;
    if (ready != NULL)
        *ready = one.revents;
    return true;
}

bool ssh_wait_sleep(const struct ssh_wait *w, int64_t ns, struct error **err)
{
    int64_t end = clock_now() + ns;
    while (clock_now() < end) {
        struct ssh_wait part = *w;
        bool own = w->deadline_ns == 0 || w->deadline_ns > end;
        part.deadline_ns = 0;
        struct pollfd fds[] = {
            {.fd = cancel_fd(w->cancel), .events = POLLIN},
            {.fd = cancel_fd(w->guest), .events = POLLIN},
        };
        int64_t until = own ? end : w->deadline_ns;
        poll(fds, ARRAY_SIZE(fds), MIN(ssh_wait_ms(&part), ms_until(until)));
        if (!ssh_wait_test(w, err))
            return false;
    }
    return true;
}

static short session_events(ssh_session session)
{
    bool writes = (ssh_get_poll_flags(session) & SSH_WRITE_PENDING) != 0;
    return (short)(POLLIN | (writes ? POLLOUT : 0));
}

bool ssh_wait_session(const struct ssh_wait *w, ssh_session session, struct error **err)
{
    return ssh_wait_fd(w, ssh_get_fd(session), session_events(session), NULL, err);
}

bool ssh_is_up(const struct ssh_comm *c)
{
    return c->session != NULL && !c->is_dead && ssh_is_connected(c->session) &&
           (ssh_get_status(c->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0;
}

/* The reply to a request is only looked at by the next call: the first call of
 * each round takes the old reply in, the second sends the new request. */
static void keep_alive(struct ssh_comm *c, int64_t now)
{
    int64_t interval = c->config->ssh_keep_alive_interval_ns;
    if (interval <= 0 || now - c->last_keepalive_ns < interval)
        return;
    c->last_keepalive_ns = now;
    ssh_send_keepalive(c->session);
    ssh_send_keepalive(c->session);
}

static bool lost(struct ssh_comm *c, struct error **err, const char *what)
{
    const char *text = c->session == NULL || c->is_dead ? "" : ssh_get_error(c->session);
    error_set(err, ERR_DISCONNECT, 0, "%s",
              *text == '\0' ? "the guest closed the connection" : text);
    free(c->why_lost);
    c->why_lost = xstrdup((*err)->msg);
    return error_wrap(err, "the SSH connection was lost during %s", what);
}

static bool silence_ends(struct ssh_comm *c, int64_t now, const char *what, struct error **err)
{
    int64_t limit = c->config->ssh_read_write_timeout_ns;
    if (limit <= 0)
        limit = SILENCE_LIMIT_NS;
    if (c->config->ssh_keep_alive_interval_ns <= 0 || now - c->last_rx_ns < limit)
        return true;
    autofree char *text = clock_format_duration(limit);
    c->is_dead = true;
    error_set(err, ERR_DISCONNECT, 0, "no answer to keep-alive requests for %s", text);
    return error_wrap(err, "the SSH connection was lost during %s", what);
}

/* Between commands nobody reads: what was not read is no silence of the guest. */
static void count_silence_from_now(struct ssh_comm *c)
{
    int64_t now = clock_now();
    if (now - c->last_pump_ns > UNREAD_NS)
        c->last_rx_ns = now;
    c->last_pump_ns = now;
}

bool ssh_pump(struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    if (!ssh_is_up(c))
        return lost(c, err, w->what);
    count_silence_from_now(c);
    struct pollfd fds[RELAYS_MAX + 1];
    fds[0] = (struct pollfd){.fd = ssh_get_fd(c->session), .events = session_events(c->session)};
    size_t relays = relays_poll(&c->relays, fds + 1);
    if (!ssh_wait_fds(w, fds, relays + 1, err))
        return false;
    short ready = fds[0].revents;
    int64_t now = clock_now();
    if (ready & POLLIN)
        c->last_rx_ns = now;
    if (ready != 0)
        ssh_event_dopoll(c->event, 0);
    if (!ssh_is_up(c))
        return lost(c, err, w->what);
    relays_advance(&c->relays);
    keep_alive(c, now);
    return silence_ends(c, now, w->what, err);
}

bool ssh_lib_error(ssh_session session, struct error **err, enum err_code code, const char *what)
{
    const char *text = ssh_get_error(session);
    return error_set(err, code, 0, "%s: %s", what, *text == '\0' ? "no reason given" : text);
}
