/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_PROC_PIPE_H
#define IMGFAC_BASE_PROC_PIPE_H

/* A child that is talked to: three pipes whose ends are ours to poll.  It has
 * its own process group, dies with us and is killed with all it started when
 * the handle is freed.  Nobody is called back: the owner reads and writes, so
 * the owner keeps both sides from blocking.  One thread at a time. */

#include <sys/types.h>

#include "base/error.h"

struct proc_pipe {
    int in;    /* its standard input: write here; non-blocking; -1 when closed */
    int out;   /* its standard output: read here; non-blocking */
    int err;   /* its standard error */
    int pidfd; /* readable when it has ended; -1 on kernels without */
    pid_t pid;
    bool reaped;
    int status; /* exit status or 128 + signal, once reaped */
};

struct proc_pipe_spec {
    const char *const *argv;    /* argv[0] is looked up in $PATH */
    const char *const *set_env; /* "K=V" added to the environment, NULL-ended; may be NULL */
    const char *what;           /* "start plugin 'x'" */
};

/* NULL with the error set; writing to a dead child must not raise SIGPIPE in
 * the caller: the program ignores it. */
struct proc_pipe *proc_pipe_start(const struct proc_pipe_spec *spec, struct error **err);
/* Whether it has ended; then it is reaped and `status` is valid. */
bool proc_pipe_ended(struct proc_pipe *p);
/* Close its standard streams, wait up to GRACE_NS for its end, then SIGTERM and,
 * after another GRACE_NS, SIGKILL to the group; reap, free.  NULL-safe. */
void proc_pipe_stop(struct proc_pipe *p, int64_t grace_ns);

#endif
