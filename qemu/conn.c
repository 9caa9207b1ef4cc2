/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/conn.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "ledger/ledger.h"
#include "qemu/reap.h"
#include "qemu/uri.h"

/* A monitor socket lies 55 bytes below the root, and 107 bytes are all that an
 * address of a Unix socket takes. */
#define ROOT_MAX 50

#define OPEN_NS (60 * NS_PER_S)

struct conn {
    virConnectPtr handle;
    char *uri;
    char *root; /* NULL: not embedded */
    struct ledger *ledger;
    ledger_id entry;
    unsigned users;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conn *embedded; /* the one of this process, or NULL */

static void on_libvirt_error(void *arg, virErrorPtr e)
{
    (void)arg;
    if (e != NULL && e->message != NULL)
        log_debug("libvirt", "%s", e->message);
}

static void *run_events(void *arg)
{
    (void)arg;
    for (;;)
        if (virEventRunDefaultImpl() < 0)
            log_error("libvirt", "the event loop failed once");
    return NULL;
}

/* libvirt reads where to log when it is initialised, once, and without a word
 * from us its embedded driver writes warnings ("domain is tainted") to our
 * standard error.  libguestfs initialises it in a constructor. */
__attribute__((constructor)) static void quiet_libvirt(void)
{
    setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);
}

/* Where libguestfs is linked, its constructor runs before ours; so this
 * definition stands in front of libvirt's own for callers outside libvirt. */
int virInitialize(void)
{
    void *lib = dlopen("libvirt.so.0", RTLD_LAZY);
    union {
        void *symbol;
        int (*call)(void);
    } real = {.symbol = lib == NULL ? NULL : dlsym(lib, "virInitialize")};
    quiet_libvirt();
    return real.symbol != NULL ? real.call() : -1;
}

static void start_once(void)
{
    virInitialize();
    virSetErrorFunc(NULL, on_libvirt_error);
    virEventRegisterDefaultImpl();
    pthread_t t = thread_start("libvirt", run_events, NULL);
    pthread_detach(t);
}

bool conn_error(struct error **err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *what = NULL;
    if (vasprintf(&what, fmt, ap) < 0)
        what = NULL;
    va_end(ap);
    const char *why = virGetLastErrorMessage();
    error_set(err, ERR_LIBVIRT, 0, "%s: libvirt: %s (code %d)", what != NULL ? what : "", why,
              virGetLastErrorCode());
    free(what);
    virResetLastError();
    return false;
}

static const char qemu_conf[] = "stdio_handler = \"file\"\n"
                                "security_driver = \"none\"\n"
                                "security_default_confined = 0\n"
                                "dynamic_ownership = 0\n"
                                "remember_owner = 0\n"
                                "namespaces = []\n"
                                "cgroup_controllers = []\n"
                                "relaxed_acs_check = 1\n";

static const char as_root[] = "user = \"root\"\ngroup = \"root\"\n"
                              "swtpm_user = \"root\"\nswtpm_group = \"root\"\n";

/* Only a privileged driver may name the account that QEMU runs under. */
static bool write_conf(const char *root, struct error **err)
{
    autofree char *dir = io_path_join(root, "etc");
    autofree char *path = io_path_join(dir, "qemu.conf");
    autofree char *text = xasprintf("%s%s", qemu_conf, geteuid() == 0 ? as_root : "");
    return io_mkdir_p(dir, 0700, err) && io_write_file(path, str_from(text), 0600, err);
}

/* What libvirt learns about an emulator takes seconds; all roots share it. */
static void share_cache(const char *root, const char *run_dir)
{
    struct error *err = NULL;
    autofree char *cache = xasprintf("%s/../cache/libvirt", run_dir);
    autofree char *target = io_mkdir_p(cache, 0700, &err) ? realpath(cache, NULL) : NULL;
    autofree char *link = io_path_join(root, "cache");
    if (target == NULL || symlink(target, link) != 0)
        log_debug("libvirt", "no shared cache: '%s'", cache);
    error_drop(&err);
}

/* The record stands before the directory does. */
static bool make_root(struct conn *c, const char *run_dir, struct error **err)
{
    const char *parent = strlen(run_dir) + sizeof("/lv-12345678") <= ROOT_MAX ? run_dir : "/tmp";
    uint32_t id;
    hash_random(&id, sizeof(id));
    c->root = xasprintf("%s/lv-%08x", parent, id);
    if (c->ledger != NULL && !ledger_add(c->ledger, REAP_ROOT, c->root, &c->entry, err))
        return false;
    if (!io_mkdir_p(parent, 0711, err) || !io_mkdir_p(c->root, 0700, err))
        return false;
    share_cache(c->root, run_dir);
    return write_conf(c->root, err);
}

