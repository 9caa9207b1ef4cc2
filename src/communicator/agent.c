/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "communicator/agent_talk.h"
#include "communicator/lines.h"
#include "communicator/tree.h"

/* communicator = "guest-agent": root's shell in a guest that needs no network,
 * over virtio-serial.  The agent gives a process' output only when it has ended
 * and not without limit, so a command writes into files of the guest, which are
 * read while it runs. */

/* An agent that was there and does not answer may be busy (an emulated guest);
 * after so long the guest counts as gone. */
#define SILENCE_NS (60 * NS_PER_S)
/* Larger inputs go through a file. */
#define INPUT_MAX  ((size_t)32 << 10)
#define TIMEOUT_NS (300 * NS_PER_S)

static struct agent_comm *of(struct comm *c)
{
    return (struct agent_comm *)c;
}

static bool is_away(const struct error *e)
{
    return e->code == ERR_DISCONNECT || e->code == ERR_TIMEOUT;
}

static bool await_agent(struct agent_comm *c, struct cancel *cancel, struct error **err)
{
    int64_t limit = c->config->guest_agent_timeout_ns;
    struct ssh_wait w =
        agent_wait(c, cancel, limit > 0 ? limit : TIMEOUT_NS, "waiting for the guest agent");
    int64_t pause = 100 * NS_PER_MS;
    struct error *last = NULL;
    for (;;) {
        error_drop(&last);
        if (agent_ping(c, &last))
            return true;
        if (!is_away(last) || !ssh_wait_sleep(&w, pause, err))
            break;
        pause = MIN(pause * 2, NS_PER_S);
    }
    if (*err == NULL) {
        *err = last;
        return error_wrap(err, "the guest agent cannot be used");
    }
    if ((*err)->code != ERR_TIMEOUT) {
        error_drop(&last);
        return false;
    }
    (*err)->cause = last;
    return error_hint(err, "qemu-guest-agent must be installed and running in the guest; a longer "
                           "boot needs a larger guest_agent_timeout.");
}

static void agent_close_comm(struct comm *comm)
{
    struct agent_comm *c = of(comm);
    struct error *ignored = NULL;
    struct ssh_wait w = agent_wait(c, NULL, 5 * NS_PER_S, "the end of the guest agent");
    if (c->left != NULL && cancel_reason(c->build->guest) != CANCEL_CRASH) {
        autofree char *script = xasprintf("rm -f %s", c->left);
        agent_script(c, script, &w, &ignored);
        error_drop(&ignored);
    }
    free(c->left);
    free(c);
}

static struct comm *agent_open_comm(const struct comm_config *config, struct build *b,
                                    struct error **err)
{
    if (b->agent == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "this builder has no guest agent to talk to");
        error_hint(err, "communicator = \"guest-agent\" works with the builder \"qemu\".");
        return NULL;
    }
    struct agent_comm *c = xnew(struct agent_comm);
    c->config = config;
    c->build = b;
    c->agent = b->agent;
    build_sayf(b, "Waiting for the guest agent...");
    if (await_agent(c, b->cancel, err)) {
        build_sayf(b, "Connected to the guest agent!");
        return &c->comm;
    }
    free(c);
    return NULL;
}

/* --- commands --- */

/* One of the two output files of a command. */
struct tail {
    char *path;
    int64_t handle;
    bool is_open;
    struct lines lines;
    struct strbuf *collect;
};

struct job {
    struct agent_comm *c;
    const struct comm_command *cmd;
    const struct ssh_wait *w;
    char *base; /* "/tmp/imgfac-UUID": followed by .out, .err, .in */
    struct tail tails[2];
    struct agent_process process;
    int64_t pid;
    int64_t answered_ns;
};

static void job_init(struct job *j, struct agent_comm *c, const struct comm_command *cmd,
                     const struct ssh_wait *w)
{
    static const char *const ends[] = {"out", "err"};
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    *j = (struct job){.c = c, .cmd = cmd, .w = w, .process = {.noise = STRBUF_INIT}};
    j->base = xasprintf("/tmp/imgfac-%s", uuid);
    for (size_t i = 0; i < ARRAY_SIZE(j->tails); i++) {
        j->tails[i].path = xasprintf("%s.%s", j->base, ends[i]);
        lines_init(&j->tails[i].lines, cmd->on_line, cmd->arg, i == 1);
    }
    j->tails[0].collect = cmd->out;
}

static void job_clear(struct job *j)
{
    for (size_t i = 0; i < ARRAY_SIZE(j->tails); i++) {
        if (j->tails[i].is_open)
            agent_close(j->c, j->tails[i].handle);
        free(j->tails[i].path);
        lines_clear(&j->tails[i].lines);
    }
    strbuf_clear(&j->process.noise);
    free(j->c->left);
    j->c->left = xasprintf("%s.out %s.err %s.in", j->base, j->base, j->base);
    free(j->base);
}
DEFINE_AUTO_CLEAR(job, struct job, job_clear);

