/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_FAKES_WEB_H
#define IMGFAC_FAKES_WEB_H

/* A small web server for tests: one document, with faults to order.  One
 * thread; the counters may be read when no request is under way. */

#include "base/str.h"

struct web_fake {
    str document;
    bool no_ranges;           /* answers a range request with the whole */
    unsigned fail_503;        /* so many requests are answered 503 first */
    unsigned cut_after;       /* close after so many bytes of the body, once; 0: never */
    unsigned deaf_after;      /* hangs up without an answer after so many requests; 0: never */
    bool stall;               /* sends the head and then nothing */
    const char *content_type; /* NULL: none is sent */
    unsigned requests, ranged;
    char last[4096]; /* the last request, as far as it was read */
    uint64_t bytes_sent;
    /* private */
    int fd, port;
    bool stop;
    unsigned long thread;
};

/* Listens on 127.0.0.1:PORT of the struct, anything but "/missing" is the document. */
void web_fake_start(struct web_fake *w);
void web_fake_stop(struct web_fake *w);
/* "http://127.0.0.1:PORT/NAME", heap. */
char *web_fake_url(const struct web_fake *w, const char *name);

#endif