static void remove_root(struct conn *c)
{
    struct error *err = NULL;
    if (c->root == NULL)
        return;
    if (io_remove_tree(c->root, &err))
        ledger_strike(c->ledger, c->entry);
    else
        log_warn("libvirt", "cannot remove '%s': %s", c->root, err->msg);
    error_drop(&err);
}

static void conn_destroy(struct conn *c)
{
    if (c->handle != NULL)
        virConnectClose(c->handle);
    remove_root(c);
    free(c->uri);
    free(c->root);
    free(c);
}

/* A host that does not answer keeps libvirt's call for as long as TCP tries:
 * so it runs in a thread of its own, which nobody has to wait for. */
struct opening {
    pthread_mutex_t lock;
    pthread_cond_t done;
    char *uri;
    virConnectPtr handle;
    virErrorPtr why;
    bool is_over, is_abandoned;
};

static void opening_free(struct opening *o)
{
    if (o->handle != NULL)
        virConnectClose(o->handle);
    if (o->why != NULL)
        virFreeError(o->why);
    pthread_cond_destroy(&o->done);
    pthread_mutex_destroy(&o->lock);
    free(o->uri);
    free(o);
}

static void *run_opening(void *arg)
{
    struct opening *o = arg;
    virConnectPtr handle = virConnectOpen(o->uri);
    pthread_mutex_lock(&o->lock);
    o->handle = handle;
    o->why = handle == NULL ? virSaveLastError() : NULL;
    o->is_over = true;
    bool is_abandoned = o->is_abandoned;
    pthread_cond_signal(&o->done);
    pthread_mutex_unlock(&o->lock);
    if (is_abandoned)
        opening_free(o);
    return NULL;
}

static struct opening *start_opening(const char *uri)
{
    struct opening *o = xnew(struct opening);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&o->done, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&o->lock, NULL);
    o->uri = xstrdup(uri);
    pthread_detach(thread_start("libvirt-open", run_opening, o));
    return o;
}

/* True when it is over in time; else the thread frees it. */
static bool await_opening(struct opening *o, int64_t limit_ns, struct cancel *c)
{
    int64_t until = clock_now() + limit_ns;
    LOCK_SCOPE(&o->lock);
    while (!o->is_over && clock_now() < until && !cancel_test(c)) {
        int64_t wake = MIN(clock_now() + 250 * NS_PER_MS, until);
        struct timespec ts = {.tv_sec = wake / NS_PER_S, .tv_nsec = wake % NS_PER_S};
        pthread_cond_timedwait(&o->done, &o->lock, &ts);
    }
    o->is_abandoned = !o->is_over;
    return o->is_over;
}

static bool opening_error(const char *uri, virErrorPtr why, struct error **err)
{
    const char *text = why != NULL && why->message != NULL ? why->message : "no reason given";
    error_set(err, ERR_LIBVIRT, 0, "cannot connect to hypervisor '%s': libvirt: %s (code %d)", uri,
              text, why != NULL ? why->code : 0);
    if (strstr(text, "Permission denied") != NULL || strstr(text, "Authentication") != NULL ||
        strstr(text, "authentication") != NULL)
        return error_hint(err,
                          "May that account log in there, and use its libvirt (group "
                          "libvirt)? Try: virsh -c '%s' version",
                          uri);
    if (strstr(text, "Cannot recv data") != NULL)
        return error_hint(err,
                          "The program that connects (ssh) ended: are host, account and key right, "
                          "and is virt-ssh-helper there? Try: virsh -c '%s' version",
                          uri);
    if (uri_is_remote(uri))
        return error_hint(err,
                          "Is the host up, and does libvirt run there? Try: virsh -c '%s' "
                          "version",
                          uri);
    return error_hint(err, "Does libvirt's daemon run? Try: virsh -c '%s' version", uri);
}