static bool put_input(struct job *j, struct error **err)
{
    int64_t handle;
    autofree char *path = xasprintf("%s.in", j->base);
    if (j->cmd->input.len <= INPUT_MAX)
        return true;
    if (!agent_open(j->c, path, "w", &handle, err))
        return false;
    return agent_finish(j->c, handle, agent_write(j->c, handle, j->cmd->input, j->w, err), err);
}

static bool start(struct job *j, struct error **err)
{
    bool by_file = j->cmd->input.len > INPUT_MAX;
    str input = by_file ? STR("") : j->cmd->input;
    /* Standard error is what the agent keeps until it has moved to its file. */
    autofree char *program = xasprintf(
        "rm -f %s; umask 077; >%s.out && >%s.err && exec >%s.out 2>%s.err %s%s%s || exit 97; "
        "umask 022; cd; exec /bin/sh -c \"$1\"",
        j->c->left != NULL ? j->c->left : "", j->base, j->base, j->base, j->base,
        by_file ? "<" : "", by_file ? j->base : "", by_file ? ".in" : "");
    const char *argv[] = {"/bin/sh", "-c", program, "sh", j->cmd->command, NULL};
    if (!put_input(j, err) || !agent_exec(j->c, argv, input, &j->pid, err))
        return false;
    j->answered_ns = clock_now();
    return true;
}

static void take(struct tail *t, str data)
{
    if (t->collect != NULL) {
        size_t room = t->collect->max - MIN(t->collect->max, t->collect->len);
        strbuf_add(t->collect, data.ptr, MIN(room, data.len));
    }
    lines_add(&t->lines, data);
}

/* What is there now; a file that is not there yet will be. */
static bool drain(struct job *j, struct tail *t, bool *moved, struct error **err)
{
    AUTO(strbuf) struct strbuf block = STRBUF_INIT;
    bool at_end = false;
    if (!t->is_open) {
        if (!agent_open(j->c, t->path, "r", &t->handle, err)) {
            if ((*err)->code != ERR_GUEST)
                return false;
            error_drop(err);
            return true;
        }
        t->is_open = true;
    }
    while (!at_end) {
        if (!ssh_wait_test(j->w, err) || !agent_read(j->c, t->handle, &block, &at_end, err))
            return false;
        *moved = *moved || block.len > 0;
        take(t, strbuf_str(&block));
    }
    return true;
}

/* The status is asked for before the files are read: what was written before
 * the end is then seen. */
static bool look(struct job *j, bool *moved, struct error **err)
{
    return agent_status(j->c, j->pid, &j->process, err) && drain(j, &j->tails[0], moved, err) &&
           drain(j, &j->tails[1], moved, err);
}

static bool await_end(struct job *j, struct error **err)
{
    int64_t pause = 10 * NS_PER_MS;
    for (;;) {
        bool moved = false, ok = look(j, &moved, err);
        if (ok && j->process.has_ended)
            return true;
        if (!ok && (!is_away(*err) || clock_now() - j->answered_ns > SILENCE_NS ||
                    cancel_test(j->w->guest) || cancel_test(j->w->cancel) ||
                    (j->w->deadline_ns != 0 && clock_now() >= j->w->deadline_ns)))
            return false;
        if (ok)
            j->answered_ns = clock_now();
        error_drop(err);
        pause = moved ? 10 * NS_PER_MS : MIN(pause * 2, 250 * NS_PER_MS);
        if (!ssh_wait_sleep(j->w, pause, err))
            return false;
    }
}

static void kill_it(struct job *j)
{
    struct error *ignored = NULL;
    struct ssh_wait w = agent_wait(j->c, NULL, 5 * NS_PER_S, "the end of a command");
    autofree char *script = xasprintf("kill -TERM %lld", (long long)j->pid);
    agent_script(j->c, script, &w, &ignored);
    error_drop(&ignored);
}

/* The guest went away, or another one is there now. */
static bool is_lost(const struct job *j, const struct error *e)
{
    return (e->code == ERR_DISCONNECT || e->code == ERR_NOT_FOUND || e->code == ERR_TIMEOUT) &&
           !cancel_test(j->w->cancel) && !cancel_test(j->w->guest) &&
           (j->w->deadline_ns == 0 || clock_now() < j->w->deadline_ns);
}

