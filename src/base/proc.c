/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc_output.h"
#include "base/proc_spawn.h"
#include "base/vec.h"

#define TERM_GRACE_NS   (5 * NS_PER_S)
#define KILL_GRACE_NS   (30 * NS_PER_S)   /* a process in the D state does not go */
#define LINGER_NS       (200 * NS_PER_MS) /* for what a pipeline's tail still writes */
#define NO_PIDFD_MS     20
#define READ_CHUNK      ((size_t)64 * 1024)
#define ENVIRONMENT_MAX ((size_t)4096)

extern char **environ;

DEFINE_VEC(env, char *);

enum stage { RUNNING, TERMINATED, KILLED, GIVEN_UP };

struct proc {
    struct proc_output output[2]; /* standard output, standard error */
    int fds[2];      /* where they are read: pipes, or memory files of a child that lives on */
    off_t offset[2]; /* in the memory files */
    pid_t pid;
    int pidfd; /* -1 on kernels without */
    bool reaped;
    int status;
};

static const struct {
    const char *tool, *package;
} packages[] = {
    {"ansible-playbook", "ansible-core"},
    {"cosign", "cosign"},
    {"debootstrap", "debootstrap"},
    {"e2fsck", "e2fsprogs"},
    {"genisoimage", "genisoimage"},
    {"gpg", "gnupg"},
    {"gpgv", "gpgv"},
    {"guestfish", "libguestfs-tools"},
    {"mcopy", "mtools"},
    {"mdir", "mtools"},
    {"mformat", "mtools"},
    {"mke2fs", "e2fsprogs"},
    {"mkfs.ext4", "e2fsprogs"},
    {"mkfs.vfat", "dosfstools"},
    {"mmd", "mtools"},
    {"mmdebstrap", "mmdebstrap"},
    {"qemu-img", "qemu-utils"},
    {"qemu-nbd", "qemu-utils"},
    {"qemu-system-aarch64", "qemu-system-arm"},
    {"qemu-system-arm", "qemu-system-arm"},
    {"qemu-system-i386", "qemu-system-x86"},
    {"qemu-system-ppc64", "qemu-system-ppc"},
    {"qemu-system-riscv64", "qemu-system-misc"},
    {"qemu-system-s390x", "qemu-system-misc"},
    {"qemu-system-x86_64", "qemu-system-x86"},
    {"resize2fs", "e2fsprogs"},
    {"sfdisk", "fdisk"},
    {"sgdisk", "gdisk"},
    {"skopeo", "skopeo"},
    {"ssh", "openssh-client"},
    {"ssh-keygen", "openssh-client"},
    {"supermin", "supermin"},
    {"swtpm", "swtpm"},
    {"swtpm_setup", "swtpm-tools"},
    {"virsh", "libvirt-clients"},
    {"virt-sparsify", "libguestfs-tools"},
    {"virt-xml-validate", "libvirt-clients"},
    {"xorriso", "xorriso"},
    {"zstd", "zstd"},
};

const char *proc_package_of(const char *tool)
{
    const char *name = io_basename(tool);

    for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
        if (strcmp(packages[i].tool, name) == 0)
            return packages[i].package;
    return NULL;
}

static const char *tool_of(const struct proc_spec *spec)
{
    return io_basename(spec->argv[0]);
}

/* "create disk 'x'", or "run 'qemu-img'"; heap. */
static char *purpose(const struct proc_spec *spec)
{
    return spec->what != NULL ? xstrdup(spec->what) : xasprintf("run '%s'", tool_of(spec));
}

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");

    return strncmp(a, b, len) == 0 && b[len] == '=';
}

static void set_variable(struct env *env, char *pair)
{
    VEC_EACH (item, env)
        if (same_name(pair, *item)) {
            *item = pair;
            return;
        }
    env_push(env, pair);
}

/* Pointers into the environment and the spec; not copies. */
static void build_environment(const struct proc_spec *spec, struct env *out)
{
    char *const *base = spec->env != NULL ? (char *const *)(uintptr_t)spec->env : environ;

    for (size_t i = 0; i < ENVIRONMENT_MAX && base[i] != NULL; i++)
        env_push(out, base[i]);
    for (size_t i = 0; spec->set_env != NULL && spec->set_env[i] != NULL; i++)
        set_variable(out, (char *)(uintptr_t)spec->set_env[i]);
    env_push(out, NULL);
}