static virConnectPtr open_in_time(const char *uri, int64_t limit_ns, struct cancel *c,
                                  struct error **err)
{
    struct opening *o = start_opening(uri);
    if (!await_opening(o, limit_ns, c)) {
        if (cancel_test(c)) {
            cancel_error(c, err, "connecting to the hypervisor");
        } else {
            error_set(err, ERR_TIMEOUT, 0, "hypervisor '%s' did not answer within %lld s", uri,
                      (long long)(limit_ns / NS_PER_S));
            error_hint(err, "Is the host up, and the way there open?");
        }
        return NULL;
    }
    virConnectPtr handle = steal(&o->handle);
    if (handle == NULL)
        opening_error(uri, o->why, err);
    opening_free(o);
    return handle;
}

/* A dead host is seen after half a minute, not when TCP gives up. */
static void keep_alive(virConnectPtr handle)
{
    enum { INTERVAL_S = 6, PROBES = 5 };
    if (virConnectSetKeepAlive(handle, INTERVAL_S, PROBES) < 0)
        virResetLastError();
}

static bool check_version(virConnectPtr handle, const char *uri, struct error **err)
{
    enum { OLDEST = 8000000 }; /* 8.0: a cache size for emulation, TPM, sparse streams */
    unsigned long v = 0;
    if (virConnectGetLibVersion(handle, &v) < 0 || v >= OLDEST) {
        virResetLastError();
        return true;
    }
    error_set(err, ERR_HOST, 0, "hypervisor '%s' has libvirt %lu.%lu.%lu, which is too old", uri,
              v / 1000000, v / 1000 % 1000, v % 1000);
    return error_hint(err, "imgfac needs libvirt 8.0 or later there.");
}

static struct conn *open_plain(const char *uri, int64_t limit_ns, struct cancel *cancel,
                               struct error **err)
{
    virConnectPtr handle = open_in_time(uri, limit_ns, cancel, err);
    if (handle == NULL)
        return NULL;
    if (uri_is_remote(uri)) {
        keep_alive(handle);
        if (!check_version(handle, uri, err)) {
            virConnectClose(handle);
            return NULL;
        }
    }
    struct conn *c = xnew(struct conn);
    c->handle = handle;
    c->uri = xstrdup(uri);
    c->users = 1;
    return c;
}

static struct conn *open_embedded(const char *run_dir, struct ledger *l, struct error **err)
{
    struct conn *c = xnew(struct conn);
    c->ledger = l;
    c->users = 1;
    if (!make_root(c, run_dir, err)) {
        conn_destroy(c);
        return NULL;
    }
    c->uri = xasprintf("qemu:///embed?root=%s", c->root);
    c->handle = virConnectOpen(c->uri);
    if (c->handle == NULL) {
        conn_error(err, "cannot start libvirt's QEMU driver");
        error_hint(err, "Install libvirt-daemon-driver-qemu, or set uri of the hypervisor in the "
                        "configuration.");
        conn_destroy(c);
        return NULL;
    }
    return c;
}

static struct conn *share_embedded(const char *run_dir, struct ledger *l, struct error **err)
{
    LOCK_SCOPE(&lock);
    if (embedded != NULL)
        embedded->users++;
    else
        embedded = open_embedded(run_dir, l, err);
    return embedded;
}

static void start_libvirt(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_once);
}

struct conn *conn_open_within(const char *uri, int64_t limit_ns, struct cancel *c,
                              struct error **err)
{
    start_libvirt();
    return open_plain(uri, limit_ns, c, err);
}

struct conn *conn_open(const char *uri, const char *run_dir, struct ledger *l, struct error **err)
{
    start_libvirt();
    if (uri != NULL && strcmp(uri, "auto") != 0)
        return open_plain(uri, OPEN_NS, NULL, err);
    struct conn *c = share_embedded(run_dir, l, err);
    if (c != NULL || error_is(*err, ERR_IO) || error_is(*err, ERR_NO_SPACE))
        return c;
    struct error *second = NULL;
    c = open_plain("qemu:///system", OPEN_NS, NULL, &second);
    error_drop(&second);
    if (c != NULL)
        error_drop(err);
    return c;
}

void conn_close(struct conn *c)
{
    if (c == NULL)
        return;
    LOCK_SCOPE(&lock);
    if (--c->users > 0)
        return;
    if (c == embedded)
        embedded = NULL;
    conn_destroy(c);
}

void *conn_handle(const struct conn *c)
{
    return c->handle;
}

bool conn_is_alive(const struct conn *c)
{
    int alive = virConnectIsAlive(c->handle);
    virResetLastError();
    return alive != 0;
}

const char *conn_uri(const struct conn *c)
{
    return c->uri;
}

const char *conn_root(const struct conn *c)
{
    return c->root;
}
