/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_CONN_H
#define IMGFAC_PLUGIN_CONN_H

/* The conversation with one running plugin: a call goes out, what the plugin
 * asks and tells meanwhile is answered, until its result is there.  However
 * the plugin behaves, a call ends: by its result, by the plugin's end, by a
 * limit of time or size, or a little after cancellation.  A connection that
 * failed is of no further use.  One thread at a time. */

#include "base/cancel.h"
#include "plugin/message.h"

struct conn;

/* Limits; the defaults are for people, tests want shorter ones. */
struct conn_limits {
    int64_t cancel_grace_ns; /* between "cancel" and the end of the plugin */
    int64_t stop_grace_ns;   /* between the end of its input and SIGTERM, SIGTERM and SIGKILL */
    unsigned strays;         /* messages that belong to nothing, per call */
};
extern const struct conn_limits conn_limits_default;

/* Start the executable PATH; NAME is for messages.  Both are copied. */
struct conn *conn_start(const char *path, const char *name, const struct conn_limits *limits,
                        struct error **err);
/* End it with all it started; NULL-safe. */
void conn_stop(struct conn *c);
DEFINE_AUTO(conn, struct conn *, conn_stop);

struct conn_call {
    const char *method; /* "run" */
    str params;         /* JSON */
    const char *what;   /* "run provisioner 'hello'": what a message says was waited for */
    struct cancel *cancel;
    int64_t limit_ns;   /* of the whole call; 0: none */
    int64_t silence_ns; /* without any message; 0: none */
    /* The plugin tells something.  May be NULL. */
    void (*on_tell)(void *arg, const struct message *m);
    /* The plugin asks: append the JSON of the result to OUT, or return an error
     * code of message.h with the reason in OUT.  May be NULL: no such method. */
    int (*on_ask)(void *arg, const struct message *m, struct strbuf *out);
    void *arg;
};

/* The result, in the arena.  An error that the plugin itself reports leaves the
 * connection usable; see conn_is_broken(). */
bool conn_do(struct conn *c, const struct conn_call *call, struct arena *a, value *result,
             struct error **err);
bool conn_is_broken(const struct conn *c);
pid_t conn_pid(const struct conn *c);

#endif
