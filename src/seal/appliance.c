/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/appliance.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "host/host.h"
#include "ledger/ledger.h"

#define MEMORY_MIB    768
#define MAX_CHILDREN  64
#define CHILDREN_TEXT 4096
#define CMDLINE_TEXT  65536

/* libguestfs forks QEMU, its recovery process and supermin from the calling
 * thread, so its children are told apart from all others of the program. */
struct children {
    pid_t pid[MAX_CHILDREN];
    size_t count;
};

struct appliance {
    guestfs_h *g;
    struct build *b;
    struct cancel *cancel;
    _Atomic(const char *) what;
    pid_t thread;           /* that calls libguestfs */
    struct children before; /* children of that thread that are not libguestfs' */
    ledger_id sockets;      /* directory of the appliance's sockets */
    bool recorded;
    int stop_fd;
    pthread_t watcher;
    bool watching;
    pthread_mutex_t lock; /* of the field below */
    bool closing;         /* the handle may be gone */
};

static void list_children(pid_t thread, struct children *out)
{
    char path[64];
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)thread);
    out->count = 0;
    if (!io_read_file(path, CHILDREN_TEXT, &text, &e))
        return;
    str rest = str_trim(strbuf_str(&text));
    while (rest.ptr != NULL && out->count < MAX_CHILDREN) {
        int64_t pid;
        if (str_to_i64(str_split(&rest, ' '), &pid) && pid > 1)
            out->pid[out->count++] = (pid_t)pid;
    }
}

static bool has_child(const struct children *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pid[i] == pid)
            return true;
    return false;
}

/* A child stays a zombie until libguestfs, waiting for it, reaps it: its
 * number cannot have become another's between the listing and the signal. */
static void kill_children(struct appliance *g)
{
    struct children now;
    list_children(g->thread, &now);
    for (size_t i = 0; i < now.count; i++)
        if (!has_child(&g->before, now.pid[i]))
            kill(now.pid[i], SIGKILL);
}

/* Stops an upload or download; the rest ends because its appliance dies. */
static void cancel_transfer(struct appliance *g)
{
    LOCK_SCOPE(&g->lock);
    if (!g->closing)
        guestfs_user_cancel(g->g);
}

static void *watch(void *arg)
{
    struct appliance *g = arg;
    for (;;) {
        bool triggered = cancel_test(g->cancel);
        struct pollfd fds[] = {{.fd = g->stop_fd, .events = POLLIN},
                               {.fd = triggered ? -1 : cancel_fd(g->cancel), .events = POLLIN}};
        if (triggered) {
            cancel_transfer(g);
            kill_children(g);
        }
        poll(fds, ARRAY_SIZE(fds), triggered ? 100 : cancel_poll_ms(g->cancel));
        if (fds[0].revents != 0)
            return NULL;
    }
}

/* Directory of the socket in QEMU's arguments ("...path=/tmp/libguestfsXXXXXX/
 * guestfsd.sock..."); NULL: not found. */
static char *socket_dir(pid_t qemu)
{
    char path[64];
    AUTO(strbuf) struct strbuf args = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)qemu);
    if (!io_read_file(path, CMDLINE_TEXT, &args, &e))
        return NULL;
    str text = strbuf_str(&args);
    ptrdiff_t end = str_find(text, STR("/guestfsd.sock"));
    if (end < 0)
        return NULL;
    size_t start = (size_t)end;
    while (start > 0 && text.ptr[start - 1] != '=' && text.ptr[start - 1] != '\0')
        start--;
    str dir = str_sub(text, start, (size_t)end);
    ptrdiff_t slash = str_rfind_char(dir, '/');
    bool ours = slash > 0 && str_starts(str_sub(dir, (size_t)slash, dir.len), STR("/libguestfs"));
    return ours && dir.ptr[0] == '/' ? str_xdup(dir) : NULL;
}

/* libguestfs makes this directory itself, in /tmp or the runtime directory,
 * and nothing removes it after a kill.  Its name is known once QEMU runs. */
static void record_sockets(struct appliance *g)
{
    int qemu = guestfs_get_pid(g->g);
    if (g->recorded || g->b->ledger == NULL || qemu <= 0)
        return;
    g->recorded = true;
    autofree char *dir = socket_dir(qemu);
    AUTO(error) struct error *e = NULL;
    if (dir == NULL || !ledger_add(g->b->ledger, "tree", dir, &g->sockets, &e))
        log_warn("seal", "the directory of the appliance's sockets is not recorded");
}

static void on_event(guestfs_h *h, void *opaque, uint64_t event, int handle, int flags,
                     const char *buf, size_t len, const uint64_t *array, size_t array_len)
{
    (void)h;
    (void)handle;
    (void)flags;
    struct appliance *g = opaque;
    if (event == GUESTFS_EVENT_APPLIANCE && !g->recorded)
        record_sockets(g);
    if (event == GUESTFS_EVENT_PROGRESS && array_len >= 4)
        build_progress(g->b, atomic_load(&g->what), array[2], array[3]);
    else if (len > 0 && log_enabled(LOG_TRACE, "seal"))
        log_trace("seal", "%.*s", STR_FMT(str_trim_end((str){buf, len})));
}