/* A memory file holds the whole input: no pipe to feed, none to break. */
static int open_input(const struct proc_spec *spec)
{
    autoclose int fd = -1;

    if (spec->stdin_fd > 0)
        return fcntl(spec->stdin_fd, F_DUPFD_CLOEXEC, 3);
    if (spec->input.len == 0)
        return spawn_high_fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    fd = spawn_high_fd(memfd_create("input", MFD_CLOEXEC));
    if (fd < 0 || !io_write_all(fd, spec->input.ptr, spec->input.len) || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return steal_fd(&fd);
}

/* One stream: FD_READ is ours, FD_WRITE the child's. */
static bool open_output(bool lives_on, int *fd_read, int *fd_write)
{
    int ends[2];

    if (lives_on) {
        /* Nobody reads while it runs: a pipe would fill up and stop it. */
        *fd_read = spawn_high_fd(memfd_create("output", MFD_CLOEXEC));
        *fd_write = *fd_read < 0 ? -1 : fcntl(*fd_read, F_DUPFD_CLOEXEC, 3);
        return *fd_write >= 0;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    *fd_read = spawn_high_fd(ends[0]);
    *fd_write = spawn_high_fd(ends[1]);
    return *fd_read >= 0 && *fd_write >= 0 && fcntl(*fd_read, F_SETFL, O_NONBLOCK) == 0;
}

static struct proc *proc_new(const struct proc_spec *spec)
{
    struct proc *p = xnew(struct proc);

    p->pid = -1;
    p->pidfd = -1;
    for (int i = 0; i < 2; i++) {
        p->fds[i] = -1;
        p->output[i] = (struct proc_output){
            .collect = i == 0 ? spec->out : spec->err_out,
            .arg = spec->arg,
            .is_stderr = i == 1,
        };
        p->output[i].on_line = spec->on_line;
        proc_output_init(&p->output[i]);
    }
    return p;
}

static void proc_free(struct proc *p)
{
    if (p == NULL)
        return;
    for (int i = 0; i < 2; i++) {
        proc_output_clear(&p->output[i]);
        cleanup_close(&p->fds[i]);
    }
    cleanup_close(&p->pidfd);
    free(p);
}
DEFINE_AUTO(proc_handle, struct proc *, proc_free);

static void log_command(const struct proc_spec *spec)
{
    AUTO(strbuf) struct strbuf line = STRBUF_INIT;

    if (!log_enabled(LOG_DEBUG, "proc"))
        return;
    for (size_t i = 0; spec->argv[i] != NULL; i++) {
        strbuf_adds(&line, i == 0 ? "" : " ");
        strbuf_add_shell_quoted(&line, str_from(spec->argv[i]));
    }
    log_debug("proc", "%s", line.buf);
}

static bool not_installed(const struct proc_spec *spec, struct error **err)
{
    autofree char *what = purpose(spec);
    const char *package = proc_package_of(spec->argv[0]);

    error_set(err, ERR_HOST, 0, "cannot %s: the tool '%s' is not installed", what, spec->argv[0]);
    if (package == NULL)
        return error_hint(err, "Install '%s', or put it into a directory of $PATH.", tool_of(spec));
    return error_hint(err, "Install the package that holds it: apt-get install %s", package);
}

static bool start_failed(const struct proc_spec *spec, const struct spawn *s, struct error **err)
{
    autofree char *what = purpose(spec);

    if (s->failed_in_cwd)
        return error_set(err, ERR_IO, s->errnum, "cannot %s: cannot enter '%s'", what, s->cwd);
    return error_set(err, ERR_IO, s->errnum, "cannot %s: cannot start '%s'", what, s->path);
}

static bool launch(struct proc *p, const struct proc_spec *spec, bool lives_on, struct error **err)
{
    autofree char *found = io_find_program(spec->argv[0]);
    autofree char *path = found == NULL ? NULL : io_absolute(found);
    autoclose int in = -1, out = -1, err_fd = -1;
    AUTO(env) struct env env = {0};
    struct spawn s = {.path = path, .argv = spec->argv, .cwd = spec->cwd};

    if (path == NULL)
        return not_installed(spec, err);
    if (cancel_test(spec->cancel))
        return cancel_error(spec->cancel, err, spec->what != NULL ? spec->what : path);
    in = open_input(spec);
    if (in < 0 || !open_output(lives_on, &p->fds[0], &out) ||
        !open_output(lives_on, &p->fds[1], &err_fd) || fault("proc.start")) {
        s.errnum = errno;
        return start_failed(spec, &s, err);
    }
    build_environment(spec, &env);
    s.env = env.ptr;
    s.fds[0] = in;
    s.fds[1] = out;
    s.fds[2] = err_fd;
    log_command(spec);
    if (!spawn_child(&s))
        return start_failed(spec, &s, err);
    p->pid = s.pid;
    p->pidfd = pidfd_open(p->pid, 0);
    if (spec->out_pid != NULL)
        *spec->out_pid = p->pid;
    return true;
}

/* False at the end of the stream. */
static bool read_pipe(struct proc *p, int i, char *buffer)
{
    ssize_t n = read(p->fds[i], buffer, READ_CHUNK);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    proc_output_add(&p->output[i], (str){buffer, (size_t)n});
    return n > 0;
}

/* Has it ended?  It stays a zombie, so its group cannot be somebody else's. */
static bool has_ended(const struct proc *p)
{
    siginfo_t info = {0};

    return p->reaped || (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                         info.si_pid == p->pid);
}

static void reap(struct proc *p)
{
    int raw = 0;
    pid_t pid;

    if (p->reaped)
        return;
    do
        pid = waitpid(p->pid, &raw, 0);
    while (pid < 0 && errno == EINTR);
    p->status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    p->reaped = true;
}

static void signal_group(const struct proc *p, int sig)
{
    kill(-p->pid, sig);
    kill(-p->pid, SIGCONT);
}

struct wait_state {
    enum stage stage;
    int64_t started, stage_began;
    int64_t ended;  /* when the child was seen to be gone; 0: it runs */
    bool timed_out; /* its own limit, not the token's */
    char buffer[READ_CHUNK];
};

static int64_t left_ms(int64_t until, int64_t now)
{
    return MAX((until - now + NS_PER_MS - 1) / NS_PER_MS, (int64_t)0);
}

/* How long to wait for an event at most. */
static int wait_ms(const struct proc *p, const struct proc_spec *spec, const struct wait_state *w)
{
    int64_t now = clock_now(), ms = 250;

    if (w->ended != 0)
        ms = MIN(ms, left_ms(w->ended + LINGER_NS, now));
    else if (p->pidfd < 0)
        ms = NO_PIDFD_MS;
    if (w->stage == RUNNING) {
        ms = MIN(ms, cancel_poll_ms(spec->cancel));
        if (spec->timeout_ns > 0)
            ms = MIN(ms, left_ms(w->started + spec->timeout_ns, now));
    }
    return (int)ms;
}

static void wait_event(struct proc *p, const struct proc_spec *spec, struct wait_state *w)
{
    struct pollfd fds[] = {
        {.fd = p->fds[0], .events = POLLIN},
        {.fd = p->fds[1], .events = POLLIN},
        {.fd = w->ended == 0 ? p->pidfd : -1, .events = POLLIN},
        {.fd = w->stage == RUNNING ? cancel_fd(spec->cancel) : -1, .events = POLLIN},
    };

    poll(fds, ARRAY_SIZE(fds), wait_ms(p, spec, w));
    for (int i = 0; i < 2; i++)
        if (fds[i].revents != 0 && !read_pipe(p, i, w->buffer))
            close(steal_fd(&p->fds[i]));
    if (w->ended == 0 && has_ended(p))
        w->ended = clock_now();
}

static void enter_stage(struct proc *p, struct wait_state *w, enum stage stage, int sig)
{
    w->stage = stage;
    w->stage_began = clock_now();
    if (sig != 0)
        signal_group(p, sig);
}

static void escalate(struct proc *p, const struct proc_spec *spec, struct wait_state *w)
{
    int64_t now = clock_now();

    switch (w->stage) {
    case RUNNING:
        w->timed_out = spec->timeout_ns > 0 && now - w->started >= spec->timeout_ns;
        if (w->timed_out || cancel_test(spec->cancel))
            enter_stage(p, w, TERMINATED, SIGTERM);
        return;
    case TERMINATED:
        if (now - w->stage_began >= TERM_GRACE_NS)
            enter_stage(p, w, KILLED, SIGKILL);
        return;
    case KILLED:
        if (now - w->stage_began >= KILL_GRACE_NS)
            enter_stage(p, w, GIVEN_UP, 0);
        return;
    case GIVEN_UP: return;
    }
}

/* Until the child has ended and its streams are read.  Its own children may
 * hold them open for ever, so what is left is awaited for a moment only. */
static void pump(struct proc *p, const struct proc_spec *spec, struct wait_state *w)
{
    while (w->stage != GIVEN_UP) {
        bool streams_open = p->fds[0] >= 0 || p->fds[1] >= 0;

        if (w->ended != 0 && (!streams_open || clock_now() - w->ended >= LINGER_NS))
            break;
        wait_event(p, spec, w);
        if (w->ended == 0)
            escalate(p, spec, w);
    }
    /* What was stopped is stopped with all it started. */
    if (w->stage != RUNNING)
        signal_group(p, SIGKILL);
    if (w->ended != 0)
        reap(p);
    for (int i = 0; i < 2; i++)
        proc_output_end(&p->output[i]);
}

static bool tool_failed(const struct proc *p, const struct proc_spec *spec, struct error **err)
{
    autofree char *what = purpose(spec);
    autofree char *said = proc_output_last_lines(&p->output[1]);

    if (said == NULL)
        said = proc_output_last_lines(&p->output[0]);
    if (p->status > 128)
        error_set(err, ERR_IO, 0, "'%s' was ended by signal %d (%s)%s%s", tool_of(spec),
                  p->status - 128, strsignal(p->status - 128), said == NULL ? "" : ": ",
                  said == NULL ? "" : said);
    else
        error_set(err, ERR_IO, 0, "'%s' ended with status %d%s%s", tool_of(spec), p->status,
                  said == NULL ? "" : ": ", said == NULL ? "" : said);
    return error_wrap(err, "cannot %s", what);
}

static bool verdict(const struct proc *p, const struct proc_spec *spec, const struct wait_state *w,
                    struct error **err)
{
    autofree char *what = purpose(spec);

    if (w->stage == GIVEN_UP)
        return error_set(err, ERR_IO, 0, "cannot %s: '%s' (process %d) cannot be killed", what,
                         tool_of(spec), (int)p->pid);
    if (w->timed_out) {
        autofree char *limit = clock_format_duration(spec->timeout_ns);

        return error_set(err, ERR_TIMEOUT, 0, "cannot %s: '%s' did not end within %s", what,
                         tool_of(spec), limit);
    }
    if (w->stage != RUNNING)
        return cancel_error(spec->cancel, err, what);
    if (p->status != 0 && !spec->any_status)
        return tool_failed(p, spec, err);
    return true;
}

bool proc_run(const struct proc_spec *spec, int *status, struct error **err)
{
    AUTO(proc_handle) struct proc *p = proc_new(spec);
    autofree struct wait_state *w = xnew(struct wait_state);

    if (!launch(p, spec, false, err))
        return false;
    w->started = clock_now();
    pump(p, spec, w);
    if (status != NULL && p->reaped)
        *status = p->status;
    return verdict(p, spec, w, err);
}

struct proc *proc_start(const struct proc_spec *spec, struct error **err)
{
    AUTO(proc_handle) struct proc *p = proc_new(spec);

    return launch(p, spec, true, err) ? steal(&p) : NULL;
}

/* Take what is new in the memory files, and give the memory back. */
static void collect_written(struct proc *p)
{
    autofree char *buffer = xmalloc(READ_CHUNK);

    for (int i = 0; i < 2; i++) {
        off_t begin = p->offset[i];
        ssize_t n;

        while ((n = pread(p->fds[i], buffer, READ_CHUNK, p->offset[i])) > 0) {
            proc_output_add(&p->output[i], (str){buffer, (size_t)n});
            p->offset[i] += n;
        }
        if (p->offset[i] > begin)
            fallocate(p->fds[i], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin,
                      p->offset[i] - begin);
    }
}

bool proc_poll(struct proc *p, int *status)
{
    bool ended = has_ended(p);

    collect_written(p);
    if (!ended)
        return false;
    if (!p->reaped) {
        reap(p);
        for (int i = 0; i < 2; i++)
            proc_output_end(&p->output[i]);
    }
    if (status != NULL)
        *status = p->status;
    return true;
}

pid_t proc_pid(const struct proc *p)
{
    return p->pid;
}

/* True when it ended in time. */
static bool await_end(struct proc *p, int64_t timeout_ns)
{
    int64_t end = clock_now() + timeout_ns;

    while (!has_ended(p)) {
        struct pollfd pfd = {.fd = p->pidfd, .events = POLLIN};
        int64_t left = left_ms(end, clock_now());

        if (left == 0)
            return false;
        poll(&pfd, 1, (int)MIN(left, p->pidfd < 0 ? (int64_t)NO_PIDFD_MS : (int64_t)1000));
    }
    return true;
}

void proc_kill_free(struct proc *p, int64_t grace_ns)
{
    if (p == NULL)
        return;
    if (!p->reaped) {
        if (!has_ended(p))
            signal_group(p, SIGTERM);
        await_end(p, grace_ns);
        signal_group(p, SIGKILL);
        if (await_end(p, KILL_GRACE_NS))
            proc_poll(p, NULL);
    }
    proc_free(p);
}

uint64_t proc_start_time(pid_t pid)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(8192);
    AUTO(error) struct error *err = NULL;
    autofree char *path = xasprintf("/proc/%d/stat", (int)pid);
    uint64_t ticks = 0;
    ptrdiff_t paren;
    str rest;

    if (!io_read_file(path, 8000, &text, &err))
        return 0;
    /* The name in field 2 may hold blanks and brackets; it ends at the last
     * bracket.  Field 3 follows it. */
    paren = str_rfind_char(strbuf_str(&text), ')');
    if (paren < 0 || (size_t)paren + 2 > text.len)
        return 0;
    rest = str_sub(strbuf_str(&text), (size_t)paren + 2, text.len);
    for (int field = 3; field < 22; field++)
        str_split(&rest, ' ');
    return str_to_u64(str_split(&rest, ' '), &ticks) ? ticks : 0;
}
