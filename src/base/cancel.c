/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/mem.h"

#define LONGEST_POLL_MS 250

/* No list of children and no lock: a token asks its ancestors, and its
 * descriptor watches theirs.  So a trigger is one atomic store and one write,
 * which a signal handler may do. */
struct cancel {
    struct cancel *parent;
    _Atomic int reason;
    _Atomic int64_t deadline_ns;
    atomic_int children;
    int event_fd; /* -1 when out of descriptors: the 250 ms polling remains */
    int watch_fd; /* epoll over the event_fd of this token and its ancestors */
};

static void watch(int epoll_fd, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};

    if (fd >= 0)
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

struct cancel *cancel_new(struct cancel *parent)
{
    struct cancel *c = xnew(struct cancel);

    c->parent = parent;
    c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->watch_fd = -1;
    if (parent == NULL)
        return c;
    atomic_fetch_add(&parent->children, 1);
    c->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    if (c->watch_fd >= 0)
        for (struct cancel *p = c; p != NULL; p = p->parent)
            watch(c->watch_fd, p->event_fd);
    return c;
}

void cancel_free(struct cancel *c)
{
    if (c == NULL)
        return;
    assert(atomic_load(&c->children) == 0);
    if (c->parent != NULL)
        atomic_fetch_sub(&c->parent->children, 1);
    if (c->watch_fd >= 0)
        close(c->watch_fd);
    if (c->event_fd >= 0)
        close(c->event_fd);
    free(c);
}

void cancel_trigger(struct cancel *c, enum cancel_reason reason)
{
    int saved_errno = errno, none = CANCEL_NONE;
    uint64_t one = 1;

    if (c == NULL || reason == CANCEL_NONE)
        return;
    /* The first reason stays. */
    if (atomic_compare_exchange_strong(&c->reason, &none, (int)reason) && c->event_fd >= 0)
        while (write(c->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
            continue;
    errno = saved_errno;
}

void cancel_set_deadline(struct cancel *c, int64_t deadline_ns)
{
    if (c != NULL)
        atomic_store(&c->deadline_ns, deadline_ns);
}

enum cancel_reason cancel_reason(struct cancel *c)
{
    if (c == NULL)
        return CANCEL_NONE;
    if (atomic_load(&c->reason) == CANCEL_NONE) {
        int64_t deadline = atomic_load(&c->deadline_ns);
        enum cancel_reason inherited = cancel_reason(c->parent);

        if (inherited != CANCEL_NONE)
            cancel_trigger(c, inherited);
        else if (deadline != 0 && clock_now() >= deadline)
            cancel_trigger(c, CANCEL_TIMEOUT);
    }
    return (enum cancel_reason)atomic_load(&c->reason);
}

int cancel_fd(struct cancel *c)
{
    if (c == NULL)
        return -1;
    return c->parent == NULL ? c->event_fd : c->watch_fd;
}

/* Whole milliseconds until DEADLINE, rounded up so that a poll never ends just
 * before it. */
static int ms_until(int64_t deadline_ns)
{
    int64_t left = deadline_ns - clock_now();

    if (left <= 0)
        return 0;
    return (int)MIN((left + NS_PER_MS - 1) / NS_PER_MS, (int64_t)LONGEST_POLL_MS);
}

int cancel_poll_ms(struct cancel *c)
{
    int ms = LONGEST_POLL_MS;

    if (cancel_test(c))
        return 0;
    for (; c != NULL; c = c->parent) {
        int64_t deadline = atomic_load(&c->deadline_ns);

        if (deadline != 0)
            ms = MIN(ms, ms_until(deadline));
    }
    return ms;
}

bool cancel_sleep(struct cancel *c, int64_t timeout_ns)
{
    struct pollfd pfd = {.fd = cancel_fd(c), .events = POLLIN};
    int64_t now = clock_now();
    int64_t end = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;

    while (!cancel_test(c)) {
        int ms = MIN(cancel_poll_ms(c), ms_until(end));

        if (clock_now() >= end)
            return true;
        poll(&pfd, 1, ms);
    }
    return false;
}

bool cancel_error(struct cancel *c, struct error **err, const char *what)
{
    switch (cancel_reason(c)) {
    case CANCEL_TIMEOUT:
        return error_set(err, ERR_TIMEOUT, 0, "%s was cancelled: its time limit passed", what);
    case CANCEL_SIBLING:
        return error_set(err, ERR_CANCELLED, 0, "%s was cancelled: another build failed", what);
    case CANCEL_CRASH:
        return error_set(err, ERR_CANCELLED, 0, "%s was cancelled: the guest is gone", what);
    case CANCEL_NONE:
    case CANCEL_USER: break;
    }
    return error_set(err, ERR_CANCELLED, 0, "%s was cancelled", what);
}
