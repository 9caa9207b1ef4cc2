/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_NET_HTTP_H
#define IMGFAC_NET_HTTP_H

/* Requests over HTTP(S) by libcurl: proxies, own CA, netrc, redirects (HTTP
 * only), retries of what may pass, resuming where an earlier try ended.
 * Blocks, observes CANCEL at once.  Messages never show user, password or
 * query of a URL.  Thread-safe. */

#include "base/cancel.h"
#include "base/error.h"
#include "base/strbuf.h"

struct http_request {
    const char *url;
    const char *proxy;   /* NULL: the environment decides */
    const char *ca_file; /* NULL: the system's */
    struct cancel *cancel;
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* may be NULL; total 0: unknown */
    void *arg;
    unsigned attempts; /* without a byte of progress in between; 0: five */
    /* For http_fetch() alone. */
    const char *method;         /* NULL: GET */
    const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
    str body;                   /* sent when .ptr is not NULL */
    /* Each line of the answer's head; one that begins with "HTTP/" starts a new
     * answer (redirect, next attempt).  May be NULL. */
    void (*on_header)(void *arg, str line);
};

/* Into the file PATH: what is there already is taken as the beginning (empty
 * or remove it first when that is not wanted) and kept when the download
 * fails, so that the next try goes on. */
bool http_download(const struct http_request *req, const char *path, struct error **err);
/* Append the body to OUT, at most its maximum.  Only a 2xx answer is success. */
bool http_fetch(const struct http_request *req, struct strbuf *out, struct error **err);
/* URL fit for messages and logs; heap. */
char *http_url_display(const char *url) ATTR_RETURNS_NONNULL;

#endif