static bool end_job(struct job *j, bool ok, int *status, struct error **err)
{
    if (!ok && is_lost(j, *err)) {
        error_drop(err);
        *status = COMM_DISCONNECTED;
        return true;
    }
    if (!ok) {
        if (cancel_reason(j->w->guest) != CANCEL_CRASH)
            kill_it(j);
        return false;
    }
    if (!j->tails[0].is_open) {
        error_set(err, ERR_GUEST, 0, "the guest cannot keep the output of a command: %.*s",
                  STR_FMT(str_trim(strbuf_str(&j->process.noise))));
        return error_hint(err, "Its /tmp must be writable and have free space.");
    }
    *status = j->process.status;
    return true;
}

static bool agent_run(struct comm *comm, const struct comm_command *cmd, struct cancel *cancel,
                      int *status, struct error **err)
{
    struct agent_comm *c = of(comm);
    struct ssh_wait w = agent_wait(c, cancel, cmd->timeout_ns, "the command in the guest");
    AUTO(job) struct job j;
    job_init(&j, c, cmd, &w);
    if (!start(&j, err))
        return false;
    bool ok = await_end(&j, err);
    for (size_t i = 0; i < ARRAY_SIZE(j.tails); i++)
        lines_end(&j.tails[i].lines);
    return end_job(&j, ok, status, err);
}

/* --- files --- */

static bool set_mode(struct agent_comm *c, const char *path, unsigned mode,
                     const struct ssh_wait *w, struct error **err)
{
    AUTO(strbuf) struct strbuf script = STRBUF_INIT;
    strbuf_addf(&script, "chmod %04o ", mode & 07777);
    strbuf_add_shell_quoted(&script, str_from(path));
    return agent_script(c, script.buf, w, err);
}

struct upload {
    struct agent_comm *c;
    int64_t handle;
    const struct ssh_wait *w;
    uint64_t done, total; /* 0: unknown */
    const char *label;
};

static bool upload_block(void *arg, str data, struct error **err)
{
    struct upload *u = arg;
    if (!agent_write(u->c, u->handle, data, u->w, err))
        return false;
    u->done += data.len;
    if (u->label != NULL)
        build_progress(u->c->build, u->label, u->done, u->total);
    return true;
}

static bool copy_fd(struct upload *u, int fd, struct error **err)
{
    autofree char *block = xmalloc(AGENT_BLOCK);
    for (;;) {
        ssize_t n = read(fd, block, AGENT_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, ERR_IO, errno, "cannot read the source");
        if (n == 0)
            return true;
        if (!upload_block(u, (str){block, (size_t)n}, err))
            return false;
    }
}

/* Out of FD, or out of DATA when it is -1. */
static bool upload_to(struct agent_comm *c, int fd, str data, uint64_t size, const char *label,
                      const char *dst, unsigned mode, struct cancel *cancel, struct error **err)
{
    autofree char *what = xasprintf("the upload of '%s'", dst);
    struct ssh_wait w = agent_wait(c, cancel, 0, what);
    struct upload u = {.c = c, .w = &w, .total = size, .label = label};
    if (!agent_open(c, dst, "w", &u.handle, err))
        return error_hint(err, "Folders are not made by an upload; make it with a shell "
                               "provisioner first.");
    bool ok = fd >= 0 ? copy_fd(&u, fd, err) : upload_block(&u, data, err);
    return agent_finish(c, u.handle, ok, err) && set_mode(c, dst, mode, &w, err);
}

static bool agent_upload(struct comm *comm, const char *src, const char *dst, unsigned mode,
                         struct cancel *cancel, struct error **err)
{
    struct stat st;
    autoclose int fd = open(src, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open '%s'",
                         src);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_IO, 0, "'%s' is not a regular file", src);
    return upload_to(of(comm), fd, STR(""), (uint64_t)st.st_size, io_basename(src), dst,
                     mode != 0 ? mode : st.st_mode & 07777, cancel, err);
}

static bool agent_upload_data(struct comm *comm, str data, const char *dst, unsigned mode,
                              struct cancel *cancel, struct error **err)
{
    return upload_to(of(comm), -1, data, data.len, NULL, dst, mode != 0 ? mode : 0644, cancel, err);
}

/* "/tmp/imgfac-UUID.tar" */
static char *tar_path(void)
{
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    return xasprintf("/tmp/imgfac-%s.tar", uuid);
}

static void remove_tar(struct agent_comm *c, const char *path)
{
    struct error *ignored = NULL;
    struct ssh_wait w = agent_wait(c, NULL, 10 * NS_PER_S, "the removal of a file");
    autofree char *script = xasprintf("rm -f %s", path);
    agent_script(c, script, &w, &ignored);
    error_drop(&ignored);
}

