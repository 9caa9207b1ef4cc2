/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_LINES_H
#define IMGFAC_COMMUNICATOR_LINES_H

/* Cuts a stream of bytes into lines for people: without the newline and
 * trailing white space, of a line redrawn by carriage returns only the last
 * state, at most 64 KiB each (a longer line comes in pieces, not cut within a
 * UTF-8 character).  Memory is bounded whatever the guest sends.  Bytes that
 * are not UTF-8 are kept. */

#include "base/strbuf.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)

struct lines {
    struct strbuf held; /* the unfinished line */
    void (*on_line)(void *arg, bool is_stderr, str line);
    void *arg;
    bool is_stderr;
};

/* ON_LINE may be NULL: then everything is dropped. */
void lines_init(struct lines *l, void (*on_line)(void *arg, bool is_stderr, str line), void *arg,
                bool is_stderr);
void lines_add(struct lines *l, str data);
/* The unfinished line is a line too. */
void lines_end(struct lines *l);
void lines_clear(struct lines *l);
DEFINE_AUTO_CLEAR(lines, struct lines, lines_clear);

#endif
