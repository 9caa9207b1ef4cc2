/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/thread.h"

/* PR_SET_PDEATHSIG fires when the *thread* that forked ends (prctl(2)), so a
 * worker thread must not fork what may outlive it.  One thread that never ends
 * forks for all: the signal then means the death of the process. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool started;
    struct spawn *request;
    bool done;
    int report_fd;
} forker = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct report {
    int errnum;
    bool in_cwd;
};

int spawn_high_fd(int fd)
{
    int high, saved;

    if (fd < 0 || fd > 2)
        return fd;
    high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    saved = errno;
    close(fd);
    errno = saved;
    return high;
}

/* From here to the exec only async-signal-safe functions: another thread may
 * have held any lock at the moment of the fork. */
static void ATTR_NORETURN child_fail(int report_fd, bool in_cwd)
{
    struct report r = {.errnum = errno, .in_cwd = in_cwd};

    while (write(report_fd, &r, sizeof(r)) < 0 && errno == EINTR)
        continue;
    _exit(127);
}

static void child_signals(void)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigset_t none;

    /* Ignored signals (SIGPIPE) and the mask survive an exec; a tool expects
     * neither. */
    for (int sig = 1; sig < NSIG; sig++)
        if (sig != SIGKILL && sig != SIGSTOP)
            sigaction(sig, &dfl, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_close_others(void)
{
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    /* Before Linux 5.11. */
    for (int fd = 3; fd < 4096; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void ATTR_NORETURN child_main(const struct spawn *s, pid_t parent, int report_fd)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The parent may have died before the line above. */
    if (getppid() != parent)
        _exit(127);
    child_signals();
    for (int i = 0; i < 3; i++)
        if (dup2(s->fds[i], i) < 0)
            child_fail(report_fd, false);
    child_close_others();
    if (s->cwd != NULL && chdir(s->cwd) < 0)
        child_fail(report_fd, true);
    execve(s->path, (char *const *)(uintptr_t)s->argv, s->env);
    child_fail(report_fd, false);
}

/* All signals are blocked in this thread, so no handler of ours can run in the
 * child either. */
static void fork_now(struct spawn *s, int report_fd)
{
    pid_t parent = getpid();

    s->pid = fork();
    if (s->pid == 0)
        child_main(s, parent, report_fd);
    if (s->pid < 0) {
        s->errnum = errno;
        return;
    }
    /* Both sides do it: whoever comes first, a kill of the group works. */
    setpgid(s->pid, s->pid);
}

static void *forker_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&forker.lock);
    for (;;) {
        while (forker.request == NULL || forker.done)
            pthread_cond_wait(&forker.changed, &forker.lock);
        fork_now(forker.request, forker.report_fd);
        forker.done = true;
        pthread_cond_broadcast(&forker.changed);
    }
    return NULL;
}

static void fork_in_forker(struct spawn *s, int report_fd)
{
    LOCK_SCOPE(&forker.lock);

    if (!forker.started) {
        pthread_detach(thread_start("forker", forker_main, NULL));
        forker.started = true;
    }
    while (forker.request != NULL)
        pthread_cond_wait(&forker.changed, &forker.lock);
    forker.request = s;
    forker.report_fd = report_fd;
    forker.done = false;
    pthread_cond_broadcast(&forker.changed);
    while (!forker.done)
        pthread_cond_wait(&forker.changed, &forker.lock);
    forker.request = NULL;
    pthread_cond_broadcast(&forker.changed);
}

bool spawn_child(struct spawn *s)
{
    autoclose int read_end = -1, write_end = -1;
    struct report r = {0};
    int ends[2];
    ssize_t n;

    s->pid = -1;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        s->errnum = errno;
        return false;
    }
    read_end = spawn_high_fd(ends[0]);
    write_end = spawn_high_fd(ends[1]);
    if (read_end < 0 || write_end < 0) {
        s->errnum = errno;
        return false;
    }
    fork_in_forker(s, write_end);
    close(steal_fd(&write_end));
    if (s->pid < 0)
        return false;
    /* The end of file is the exec: it closed the other end. */
    do
        n = read(read_end, &r, sizeof(r));
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(r))
        return true;
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    s->errnum = r.errnum;
    s->failed_in_cwd = r.in_cwd;
    return false;
}
