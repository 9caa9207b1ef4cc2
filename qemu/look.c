/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/look.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "media/png.h"
#include "qemu/conn.h"
#include "qemu/guest.h"
#include "qemu/qmp.h"
#include "qemu/reap.h"

#define PICTURE_MAX ((size_t)64 << 20)
#define SHOWN_FIRST 4096 /* bytes of the console's past */

int64_t look_guest_pid(const struct run_info *info)
{
    return info->uuid != NULL ? reap_find_by_uuid(info->uuid) : 0;
}

static bool no_screen(struct error **err)
{
    error_wrap_code(err, ERR_NOT_FOUND, "the machine has no screen");
    return error_hint(err, "Its console is serial: see it with `imgfac attach`, or give it a "
                           "screen by `headless = false` or `vga`.");
}

/* QEMU 7.1 and later make PNG; older ones do not know the argument. */
static bool dump_screen(const char *socket, const char *path, struct error **err)
{
    AUTO(qmp) struct qmp *q = qmp_open(socket, err);
    if (q == NULL)
        return false;
    if (qmp_call(q, "screendump", json_pack("{s:s, s:s}", "filename", path, "format", "png"), err))
        return true;
    error_drop(err);
    return qmp_call(q, "screendump", json_pack("{s:s}", "filename", path), err) || no_screen(err);
}

static bool take_by_monitor(const struct run_info *info, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf picture = STRBUF_INIT_MAX(PICTURE_MAX);
    autofree char *dumped = xasprintf("%s/screen.%d", info->work_dir, getpid());
    bool ok =
        dump_screen(info->monitor, dumped, err) && io_read_file(dumped, PICTURE_MAX, &picture, err);
    unlink(dumped);
    return ok && png_write(strbuf_str(&picture), path, err);
}

static bool take_by_libvirt(const struct run_info *info, const char *path, struct error **err)
{
    AUTO(conn) struct conn *c = conn_open(info->uri, NULL, NULL, err);
    if (c == NULL)
        return false;
    virDomainPtr d = virDomainLookupByUUIDString(conn_handle(c), info->uuid);
    bool ok = d != NULL ? guest_take_picture(conn_handle(c), d, path, err)
                        : conn_error(err, "cannot find the machine");
    if (d != NULL)
        virDomainFree(d);
    return ok;
}

bool look_screenshot(const struct run_info *info, const char *path, struct error **err)
{
    if (info->monitor != NULL)
        return take_by_monitor(info, path, err);
    if (info->uri != NULL && info->uuid != NULL)
        return take_by_libvirt(info, path, err);
    return error_set(err, ERR_NOT_FOUND, 0, "'%s' has no running machine", info->build);
}

struct session {
    const struct look_console *how;
    const char *work_dir;
    int log, socket, notify;
    bool is_over;
};

/* The last whole lines of what was written before. */
static void seek_to_last_lines(int fd)
{
    char text[SHOWN_FIRST];
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > SHOWN_FIRST ? size - SHOWN_FIRST : 0;
    ssize_t n = pread(fd, text, sizeof(text), from);
    const char *newline = from > 0 && n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
    lseek(fd, newline != NULL ? from + (newline - text) + 1 : from, SEEK_SET);
}

static int connect_console(const char *path, struct error **err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    error_set(err, ERR_LIBVIRT, errno, "cannot reach the console '%s'", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool open_session(struct session *s, const struct run_info *info, struct error **err)
{
    if (info->console_log == NULL)
        return error_set(err, ERR_NOT_FOUND, 0, "'%s' has no serial console", info->build);
    s->log = open(info->console_log, O_RDONLY | O_CLOEXEC);
    s->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (s->log < 0 || s->notify < 0 ||
        inotify_add_watch(s->notify, info->console_log, IN_MODIFY) < 0 ||
        inotify_add_watch(s->notify, info->work_dir, IN_DELETE_SELF) < 0)
        return error_set(err, ERR_IO, errno, "cannot follow '%s'", info->console_log);
    seek_to_last_lines(s->log);
    if (s->how->in < 0)
        return true;
    if (info->console == NULL) {
        error_set(err, ERR_HOST, 0, "the console of '%s' can only be read", info->build);
        return error_hint(err, "Add -read-only, or use virsh -c %s console %s.",
                          info->uri != NULL ? info->uri : "URI", info->domain);
    }
    s->socket = connect_console(info->console, err);
    return s->socket >= 0;
}

static void close_session(struct session *s)
{
    cleanup_close(&s->log);
    cleanup_close(&s->socket);
    cleanup_close(&s->notify);
}

static void show_new(struct session *s)
{
    char chunk[8192];
    ssize_t n;
    while (read(s->notify, chunk, sizeof(chunk)) > 0)
        continue;
    while ((n = read(s->log, chunk, sizeof(chunk))) > 0)
        io_write_all(s->how->out, chunk, (size_t)n);
    if (!io_exists(s->work_dir))
        s->is_over = true; /* the build has ended */
}

/* The log shows what the guest writes; here it is only taken, or QEMU would
 * wait for us.  The end of the socket is the end of the machine. */
static void drain(struct session *s)
{
    char chunk[8192];
    ssize_t n = read(s->socket, chunk, sizeof(chunk));
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        s->is_over = true;
}

static void send_keys(struct session *s)
{
    char keys[256];
    ssize_t n = read(s->how->in, keys, sizeof(keys));
    const char *stop = n > 0 ? memchr(keys, s->how->stop, (size_t)n) : NULL;
    size_t len = stop != NULL ? (size_t)(stop - keys) : n > 0 ? (size_t)n : 0;
    if (len > 0)
        io_write_all(s->socket, keys, len);
    if (stop != NULL || n <= 0)
        s->is_over = true;
}

bool look_attach(const struct run_info *info, const struct look_console *how, struct error **err)
{
    struct session s = {
        .how = how, .work_dir = info->work_dir, .log = -1, .socket = -1, .notify = -1};
    bool ok = open_session(&s, info, err);
    while (ok && !s.is_over && !cancel_test(how->cancel)) {
        struct pollfd p[] = {{.fd = s.notify, .events = POLLIN},
                             {.fd = s.socket, .events = POLLIN},
                             {.fd = s.socket >= 0 ? how->in : -1, .events = POLLIN},
                             {.fd = cancel_fd(how->cancel), .events = POLLIN}};
        show_new(&s);
        if (s.is_over || (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR))
            break;
        if (p[1].revents != 0)
            drain(&s);
        if (p[2].revents != 0)
            send_keys(&s);
    }
    if (ok)
        show_new(&s);
    close_session(&s);
    return ok;
}
