/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/guest.h"

#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdarg.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "media/png.h"
#include "qemu/conn.h"

#define SCREENSHOT_MAX ((size_t)64 << 20)

#define EVENTS_MAX ((size_t)64 << 10)

struct guest {
    virConnectPtr conn;
    virDomainPtr domain;
    int callbacks[2]; /* -1: not registered */
    unsigned refs;    /* the owner's and one for each callback */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum guest_state state;
    bool expects_off;
    bool armed; /* the start succeeded: from now on an end is a death */
    struct cancel *on_death;
    bool watches_conn;
    int64_t start_ns;
    struct strbuf events;
    char uuid[VIR_UUID_STRING_BUFLEN];
};

static void guest_release(void *arg)
{
    struct guest *g = arg;
    pthread_mutex_lock(&g->lock);
    bool last = --g->refs == 0;
    pthread_mutex_unlock(&g->lock);
    if (!last)
        return;
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    strbuf_clear(&g->events);
    free(g);
}

static void note(struct guest *g, const char *fmt, ...) ATTR_PRINTF(2, 3);
static void note(struct guest *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_vaddf(&text, fmt, ap);
    va_end(ap);
    log_debug("qemu", "domain %s: %s", g->uuid, text.buf);
    LOCK_SCOPE(&g->lock);
    strbuf_addf(&g->events, "%9.3f %s\n", (double)(clock_now() - g->start_ns) / NS_PER_S, text.buf);
}

/* Enter a final state; the first one stays. */
static void enter(struct guest *g, enum guest_state state)
{
    LOCK_SCOPE(&g->lock);
    bool first = g->state == GUEST_RUNNING;
    /* A paused or panicked guest is destroyed later: the cause remains. */
    if (first)
        g->state = state;
    pthread_cond_broadcast(&g->changed);
    if (first && g->armed && g->on_death != NULL && !(g->expects_off && state == GUEST_OFF))
        cancel_trigger(g->on_death, CANCEL_CRASH);
}

/* We listen before the domain is there, hence to all. */
static bool is_ours(const struct guest *g, virDomainPtr dom)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    return virDomainGetUUIDString(dom, uuid) == 0 && strcasecmp(uuid, g->uuid) == 0;
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *arg)
{
    static const char *const names[] = {
        [VIR_DOMAIN_EVENT_STARTED] = "started",    [VIR_DOMAIN_EVENT_SUSPENDED] = "paused",
        [VIR_DOMAIN_EVENT_RESUMED] = "resumed",    [VIR_DOMAIN_EVENT_STOPPED] = "stopped",
        [VIR_DOMAIN_EVENT_SHUTDOWN] = "shut down", [VIR_DOMAIN_EVENT_CRASHED] = "crashed",
    };
    struct guest *g = arg;
    (void)conn;
    if (!is_ours(g, dom))
        return 0;
    note(g, "life cycle: %s (%d)",
         event >= 0 && (size_t)event < ARRAY_SIZE(names) && names[event] != NULL ? names[event]
                                                                                 : "?",
         detail);
    if (event == VIR_DOMAIN_EVENT_STOPPED)
        enter(g, detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED ||
                         detail == VIR_DOMAIN_EVENT_STOPPED_FAILED
                     ? GUEST_CRASHED
                     : GUEST_OFF);
    else if (event == VIR_DOMAIN_EVENT_CRASHED)
        enter(g, detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED ? GUEST_PANICKED : GUEST_CRASHED);
    return 0;
}

static void on_io_error(virConnectPtr conn, virDomainPtr dom, const char *path, const char *alias,
                        int action, const char *reason, void *arg)
{
    struct guest *g = arg;
    (void)conn;
    if (!is_ours(g, dom))
        return;
    note(g, "i/o error on %s (%s): %s", alias, path, reason);
    if (action == VIR_DOMAIN_EVENT_IO_ERROR_PAUSE)
        enter(g, strcmp(reason, "enospc") == 0 ? GUEST_NO_SPACE : GUEST_IO_ERROR);
}

static void on_close(virConnectPtr conn, int reason, void *arg)
{
    struct guest *g = arg;
    (void)conn;
    note(g, "the connection to libvirt ended (%d)", reason);
    enter(g, GUEST_LOST);
}

