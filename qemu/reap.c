/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/reap.h"

#include <errno.h>
#include <jansson.h>
#include <libvirt/libvirt.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/conn.h"
#include "qemu/uri.h"

#define CMDLINE_MAX ((size_t)1 << 20)
#define TERM_MS     2000
#define KILL_MS     5000
/* Any start of imgfac may wait for it. */
#define CONNECT_NS (10 * NS_PER_S)

DEFINE_AUTO(json, json_t *, json_decref);

char *reap_domain_data(const char *uri, const char *root, const char *name, const char *uuid)
{
    AUTO(json)
    json_t *data =
        json_pack("{s:s, s:s?, s:s, s:s}", "uri", uri, "root", root, "name", name, "uuid", uuid);
    char *text = data != NULL ? json_dumps(data, JSON_COMPACT) : NULL;
    return text != NULL ? text : xstrdup("{}");
}

static bool read_proc(pid_t pid, const char *name, struct strbuf *text)
{
    struct error *err = NULL;
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    bool ok = io_read_file(path, CMDLINE_MAX, text, &err);
    error_drop(&err);
    return ok;
}

/* Has process PID an argument that is exactly UUID? */
static bool has_argument(pid_t pid, const char *uuid)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(CMDLINE_MAX);
    if (!read_proc(pid, "cmdline", &text))
        return false;
    str rest = strbuf_str(&text);
    while (rest.ptr != NULL)
        if (str_eqz(str_split(&rest, '\0'), uuid))
            return true;
    return false;
}

/* Is process PID a program that libvirt started below the directory ROOT: the
 * QEMU that it asks what it can, or the emulator of a TPM?  They carry no UUID. */
static bool works_below(pid_t pid, const char *root)
{
    static const char *const programs[] = {"qemu", "kvm", "swtpm"};
    AUTO(strbuf) struct strbuf name = STRBUF_INIT, text = STRBUF_INIT_MAX(CMDLINE_MAX);
    autofree char *below = xasprintf("%s/", root);
    bool known = false;
    read_proc(pid, "comm", &name);
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
        known = known || str_starts(strbuf_str(&name), str_from(programs[i]));
    return known && read_proc(pid, "cmdline", &text) &&
           str_find(strbuf_str(&text), str_from(below)) >= 0;
}

static bool await_end(int pidfd, int timeout_ms)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    int64_t until = clock_now() + timeout_ms * NS_PER_MS;
    for (;;) {
        int64_t left = (until - clock_now()) / NS_PER_MS;
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0)
            return true;
        if ((n == 0 && left <= 0) || (n < 0 && errno != EINTR))
            return false;
    }
}

typedef bool (*is_ours_fn)(pid_t pid, const char *mark);

/* The descriptor is taken before the look at the arguments, so the signal
 * cannot hit another process with the same pid. */
static bool kill_if_ours(pid_t pid, is_ours_fn is_ours, const char *mark, size_t *count,
                         struct error **err)
{
    autoclose int fd = pidfd_open(pid, 0);
    if (fd < 0 || !is_ours(pid, mark))
        return true;
    ++*count;
    if (pidfd_send_signal(fd, SIGTERM, NULL, 0) != 0 && errno != ESRCH)
        return error_set(err, ERR_IO, errno, "cannot end process %d of a left-over domain", pid);
    if (await_end(fd, TERM_MS))
        return true;
    pidfd_send_signal(fd, SIGKILL, NULL, 0);
    return await_end(fd, KILL_MS) ||
           error_set(err, ERR_IO, 0, "process %d of a left-over domain does not end", pid);
}

int64_t reap_find_by_uuid(const char *uuid)
{
    autoclosedir DIR *proc = opendir("/proc");
    const struct dirent *e;
    while (proc != NULL && (e = readdir(proc)) != NULL) {
        int64_t pid;
        if (str_to_i64(str_from(e->d_name), &pid) && pid > 1 && pid != getpid() &&
            has_argument((pid_t)pid, uuid))
            return pid;
    }
    return 0;
}

