/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HTTPD_SERVER_H
#define IMGFAC_HTTPD_SERVER_H

/* The web server of a build (http_directory, http_content) by libmicrohttpd:
 * read-only, files with byte ranges, listings of directories, one thread of
 * its own.  The configuration must live as long as the server. */

#include "base/error.h"

struct httpd_text {
    const char *path; /* "/preseed.cfg" */
    const char *body;
};

struct httpd_config {
    const char *address;   /* NULL: every address of the host */
    int port;              /* free; the caller holds it */
    const char *directory; /* NULL: `texts` are served */
    const struct httpd_text *texts;
    size_t text_count;
};

struct httpd;

struct httpd *httpd_start(const struct httpd_config *config, struct error **err);
void httpd_stop(struct httpd *h); /* NULL-safe */
DEFINE_AUTO(httpd, struct httpd *, httpd_stop);

/* PATH without ".", ".." and double slashes, beginning with one; heap. */
char *httpd_clean_path(const char *path) ATTR_RETURNS_NONNULL;

#endif
