/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_PROXY_H
#define IMGFAC_COMMUNICATOR_PROXY_H

/* The conversation that makes a proxy connect to somewhere else: SOCKS 5 (RFC
 * 1928, 1929) or HTTP CONNECT (RFC 9110, 9.3.6), on a socket that is connected
 * to it and non-blocking.  Never reads a byte of what comes after the proxy's
 * last answer.  Borrows the goal's strings; one thread. */

#include "base/strbuf.h"

enum proxy_kind { PROXY_SOCKS5, PROXY_HTTP };

struct proxy_goal {
    enum proxy_kind kind;
    const char *user, *password; /* NULL: none */
    const char *host;            /* to connect to, as the proxy sees it */
    int port;
};

enum proxy_result {
    PROXY_AGAIN,    /* poll for PROXY_EVENTS */
    PROXY_DONE,     /* from here on the socket is that of the goal */
    PROXY_NO_ROUTE, /* the proxy could not connect: worth another try */
    PROXY_REFUSED,  /* the proxy does not want us: it will not change its mind */
};

struct proxy_talk {
    const struct proxy_goal *goal;
    int state;
    struct strbuf out; /* to be sent */
    unsigned char in[600];
    size_t have, need;
    char *reason; /* why it failed; heap */
};

void proxy_start(struct proxy_talk *t, const struct proxy_goal *goal);
enum proxy_result proxy_advance(struct proxy_talk *t, int fd);
/* What to poll for. */
short proxy_events(const struct proxy_talk *t);
void proxy_clear(struct proxy_talk *t);

#endif
