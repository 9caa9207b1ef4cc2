/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/screens.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/guest.h"

#define KEPT        3
#define INTERVAL_NS (20 * NS_PER_S)
#define PICTURE_MAX ((size_t)16 << 20)

struct screens {
    struct guest *guest;
    char *dir;
    struct cancel *stop;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    int64_t start_ns;
    char *paths[KEPT]; /* oldest first; NULL at the end */
    struct strbuf newest;
};

static void forget_oldest(struct screens *s)
{
    if (s->paths[KEPT - 1] == NULL)
        return;
    unlink(s->paths[0]);
    free(s->paths[0]);
    for (size_t i = 1; i < KEPT; i++)
        s->paths[i - 1] = s->paths[i];
    s->paths[KEPT - 1] = NULL;
}

static const char *newest_path(const struct screens *s)
{
    const char *path = NULL;
    for (size_t i = 0; i < KEPT && s->paths[i] != NULL; i++)
        path = s->paths[i];
    return path;
}

/* Rename PATH to its place, unless it shows what the last one did. */
static void keep(struct screens *s, const char *path)
{
    AUTO(strbuf) struct strbuf picture = STRBUF_INIT_MAX(PICTURE_MAX);
    AUTO(error) struct error *e = NULL;
    if (!io_read_file(path, PICTURE_MAX, &picture, &e) ||
        str_eq(strbuf_str(&picture), strbuf_str(&s->newest))) {
        unlink(path);
        return;
    }
    forget_oldest(s);
    char *name =
        xasprintf("%s/screen-%05ds.png", s->dir, (int)((clock_now() - s->start_ns) / NS_PER_S));
    size_t i = 0;
    while (s->paths[i] != NULL)
        i++;
    s->paths[i] = name;
    if (rename(path, name) != 0)
        log_debug("qemu", "cannot name '%s'", name);
    strbuf_truncate(&s->newest, 0);
    strbuf_addstr(&s->newest, strbuf_str(&picture));
}

const char *screens_take(struct screens *s)
{
    LOCK_SCOPE(&s->lock);
    AUTO(error) struct error *e = NULL;
    autofree char *path = io_path_join(s->dir, "screen.new");
    if (guest_screenshot(s->guest, path, &e))
        keep(s, path);
    else
        log_debug("qemu", "%s", e->msg);
    return newest_path(s);
}

static void *run(void *arg)
{
    struct screens *s = arg;
    while (cancel_sleep(s->stop, INTERVAL_NS))
        screens_take(s);
    return NULL;
}

struct screens *screens_start(struct guest *g, const char *dir)
{
    struct screens *s = xnew(struct screens);
    s->guest = g;
    s->dir = xstrdup(dir);
    s->stop = cancel_new(NULL);
    s->start_ns = clock_now();
    pthread_mutex_init(&s->lock, NULL);
    strbuf_init(&s->newest, PICTURE_MAX);
    s->thread = thread_start("screens", run, s);
    return s;
}

void screens_stop(struct screens *s)
{
    if (s == NULL)
        return;
    cancel_trigger(s->stop, CANCEL_USER);
    pthread_join(s->thread, NULL);
    cancel_free(s->stop);
    pthread_mutex_destroy(&s->lock);
    strbuf_clear(&s->newest);
    for (size_t i = 0; i < KEPT; i++)
        free(s->paths[i]);
    free(s->dir);
    free(s);
}