/* Backend settings given in the environment (LIBGUESTFS_BACKEND_SETTINGS) stay. */
static bool configure(struct appliance *g, const struct seal_input *input)
{
    guestfs_h *h = g->g;
    guestfs_set_error_handler(h, NULL, NULL);
    guestfs_set_event_callback(h, on_event,
                               GUESTFS_EVENT_PROGRESS | GUESTFS_EVENT_APPLIANCE |
                                   GUESTFS_EVENT_LIBRARY | GUESTFS_EVENT_WARNING,
                               0, g);
    guestfs_set_verbose(h, log_enabled(LOG_TRACE, "seal"));
    guestfs_set_pgroup(h, 1); /* Ctrl-C is ours to handle */
    return guestfs_set_backend(h, "direct") == 0 &&
           (host_kvm()->usable || guestfs_set_backend_setting(h, "force_tcg", "1") == 0) &&
           guestfs_set_smp(h, 1) == 0 && guestfs_set_memsize(h, MEMORY_MIB) == 0 &&
           guestfs_set_network(h, 0) == 0 && guestfs_set_identifier(h, "imgfac") == 0 &&
           (g->b->work_dir == NULL || guestfs_set_tmpdir(h, g->b->work_dir) == 0) &&
           /* the overlay is thrown away when sealing fails: no need to wait for each flush */
           guestfs_add_drive_opts(h, input->disk, GUESTFS_ADD_DRIVE_OPTS_FORMAT, input->format,
                                  GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe",
                                  GUESTFS_ADD_DRIVE_OPTS_DISCARD, "enable", -1) == 0;
}

bool appliance_error(struct appliance *g, enum err_code code, struct error **err)
{
    if (cancel_test(g->cancel))
        return cancel_error(g->cancel, err, "sealing");
    const char *text = guestfs_last_error(g->g);
    int errnum = guestfs_last_errno(g->g);
    if (errnum == ENOSPC)
        code = ERR_NO_SPACE;
    str line = str_from(text == NULL ? "unknown error" : text);
    error_set(err, code, 0, "libguestfs: %.*s", STR_FMT(str_trim(line)));
    (*err)->errnum = errnum;
    return false;
}

static bool launch(struct appliance *g, const struct seal_input *input, struct error **err)
{
    if (!configure(g, input)) {
        appliance_error(g, ERR_HOST, err);
        return error_wrap(err, "cannot open '%s'", input->disk);
    }
    if (fault("seal.launch") || guestfs_launch(g->g) != 0) {
        appliance_error(g, ERR_HOST, err);
        error_wrap(err, "the libguestfs appliance did not start");
        return error_hint(err, "Run libguestfs-test-tool: it shows what the appliance says.");
    }
    return true;
}

struct appliance *appliance_open(const struct seal_input *input, struct build *b, struct cancel *c,
                                 struct error **err)
{
    AUTO(appliance) struct appliance *g = xnew(struct appliance);
    *g = (struct appliance){
        .b = b,
        .cancel = c,
        .what = "Starting the appliance",
        .thread = (pid_t)syscall(SYS_gettid),
        .stop_fd = eventfd(0, EFD_CLOEXEC),
        .g = guestfs_create(),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    if (g->g == NULL || g->stop_fd < 0) {
        error_set(err, ERR_HOST, errno, "cannot create a libguestfs handle");
        return NULL;
    }
    list_children(g->thread, &g->before);
    g->watcher = thread_start("seal-watch", watch, g);
    g->watching = true;
    if (!launch(g, input, err))
        return NULL;
    return steal(&g);
}

guestfs_h *appliance_handle(struct appliance *g)
{
    return g->g;
}

void appliance_set_what(struct appliance *g, const char *what)
{
    atomic_store(&g->what, what);
}

bool appliance_shutdown(struct appliance *g, struct error **err)
{
    if (guestfs_umount_all(g->g) == 0 && guestfs_shutdown(g->g) == 0 && !cancel_test(g->cancel))
        return true;
    appliance_error(g, ERR_SEAL, err);
    return error_wrap(err, "cannot write the sealed disk out");
}

static void set_closing(struct appliance *g)
{
    LOCK_SCOPE(&g->lock);
    g->closing = true;
}

/* The watcher lives until the handle is closed: closing waits for QEMU. */
void appliance_close(struct appliance *g)
{
    if (g == NULL)
        return;
    set_closing(g);
    if (g->g != NULL)
        guestfs_close(g->g);
    if (g->sockets != 0)
        ledger_strike(g->b->ledger, g->sockets);
    if (g->watching) {
        eventfd_write(g->stop_fd, 1);
        pthread_join(g->watcher, NULL);
    }
    if (g->stop_fd >= 0)
        close(g->stop_fd);
    free(g);
}