static bool agent_upload_dir(struct comm *comm, const char *src, const char *dst,
                             struct cancel *cancel, struct error **err)
{
    struct agent_comm *c = of(comm);
    autofree char *what = xasprintf("the upload of '%s'", src), *path = tar_path();
    AUTO(tree_root) struct tree_root root = {0};
    AUTO(strbuf) struct strbuf script = STRBUF_INIT;
    struct ssh_wait w = agent_wait(c, cancel, 0, what);
    if (!tree_root_init(&root, src, err))
        return false;
    struct upload u = {.c = c, .w = &w, .label = io_basename(root.path)};
    if (!agent_open(c, path, "w", &u.handle, err))
        return false;
    bool ok = agent_finish(c, u.handle, tree_tar(&root, upload_block, &u, err), err);
    strbuf_adds(&script, "mkdir -p ");
    strbuf_add_shell_quoted(&script, str_from(dst));
    strbuf_addf(&script, " && tar -xpf %s -C ", path);
    strbuf_add_shell_quoted(&script, str_from(dst));
    ok = ok && agent_script(c, script.buf, &w, err);
    remove_tar(c, path);
    return ok;
}

struct download {
    struct agent_comm *c;
    int64_t handle;
    const struct ssh_wait *w;
    struct strbuf block;
    bool at_end;
    uint64_t done;
    const char *label;
};

static bool download_block(void *arg, str *out, struct error **err)
{
    struct download *d = arg;
    strbuf_truncate(&d->block, 0);
    while (d->block.len == 0 && !d->at_end)
        if (!ssh_wait_test(d->w, err) || !agent_read(d->c, d->handle, &d->block, &d->at_end, err))
            return false;
    *out = strbuf_str(&d->block);
    d->done += out->len;
    build_progress(d->c->build, d->label, d->done, 0);
    return true;
}

static bool agent_download(struct comm *comm, const char *src, const char *dst,
                           struct cancel *cancel, struct error **err)
{
    struct agent_comm *c = of(comm);
    autofree char *what = xasprintf("the download of '%s'", src);
    struct ssh_wait w = agent_wait(c, cancel, 0, what);
    struct download d = {.c = c, .w = &w, .block = STRBUF_INIT, .label = io_basename(src)};
    autoclose int fd = open(dst, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot write '%s'", dst);
    if (!agent_open(c, src, "r", &d.handle, err))
        return false;
    str data;
    bool ok;
    while ((ok = download_block(&d, &data, err)) && data.len > 0)
        if (!io_write_all(fd, data.ptr, data.len)) {
            ok = error_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, errno, "cannot write '%s'",
                           dst);
            break;
        }
    agent_close(c, d.handle);
    strbuf_clear(&d.block);
    return ok;
}

static bool agent_download_dir(struct comm *comm, const char *src, const char *dst,
                               struct cancel *cancel, struct error **err)
{
    struct agent_comm *c = of(comm);
    autofree char *what = xasprintf("the download of '%s'", src), *path = tar_path();
    AUTO(strbuf) struct strbuf script = STRBUF_INIT;
    struct ssh_wait w = agent_wait(c, cancel, 0, what);
    struct download d = {.c = c, .w = &w, .block = STRBUF_INIT, .label = io_basename(dst)};
    tree_tar_command(&script, src);
    strbuf_addf(&script, " >%s", path);
    bool ok = agent_script(c, script.buf, &w, err) && agent_open(c, path, "r", &d.handle, err);
    if (ok) {
        ok = tree_untar(dst, c->build, download_block, &d, err);
        agent_close(c, d.handle);
    }
    strbuf_clear(&d.block);
    remove_tar(c, path);
    return ok;
}

static bool agent_reconnect(struct comm *comm, struct cancel *cancel, struct error **err)
{
    struct agent_comm *c = of(comm);
    free(steal(&c->left));
    return await_agent(c, cancel, err);
}

const struct comm_type comm_guest_agent = {
    .name = "guest-agent",
    .summary = "Root's shell by the QEMU guest agent: for guests without a network.",
    .doc = "The package qemu-guest-agent must be in the guest and start at boot; imgfac adds the "
           "virtio-serial port that it listens on.  Commands and files travel as small requests: "
           "slower than SSH, but root's from the beginning."
           "\n\n"
           "    source \"qemu\" \"isolated\" {\n"
           "      base                = \"golden-with-agent@latest\"\n"
           "      communicator        = \"guest-agent\"\n"
           "      guest_agent_timeout = \"10m\"\n"
           "    }",
    .open = agent_open_comm,
    .run = agent_run,
    .upload = agent_upload,
    .upload_data = agent_upload_data,
    .upload_dir = agent_upload_dir,
    .download = agent_download,
    .download_dir = agent_download_dir,
    .reconnect = agent_reconnect,
    .close = agent_close_comm,
};
