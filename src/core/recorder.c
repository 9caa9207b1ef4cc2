/* SPDX-License-Identifier: Apache-2.0 */
#include "core/recorder.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/thread.h"

/* A provisioner may print without end; what the build did before is worth more. */
#define OUTPUT_MAX ((size_t)4 << 20)

struct recorder {
    struct event_sink sink; /* first: emit() gets its address */
    struct event_sink *behind;
    pthread_mutex_t lock;
    int fd;
    int64_t start_ns;
    size_t output; /* bytes of guests and tools written so far */
};

static void add_line(struct strbuf *sb, const struct recorder *r, const struct event *e)
{
    strbuf_addf(sb, "%9.3f %s", (double)(clock_now() - r->start_ns) / NS_PER_S,
                event_kind_name(e->kind));
    if (e->step != NULL)
        strbuf_addf(sb, " %s", e->step);
    if (e->kind == EVENT_STEP_END)
        strbuf_adds(sb, e->ok ? " ok" : " failed");
    if (e->text.len > 0) {
        strbuf_adds(sb, ": ");
        strbuf_addstr(sb, e->text);
    }
    strbuf_addc(sb, '\n');
}

static void emit(struct event_sink *sink, const struct event *e)
{
    struct recorder *r = (struct recorder *)sink;
    bool is_output = e->kind == EVENT_OUTPUT || e->kind == EVENT_OUTPUT_ERR;
    if (e->kind != EVENT_PROGRESS && (!is_output || r->output < OUTPUT_MAX)) {
        AUTO(strbuf) struct strbuf line = STRBUF_INIT;
        add_line(&line, r, e);
        LOCK_SCOPE(&r->lock);
        r->output += is_output ? line.len : 0;
        io_write_all(r->fd, line.buf, line.len); /* best effort: a full disk fails elsewhere */
    }
    r->behind->emit(r->behind, e);
}

struct recorder *recorder_new(const char *log_dir, struct event_sink *behind)
{
    autofree char *path = io_path_join(log_dir, "events.log");
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || behind == NULL) {
        cleanup_close(&fd);
        return NULL;
    }
    struct recorder *r = xnew(struct recorder);
    *r = (struct recorder){.sink = {.emit = emit},
                           .behind = behind,
                           .lock = PTHREAD_MUTEX_INITIALIZER,
                           .fd = fd,
                           .start_ns = clock_now()};
    return r;
}

void recorder_free(struct recorder *r)
{
    if (r == NULL)
        return;
    close(r->fd);
    free(r);
}

struct event_sink *recorder_sink(struct recorder *r)
{
    return &r->sink;
}