/* Drivers with no connection to lose say yes and forget the callback with what
 * would free its argument: so it has no reference.  libvirt holds a lock while
 * it calls back, and takes the callback away under the same. */
static void watch_connection(struct guest *g)
{
    g->watches_conn = virConnectRegisterCloseCallback(g->conn, on_close, g, NULL) == 0;
    if (!g->watches_conn)
        virResetLastError();
}

/* libvirt may run a callback while it is being deregistered; it gives its
 * reference back when it has done. */
static int listen_to(struct guest *g, int event, virConnectDomainEventGenericCallback cb)
{
    pthread_mutex_lock(&g->lock);
    g->refs++;
    pthread_mutex_unlock(&g->lock);
    int id = virConnectDomainEventRegisterAny(g->conn, NULL, event, cb, g, guest_release);
    if (id < 0)
        guest_release(g);
    return id;
}

static bool watch(struct guest *g, struct error **err)
{
    g->callbacks[0] =
        listen_to(g, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
    if (g->callbacks[0] < 0)
        return conn_error(err, "cannot watch domains");
    g->callbacks[1] =
        listen_to(g, VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, VIR_DOMAIN_EVENT_CALLBACK(on_io_error));
    if (g->callbacks[1] < 0)
        virResetLastError(); /* not every driver has it */
    watch_connection(g);
    return true;
}

static void guest_init(struct guest *g)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&g->lock, NULL);
    g->callbacks[0] = g->callbacks[1] = -1;
    g->refs = 1;
    g->start_ns = clock_now();
    strbuf_init(&g->events, EVENTS_MAX);
}

/* It may have died between its start and here. */
static void arm(struct guest *g)
{
    LOCK_SCOPE(&g->lock);
    g->armed = true;
    if (g->state != GUEST_RUNNING)
        cancel_trigger(g->on_death, CANCEL_CRASH);
}

static struct guest *start(struct conn *c, const char *uuid, const char *xml,
                           struct cancel *on_death, unsigned flags, struct error **err)
{
    struct guest *g = xnew(struct guest);
    guest_init(g);
    g->conn = conn_handle(c);
    snprintf(g->uuid, sizeof(g->uuid), "%s", uuid);
    g->on_death = on_death;
    if (watch(g, err)) {
        g->domain = virDomainCreateXML(g->conn, xml, flags);
        if (g->domain != NULL) {
            arm(g);
            return g;
        }
        conn_error(err, "cannot start the virtual machine");
    }
    guest_free(g);
    return NULL;
}

struct guest *guest_start(struct conn *c, const char *uuid, const char *xml,
                          struct cancel *on_death, struct error **err)
{
    return start(c, uuid, xml, on_death, 0, err);
}

struct guest *guest_start_paused(struct conn *c, const char *uuid, const char *xml,
                                 struct cancel *on_death, struct error **err)
{
    return start(c, uuid, xml, on_death, VIR_DOMAIN_START_PAUSED, err);
}

bool guest_resume(struct guest *g, struct error **err)
{
    return virDomainResume(g->domain) == 0 || conn_error(err, "cannot start the guest's processor");
}

static bool is_active(struct guest *g)
{
    int active = virDomainIsActive(g->domain);
    virResetLastError();
    return active == 1;
}

void guest_free(struct guest *g)
{
    if (g == NULL)
        return;
    struct error *err = NULL;
    if (g->domain != NULL && !guest_destroy(g, &err)) {
        log_warn("qemu", "%s", err->msg);
        error_drop(&err);
    }
    if (g->watches_conn)
        virConnectUnregisterCloseCallback(g->conn, on_close);
    for (size_t i = 0; i < ARRAY_SIZE(g->callbacks); i++)
        if (g->callbacks[i] >= 0)
            virConnectDomainEventDeregisterAny(g->conn, g->callbacks[i]);
    if (g->domain != NULL)
        virDomainFree(g->domain);
    virResetLastError();
    pthread_mutex_lock(&g->lock);
    g->on_death = NULL;
    pthread_mutex_unlock(&g->lock);
    guest_release(g);
}