static bool kill_all(is_ours_fn is_ours, const char *mark, size_t *count, struct error **err)
{
    autoclosedir DIR *proc = opendir("/proc");
    if (proc == NULL)
        return error_set(err, ERR_IO, errno, "cannot read /proc");
    const struct dirent *e;
    while ((e = readdir(proc)) != NULL) {
        int64_t pid;
        if (str_to_i64(str_from(e->d_name), &pid) && pid > 1 && pid != getpid() &&
            !kill_if_ours((pid_t)pid, is_ours, mark, count, err))
            return false;
    }
    return true;
}

bool reap_kill_by_uuid(const char *uuid, size_t *count, struct error **err)
{
    size_t killed = 0;
    if (!kill_all(has_argument, uuid, &killed, err))
        return false;
    if (count != NULL)
        *count = killed;
    return true;
}

/* Some make children while they are looked for: until there are none. */
static bool kill_below(const char *root, struct error **err)
{
    enum { ROUNDS = 10 };
    size_t killed = 1;
    for (int i = 0; i < ROUNDS && killed > 0; i++) {
        killed = 0;
        if (!kill_all(works_below, root, &killed, err))
            return false;
    }
    return true;
}

/* The URIs that did not answer at this start, so that one is asked only once. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *silent[8];

static bool is_silent(const char *uri)
{
    LOCK_SCOPE(&lock);
    for (size_t i = 0; i < ARRAY_SIZE(silent) && silent[i] != NULL; i++)
        if (strcmp(silent[i], uri) == 0)
            return true;
    return false;
}

static void note_silent(const char *uri)
{
    LOCK_SCOPE(&lock);
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
        if (silent[i] == NULL) {
            silent[i] = xstrdup(uri);
            return;
        }
}

struct conn *reap_connect(const char *uri, struct error **err)
{
    if (is_silent(uri)) {
        error_set(err, ERR_LIBVIRT, 0, "hypervisor '%s' does not answer now", uri);
        return NULL;
    }
    AUTO(arena) struct arena *a = arena_new("reap");
    struct conn *c = conn_open_within(uri_without_terminal(uri, a), CONNECT_NS, NULL, err);
    if (c == NULL)
        note_silent(uri);
    return c;
}

/* A hypervisor daemon keeps the domain itself. */
static bool destroy_by_libvirt(const char *uri, const char *uuid, struct error **err)
{
    struct conn *c = reap_connect(uri, err);
    if (c == NULL)
        return false;
    virDomainPtr d = virDomainLookupByUUIDString(conn_handle(c), uuid);
    bool ok = d == NULL || virDomainDestroy(d) == 0 || virDomainIsActive(d) != 1;
    if (!ok)
        conn_error(err, "cannot destroy left-over domain %s", uuid);
    if (d != NULL)
        virDomainFree(d);
    conn_close(c);
    return ok;
}

static bool reap(const char *data, struct error **err)
{
    AUTO(json) json_t *j = json_loads(data, 0, NULL);
    const char *uuid = json_string_value(json_object_get(j, "uuid"));
    const char *uri = json_string_value(json_object_get(j, "uri"));
    const char *root = json_string_value(json_object_get(j, "root"));
    size_t count = 0;
    if (uuid == NULL || uri == NULL)
        return error_set(err, ERR_INTERNAL, 0, "unreadable ledger entry of a domain");
    if (root == NULL)
        return destroy_by_libvirt(uri, uuid, err);
    if (!reap_kill_by_uuid(uuid, &count, err) || !kill_below(root, err))
        return false;
    if (count > 0)
        log_info("qemu", "ended left-over domain %s", uuid);
    return io_remove_tree(root, err);
}

static bool reap_root(const char *root, struct error **err)
{
    if (root[0] != '/')
        return error_set(err, ERR_INTERNAL, 0, "'%s' is not an absolute path", root);
    return kill_below(root, err) && io_remove_tree(root, err);
}

const struct reaper reaper_domain = {
    .kind = "domain",
    .reap = reap,
};

const struct reaper reaper_libvirt_root = {
    .kind = REAP_ROOT,
    .reap = reap_root,
};
