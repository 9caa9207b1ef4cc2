/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/conn.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "ledger/ledger.h"

/* A monitor socket lies 55 bytes below the root, and 107 bytes are all that an
 * address of a Unix socket takes. */
#define ROOT_MAX 50

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
    if (c->ledger != NULL && !ledger_add(c->ledger, "tree", c->root, &c->entry, err))
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

static struct conn *open_plain(const char *uri, struct error **err)
{
    virConnectPtr handle = virConnectOpen(uri);
    if (handle == NULL) {
        conn_error(err, "cannot connect to hypervisor '%s'", uri);
        return NULL;
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

struct conn *conn_open(const char *uri, const char *run_dir, struct ledger *l, struct error **err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_once);
    if (uri != NULL && strcmp(uri, "auto") != 0)
        return open_plain(uri, err);
    struct conn *c = share_embedded(run_dir, l, err);
    if (c != NULL || error_is(*err, ERR_IO) || error_is(*err, ERR_NO_SPACE))
        return c;
    struct error *second = NULL;
    c = open_plain("qemu:///system", &second);
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

const char *conn_uri(const struct conn *c)
{
    return c->uri;
}

const char *conn_root(const struct conn *c)
{
    return c->root;
}