enum guest_state guest_state(struct guest *g)
{
    LOCK_SCOPE(&g->lock);
    return g->state;
}

void guest_add_events(struct guest *g, struct strbuf *out)
{
    LOCK_SCOPE(&g->lock);
    strbuf_addstr(out, strbuf_str(&g->events));
}

void *guest_domain(const struct guest *g)
{
    return g->domain;
}

void guest_fail(struct guest *g)
{
    note(g, "the console shows that it cannot go on");
    enter(g, GUEST_FAILED);
}

void guest_expect_off(struct guest *g)
{
    LOCK_SCOPE(&g->lock);
    g->expects_off = true;
}

bool guest_press_power(struct guest *g, struct error **err)
{
    guest_expect_off(g);
    if (virDomainShutdownFlags(g->domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0 || !is_active(g))
        return true;
    return conn_error(err, "cannot press the guest's power button");
}

bool guest_send_keys(struct guest *g, unsigned *keys, size_t count, unsigned hold_ms,
                     struct error **err)
{
    return virDomainSendKey(g->domain, VIR_KEYCODE_SET_LINUX, hold_ms, keys, (int)count, 0) == 0 ||
           conn_error(err, "cannot press a key of the guest");
}

bool guest_peek(struct guest *g, uint64_t address, void *out, size_t size, struct error **err)
{
    return virDomainMemoryPeek(g->domain, address, size, out, VIR_MEMORY_PHYSICAL) == 0 ||
           conn_error(err, "cannot read the guest's memory");
}

/* Sleep until the state changes, at most a quarter of a second. */
static enum guest_state await_change(struct guest *g, int64_t until_ns)
{
    int64_t wake = MIN(clock_now() + 250 * NS_PER_MS, until_ns);
    struct timespec ts = {.tv_sec = wake / NS_PER_S, .tv_nsec = wake % NS_PER_S};
    LOCK_SCOPE(&g->lock);
    if (g->state == GUEST_RUNNING)
        pthread_cond_timedwait(&g->changed, &g->lock, &ts);
    return g->state;
}

bool guest_wait_off(struct guest *g, int64_t timeout_ns, struct cancel *c, struct error **err)
{
    int64_t until = timeout_ns > 0 ? clock_now() + timeout_ns : INT64_MAX;
    for (;;) {
        enum guest_state state = await_change(g, until);
        if (state == GUEST_OFF)
            return true;
        if (state != GUEST_RUNNING)
            return error_set(err, ERR_GUEST, 0, "the guest failed while it shut down");
        if (cancel_test(c))
            return cancel_error(c, err, "waiting for the guest to shut down");
        if (clock_now() >= until)
            return error_set(err, ERR_TIMEOUT, 0,
                             "timeout while waiting for the machine to shut down");
    }
}

bool guest_destroy(struct guest *g, struct error **err)
{
    guest_expect_off(g);
    if (!is_active(g) || virDomainDestroy(g->domain) == 0 || !is_active(g))
        return true;
    return conn_error(err, "cannot destroy the domain");
}

static int sink_to_buffer(virStreamPtr stream, const char *data, size_t len, void *arg)
{
    (void)stream;
    return strbuf_add(arg, data, len) ? (int)len : -1;
}

bool guest_take_picture(void *connection, void *domain, const char *path, struct error **err)
{
    AUTO(strbuf) struct strbuf data = STRBUF_INIT_MAX(SCREENSHOT_MAX);
    virStreamPtr stream = virStreamNew(connection, 0);
    char *mime = stream != NULL ? virDomainScreenshot(domain, stream, 0, 0) : NULL;
    bool ok = mime != NULL && virStreamRecvAll(stream, sink_to_buffer, &data) == 0 &&
              virStreamFinish(stream) == 0;
    free(mime);
    if (!ok)
        conn_error(err, "cannot take a picture of the screen");
    if (stream != NULL)
        virStreamFree(stream);
    return ok && png_write(strbuf_str(&data), path, err);
}

bool guest_screenshot(struct guest *g, const char *path, struct error **err)
{
    return guest_take_picture(g->conn, g->domain, path, err);
}
