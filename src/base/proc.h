/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_PROC_H
#define IMGFAC_BASE_PROC_H

/* Run a tool by its argument vector, never by a shell.  The child gets its own
 * process group and dies with us (PR_SET_PDEATHSIG); on cancellation or time-out
 * the group gets SIGTERM and, five seconds later, SIGKILL, and is reaped.  All
 * descriptors but 0-2 are closed in the child.  Thread-safe. */

#include <sys/types.h>

#include "base/cancel.h"
#include "base/strbuf.h"

struct proc_spec {
    const char *const *argv; /* argv[0] is looked up in $PATH, then /usr/sbin:/sbin; NULL-ended */
    const char *const *env;  /* NULL: inherit; else the whole environment, NULL-ended */
    const char *const *set_env; /* "K=V" added to or replacing the environment; may be NULL */
    const char *cwd;            /* NULL: inherit */
    str input;                  /* fed to standard input; empty: /dev/null */
    int stdin_fd;               /* > 0: used instead of `input` */
    struct strbuf *out;         /* collects standard output up to its maximum; may be NULL */
    struct strbuf *err_out;     /* collects standard error; NULL: kept for the error message */
    /* Called for each complete line (no newline) of both streams; may be NULL.  A
     * line ends at LF, CR LF or CR (progress meters). */
    void (*on_line)(void *arg, bool is_stderr, str line);
    void *arg;
    struct cancel *cancel;
    int64_t timeout_ns; /* 0: none */
    const char *what;   /* "create disk 'x'": starts the message of a failure */
    bool any_status;    /* do not treat a non-zero status as an error */
    pid_t *out_pid;     /* written right after the start; may be NULL */
};

/* Run and wait.  Success: exited, with status 0 or any_status; *STATUS (may be
 * NULL) is the exit status, or 128+signal.  The error of a failing tool holds
 * its last lines of standard error.  A tool that is not installed is ERR_HOST
 * with a hint naming the Debian package when it is known. */
bool proc_run(const struct proc_spec *spec, int *status, struct error **err);

/* A child that lives on: started, polled, killed.  It may write without being
 * read: what is new is taken, and lines are handed out, by proc_poll() and
 * proc_kill_free().  `cancel` and `timeout_ns` do not act on it. */
struct proc;
struct proc *proc_start(const struct proc_spec *spec, struct error **err);
/* False while it runs; once true it is reaped and *STATUS (may be NULL) as above. */
bool proc_poll(struct proc *p, int *status);
pid_t proc_pid(const struct proc *p);
/* SIGTERM, SIGKILL after GRACE_NS, reap, free; NULL-safe. */
void proc_kill_free(struct proc *p, int64_t grace_ns);

/* Debian package that holds TOOL, or NULL. */
const char *proc_package_of(const char *tool);

/* A number that tells two processes with the same pid apart: start time in
 * clock ticks since boot (field 22 of /proc/PID/stat); 0 when it is gone. */
uint64_t proc_start_time(pid_t pid);

#endif
