/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc_spawn.h"
#include "base/vec.h"

#define STEP_NS (20 * NS_PER_MS) /* between looks, on kernels without pidfd */
#define KILL_NS (5 * NS_PER_S)   /* a process in the D state does not go */

extern char **environ;

DEFINE_VEC(pipe_env, char *);

/* OURS is non-blocking; both are above 2 and closed on exec. */
static bool open_pipe(bool child_reads, int *ours, int *childs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    int r = spawn_high_fd(ends[0]), w = spawn_high_fd(ends[1]);
    *ours = child_reads ? w : r;
    *childs = child_reads ? r : w;
    return r >= 0 && w >= 0 && fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static void free_pipe(struct proc_pipe *p)
{
    if (p == NULL)
        return;
    cleanup_close(&p->in);
    cleanup_close(&p->out);
    cleanup_close(&p->err);
    cleanup_close(&p->pidfd);
    free(p);
}
DEFINE_AUTO(pipe_handle, struct proc_pipe *, free_pipe);

static bool is_same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");
    return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* Borrowed pointers. */
static void join_environment(const char *const *more, struct pipe_env *out)
{
    for (char **e = environ; *e != NULL; e++) {
        bool replaced = false;
        for (size_t i = 0; more != NULL && more[i] != NULL; i++)
            replaced |= is_same_name(more[i], *e);
        if (!replaced)
            pipe_env_push(out, *e);
    }
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        pipe_env_push(out, (char *)(uintptr_t)more[i]);
    pipe_env_push(out, NULL);
}

struct proc_pipe *proc_pipe_start(const struct proc_pipe_spec *spec, struct error **err)
{
    AUTO(pipe_handle) struct proc_pipe *p = xnew(struct proc_pipe);
    AUTO(pipe_env) struct pipe_env env = {0};
    autoclose int in = -1, out = -1, err_fd = -1;
    autofree char *found = io_find_program(spec->argv[0]);
    autofree char *path = found == NULL ? NULL : io_absolute(found);
    *p = (struct proc_pipe){.in = -1, .out = -1, .err = -1, .pidfd = -1};
    struct spawn s = {.path = path, .argv = spec->argv};
    if (path == NULL) {
        error_set(err, ERR_NOT_FOUND, 0, "cannot %s: '%s' is no program", spec->what,
                  spec->argv[0]);
        return NULL;
    }
    if (!open_pipe(true, &p->in, &in) || !open_pipe(false, &p->out, &out) ||
        !open_pipe(false, &p->err, &err_fd)) {
        error_set(err, ERR_IO, errno, "cannot %s", spec->what);
        return NULL;
    }
    join_environment(spec->set_env, &env);
    s.env = env.ptr;
    s.fds[0] = in;
    s.fds[1] = out;
    s.fds[2] = err_fd;
    if (!spawn_child(&s)) {
        error_set(err, ERR_IO, s.errnum, "cannot %s", spec->what);
        return NULL;
    }
    p->pid = s.pid;
    p->pidfd = pidfd_open(p->pid, 0);
    return steal(&p);
}

bool proc_pipe_ended(struct proc_pipe *p)
{
    siginfo_t info = {0};
    int raw = 0;
    if (p->reaped)
        return true;
    int rc = waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    if (rc == 0 && info.si_pid != p->pid)
        return false;
    if (rc < 0 && errno == EINTR)
        return false;
    /* As long as it is a zombie its group's number cannot be another's. */
    kill(-p->pid, SIGKILL);
    pid_t pid;
    do
        pid = waitpid(p->pid, &raw, 0);
    while (pid < 0 && errno == EINTR);
    p->status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    p->reaped = true;
    return true;
}

static bool wait_end(struct proc_pipe *p, int64_t limit_ns)
{
    int64_t until = clock_now() + limit_ns;
    while (!proc_pipe_ended(p)) {
        int64_t left = until - clock_now();
        if (left <= 0)
            return false;
        struct pollfd fd = {.fd = p->pidfd, .events = POLLIN};
        int64_t step = p->pidfd < 0 ? MIN(left, STEP_NS) : left;
        poll(&fd, 1, (int)(step / NS_PER_MS) + 1);
    }
    return true;
}

void proc_pipe_stop(struct proc_pipe *p, int64_t grace_ns)
{
    if (p == NULL)
        return;
    /* Whatever it waits for, reading or writing, comes to an end. */
    int *ends[] = {&p->in, &p->out, &p->err};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (*ends[i] >= 0)
            close(steal_fd(ends[i]));
    if (!wait_end(p, grace_ns)) {
        kill(-p->pid, SIGTERM);
        if (!wait_end(p, grace_ns)) {
            kill(-p->pid, SIGKILL);
            wait_end(p, KILL_NS);
        }
    }
    free_pipe(p);
}
