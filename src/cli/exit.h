/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_EXIT_H
#define IMGFAC_CLI_EXIT_H

/* Exit codes; the table in exit.c documents each and is what `imgfac docs
 * exit-codes` and the manual print.  0, 1 and 3 are Packer's. */

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,      /* a build failed, or any other error */
    EXIT_USAGE = 2,       /* wrong flags or arguments */
    EXIT_FMT_CHANGES = 3, /* fmt -check found files to change */
    EXIT_TEMPLATE = 4,    /* template, variables or configuration are wrong */
    EXIT_HOST = 5,        /* the host lacks something; see imgfac doctor */
    EXIT_NOT_FOUND = 6,   /* bucket, version or channel is not in the catalog */
    EXIT_INTEGRITY = 7,   /* checksum or catalog verification failed */
    EXIT_CANCELLED = 130, /* interrupted by Ctrl-C or SIGTERM after clean-up */
};

struct error;

struct exit_doc {
    int code;
    const char *name; /* "not-found"; NULL ends the table */
    const char *doc;
};
extern const struct exit_doc exit_docs[];

/* The code that belongs to the top error of a chain. */
int exit_code_of(const struct error *e);

#endif
