/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TESTS_FAKES_COMM_FAKE_H
#define IMGFAC_TESTS_FAKES_COMM_FAKE_H

/* A communicator that records what it is asked to do and answers from a
 * script: for guests that a test cannot have (Windows). */

#include "base/strbuf.h"
#include "plug/communicator.h"

struct comm_fake_answer {
    const char *pattern; /* part of the command; NULL ends the list */
    int times;           /* how often it is used; 0: always */
    int status;          /* -1: cannot be run (ERR_DISCONNECT) */
    const char *out;     /* standard output; NULL: none */
    const char *err;
};

struct comm_fake {
    struct comm comm; /* first */
    /* "run: COMMAND\n", "upload: PATH MODE\nTEXT\n--\n", "upload-dir: SRC => DST\n" */
    struct strbuf log;
    struct comm_fake_answer *answers; /* first match; none: status 0 */
    int uploads_refused;              /* so many uploads fail first */
};

void comm_fake_init(struct comm_fake *f, struct build *b);
void comm_fake_clear(struct comm_fake *f);

#endif
