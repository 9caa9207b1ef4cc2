/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_CANCEL_H
#define IMGFAC_BASE_CANCEL_H

/* Cancellation tokens in a tree: application, build, step.  Triggering one
 * triggers its children.  Every blocking call takes one (NULL: not
 * cancellable) and either polls its fd or wakes at least every 250 ms.
 * Thread-safe; triggering is also async-signal-safe. */

#include "base/error.h"

enum cancel_reason {
    CANCEL_NONE,
    CANCEL_USER,    /* Ctrl-C or SIGTERM */
    CANCEL_TIMEOUT, /* the deadline of the token passed */
    CANCEL_SIBLING, /* another build failed */
    CANCEL_CRASH,   /* what is waited for cannot happen any more: the guest died */
};

struct cancel;

struct cancel *cancel_new(struct cancel *parent) ATTR_RETURNS_NONNULL;
/* Children must be gone first. */
void cancel_free(struct cancel *c);
DEFINE_AUTO(cancel, struct cancel *, cancel_free);
void cancel_trigger(struct cancel *c, enum cancel_reason reason);
/* Trigger by itself with CANCEL_TIMEOUT at this clock_now() value; 0 = never. */
void cancel_set_deadline(struct cancel *c, int64_t deadline_ns);
/* NULL is never triggered. */
enum cancel_reason cancel_reason(struct cancel *c);
static inline bool cancel_test(struct cancel *c)
{
    return cancel_reason(c) != CANCEL_NONE;
}
/* A descriptor readable once triggered (not for deadlines: poll with
 * cancel_poll_ms()); -1 for NULL. */
int cancel_fd(struct cancel *c);
/* Milliseconds to sleep in poll(2) at most: until the deadline, at most 250. */
int cancel_poll_ms(struct cancel *c);
/* Sleep until TIMEOUT_NS passed or triggered; true when the time passed. */
bool cancel_sleep(struct cancel *c, int64_t timeout_ns);
/* Set ERR_CANCELLED or ERR_TIMEOUT with "WHAT was cancelled"; returns false. */
bool cancel_error(struct cancel *c, struct error **err, const char *what);

#endif
