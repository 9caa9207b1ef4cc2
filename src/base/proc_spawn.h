/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_PROC_SPAWN_H
#define IMGFAC_BASE_PROC_SPAWN_H

/* Private to base/proc.c: the fork and what happens in the child before the
 * exec.  Everything in the request is borrowed.  Thread-safe. */

#include <stdbool.h>
#include <sys/types.h>

struct spawn {
    const char *path; /* absolute */
    const char *const *argv;
    char *const *env;
    const char *cwd; /* NULL: inherit */
    int fds[3];      /* become 0, 1 and 2; none of them is below 3 */
    /* Results. */
    pid_t pid;
    int errnum;
    bool failed_in_cwd; /* errnum belongs to the change of directory */
};

/* Start the program in a process group of its own, to be killed when this
 * process dies.  Waits for the exec; false with errnum when there is none. */
bool spawn_child(struct spawn *s);

/* A copy of FD that is above 2 and closed on exec; closes FD; -1 with errno. */
int spawn_high_fd(int fd);

#endif
