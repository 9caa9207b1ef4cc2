/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_PROC_OUTPUT_H
#define IMGFAC_BASE_PROC_OUTPUT_H

/* Private to base/proc.c: what a tool writes, collected, cut into lines and
 * remembered at its end for the message of a failure.  The collectors and the
 * callback are borrowed.  Not thread-safe. */

#include "base/strbuf.h"

struct proc_output {
    struct strbuf *collect; /* or NULL */
    void (*on_line)(void *arg, bool is_stderr, str line);
    void *arg;
    bool is_stderr;
    bool after_cr;      /* a LF that follows belongs to the CR */
    struct strbuf line; /* the unfinished one */
    struct strbuf tail; /* the last bytes */
};

void proc_output_init(struct proc_output *o);
void proc_output_add(struct proc_output *o, str data);
/* Hand out a last line that has no newline. */
void proc_output_end(struct proc_output *o);
/* The last few lines on one line, printable; heap; NULL when there are none. */
char *proc_output_last_lines(const struct proc_output *o);
void proc_output_clear(struct proc_output *o);

#endif
