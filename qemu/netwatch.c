/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/netwatch.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/qmp.h"

#define INTERVAL_NS (5 * NS_PER_S)
#define ENOUGH      ((uint64_t)4 << 20)

struct netwatch {
    char *path, *monitor;
    struct cancel *stop;
    pthread_t thread;
};

static bool is_enough(const struct netwatch *w)
{
    AUTO(error) struct error *e = NULL;
    uint64_t size = 0;
    return io_file_size(w->path, &size, NULL, &e) && size > ENOUGH;
}

static void end_recording(const struct netwatch *w)
{
    AUTO(error) struct error *e = NULL;
    AUTO(qmp) struct qmp *q = qmp_open(w->monitor, &e);
    if (q == NULL || !qmp_call(q, "object-del", json_pack("{s:s}", "id", NETWATCH_OBJECT), &e))
        log_warn("qemu", "cannot end the recording '%s': %s", w->path, e->msg);
}

static void *run(void *arg)
{
    struct netwatch *w = arg;
    while (cancel_sleep(w->stop, INTERVAL_NS))
        if (is_enough(w)) {
            end_recording(w);
            break;
        }
    return NULL;
}

struct netwatch *netwatch_start(const char *path, const char *monitor)
{
    struct netwatch *w = xnew(struct netwatch);
    w->path = xstrdup(path);
    w->monitor = xstrdup(monitor);
    w->stop = cancel_new(NULL);
    w->thread = thread_start("netwatch", run, w);
    return w;
}

void netwatch_stop(struct netwatch *w)
{
    if (w == NULL)
        return;
    cancel_trigger(w->stop, CANCEL_USER);
    pthread_join(w->thread, NULL);
    cancel_free(w->stop);
    free(w->path);
    free(w->monitor);
    free(w);
}
