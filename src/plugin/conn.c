/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/conn.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc_output.h"
#include "base/proc_pipe.h"

#define CHUNK         ((size_t)64 * 1024)
#define PENDING_MAX   ((size_t)16 << 20) /* what waits to be read by the plugin */
#define STDERR_LINES  200                /* of one plugin that reach the log */
#define LINGER_NS     (200 * NS_PER_MS)  /* for what a plugin wrote just before it ended */
#define LINES_AT_ONCE 64                 /* then cancellation and limits are looked at again */

const struct conn_limits conn_limits_default = {
    .cancel_grace_ns = 5 * NS_PER_S,
    .stop_grace_ns = 2 * NS_PER_S,
    .strays = 100,
};

struct conn {
    char *name;
    struct conn_limits limits;
    struct proc_pipe *proc;
    struct strbuf pending;   /* to be written */
    struct strbuf line;      /* read, not yet a line */
    size_t scanned;          /* bytes of `line` known to hold no newline */
    struct proc_output said; /* on standard error */
    unsigned said_lines;
    int64_t last_id;
    bool is_broken;
    bool out_ended; /* its standard output is at its end */
};

/* One call under way. */
struct talk {
    struct conn *c;
    const struct conn_call *call;
    struct arena *a;
    int64_t id;
    int64_t began, heard; /* clock_now() */
    int64_t ended;        /* when the plugin was seen to be gone; 0: it runs */
    int64_t closed;       /* when its output was seen to be at its end; 0: it is not */
    int64_t cancelled;    /* when "cancel" was sent; 0: not */
    unsigned strays;
    bool done;
    bool ok;
    value result;
};

static void on_stderr(void *arg, bool is_stderr, str line)
{
    struct conn *c = arg;
    (void)is_stderr;
    if (c->said_lines++ < STDERR_LINES)
        log_debug("plugin", "%s: %.*s", c->name, STR_FMT(line));
}

static void conn_free(struct conn *c)
{
    free(c->name);
    strbuf_clear(&c->pending);
    strbuf_clear(&c->line);
    proc_output_clear(&c->said);
    free(c);
}

struct conn *conn_start(const char *path, const char *name, const struct conn_limits *limits,
                        struct error **err)
{
    struct conn *c = xnew(struct conn);
    autofree char *what = xasprintf("start plugin '%s'", name);
    const char *const argv[] = {path, NULL};
    const char *const env[] = {"IMGFAC_PLUGIN_PROTOCOL=1", NULL};
    c->name = xstrdup(name);
    c->limits = *limits;
    strbuf_init(&c->pending, PENDING_MAX);
    strbuf_init(&c->line, MESSAGE_MAX_BYTES + CHUNK);
    c->said = (struct proc_output){.on_line = on_stderr, .arg = c, .is_stderr = true};
    proc_output_init(&c->said);
    c->proc = proc_pipe_start(&(struct proc_pipe_spec){argv, env, what}, err);
    if (c->proc != NULL)
        return c;
    conn_free(c);
    return NULL;
}

void conn_stop(struct conn *c)
{
    if (c == NULL)
        return;
    proc_pipe_stop(c->proc, c->is_broken ? 0 : c->limits.stop_grace_ns);
    conn_free(c);
}

bool conn_is_broken(const struct conn *c)
{
    return c->is_broken;
}

pid_t conn_pid(const struct conn *c)
{
    return c->proc->pid;
}

/* --- failures --- */

/* The last thing it said on its standard error belongs to the message. */
static bool fail(struct talk *t, enum err_code code, struct error **err, const char *text)
{
    struct conn *c = t->c;
    c->is_broken = true;
    autofree char *said = proc_output_last_lines(&c->said);
    return error_set(err, code, 0, "cannot %s: plugin '%s' %s%s%s", t->call->what, c->name, text,
                     said != NULL ? "; it said: " : "", said != NULL ? said : "");
}

static bool fail_ended(struct talk *t, struct error **err)
{
    const struct proc_pipe *p = t->c->proc;
    if (!p->reaped)
        return fail(t, ERR_IO, err, "closed its standard output");
    if (p->status > 128)
        return fail(t, ERR_IO, err,
                    arena_fmt(t->a, "was ended by signal %d before it answered", p->status - 128));
    return fail(t, ERR_IO, err,
                arena_fmt(t->a, "ended with status %d before it answered", p->status));
}

static bool fail_limit(struct talk *t, struct error **err, int64_t limit, const char *format)
{
    autofree char *text = clock_format_duration(limit);
    fail(t, ERR_TIMEOUT, err, arena_fmt(t->a, "%s %s", format, text));
    return error_hint(err, "Waited for its answer to \"%s\".", t->call->method);
}

/* --- one message --- */

static bool is_ours(const struct talk *t, value id)
{
    int64_t n;
    return value_is_present(id) && value_kind(id) == TYPE_NUMBER && value_as_i64(id, &n) &&
           n == t->id;
}

static bool take_error(struct talk *t, const struct message *m, struct error **err)
{
    bool cancelled = m->code == MESSAGE_CANCELLED && cancel_test(t->call->cancel);
    t->done = true;
    if (cancelled)
        return cancel_error(t->call->cancel, err, t->call->what);
    error_set(err, ERR_PROVISION, 0, "cannot %s: plugin '%s': %s", t->call->what, t->c->name,
              m->text);
    return m->hint != NULL ? error_hint(err, "%s", m->hint) : false;
}

static bool take_stray(struct talk *t, const char *what, struct error **err)
{
    log_debug("plugin", "%s: %s", t->c->name, what);
    if (++t->strays <= t->c->limits.strays)
        return true;
    return fail(t, ERR_IO, err, "sends answers that nobody waits for");
}

static bool answer(struct talk *t, const struct message *m, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(MESSAGE_MAX_BYTES);
    int code = MESSAGE_NO_METHOD;
    if (t->cancelled != 0)
        code = MESSAGE_CANCELLED;
    else if (t->call->on_ask != NULL)
        code = t->call->on_ask(t->call->arg, m, &text);
    if (code == 0)
        message_add_result(&t->c->pending, m->id, strbuf_str(&text));
    else
        message_add_error(&t->c->pending, m->id, code,
                          text.len > 0                ? text.buf
                          : code == MESSAGE_NO_METHOD ? "there is no such method here"
                                                      : "cancelled");
    /* What took long was not the plugin's silence. */
    t->heard = clock_now();
    if (t->c->pending.truncated)
        return fail(t, ERR_IO, err, "does not read what it asked for");
    return true;
}

static bool take_line(struct talk *t, str line, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("plugin message");
    struct message m;
    const char *why = "";
    if (str_trim(line).len == 0)
        return true;
    if (!message_read(a, line, &m, &why))
        return fail(t, ERR_IO, err, arena_fmt(t->a, "wrote a line that cannot be read: %s", why));
    t->heard = clock_now();
    switch (m.kind) {
    case MESSAGE_REQUEST: return answer(t, &m, err);
    case MESSAGE_NOTIFICATION:
        if (t->call->on_tell != NULL && t->cancelled == 0)
            t->call->on_tell(t->call->arg, &m);
        return true;
    case MESSAGE_RESULT:
        if (!is_ours(t, m.id))
            return take_stray(t, "an answer to nothing", err);
        t->result = value_copy(t->a, m.result);
        t->done = t->ok = true;
        return true;
    case MESSAGE_ERROR:
        return is_ours(t, m.id) ? take_error(t, &m, err)
                                : take_stray(t, "an error of nothing", err);
    }
    return true;
}

/* --- reading and writing --- */

/* Every complete line that was read, a few at a time. */
static bool take_lines(struct talk *t, struct error **err)
{
    struct conn *c = t->c;
    for (int i = 0; i < LINES_AT_ONCE && !t->done; i++) {
        const char *end = memchr(c->line.buf + c->scanned, '\n', c->line.len - c->scanned);
        if (end == NULL) {
            c->scanned = c->line.len;
            return c->line.len <= MESSAGE_MAX_BYTES ||
                   fail(t, ERR_IO, err,
                        arena_fmt(t->a, "wrote a line of more than %zu MiB",
                                  MESSAGE_MAX_BYTES >> 20));
        }
        size_t len = (size_t)(end - c->line.buf);
        bool ok = take_line(t, (str){c->line.buf, len}, err);
        strbuf_shift(&c->line, len + 1);
        c->scanned = 0;
        if (!ok)
            return false;
    }
    return true;
}

static bool has_line(const struct conn *c)
{
    return memchr(c->line.buf + c->scanned, '\n', c->line.len - c->scanned) != NULL;
}

static void read_out(struct conn *c)
{
    char *room = strbuf_reserve(&c->line, CHUNK);
    ssize_t n = room == NULL ? -1 : read(c->proc->out, room, CHUNK);
    if (n > 0)
        strbuf_grew(&c->line, (size_t)n);
    else if (n == 0)
        c->out_ended = true;
}

static void read_err(struct conn *c)
{
    char buffer[4096];
    ssize_t n = read(c->proc->err, buffer, sizeof(buffer));
    if (n > 0)
        proc_output_add(&c->said, (str){buffer, (size_t)n});
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close(steal_fd(&c->proc->err));
}

static void write_pending(struct conn *c)
{
    ssize_t n = write(c->proc->in, c->pending.buf, c->pending.len);
    if (n > 0)
        strbuf_shift(&c->pending, (size_t)n);
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        close(steal_fd(&c->proc->in)); /* it will read no more; its end tells why */
}

static int wait_ms(const struct talk *t)
{
    int64_t now = clock_now(), until = now + 250 * NS_PER_MS;
    const struct conn_call *call = t->call;
    if (has_line(t->c))
        return 0;
    if (call->limit_ns > 0)
        until = MIN(until, t->began + call->limit_ns);
    if (call->silence_ns > 0)
        until = MIN(until, t->heard + call->silence_ns);
    if (t->cancelled != 0)
        until = MIN(until, t->cancelled + t->c->limits.cancel_grace_ns);
    if (t->ended != 0)
        until = MIN(until, t->ended + LINGER_NS);
    if (t->closed != 0)
        until = MIN(until, t->closed + LINGER_NS);
    int64_t ms = (until - now + NS_PER_MS - 1) / NS_PER_MS;
    if (t->cancelled == 0)
        ms = MIN(ms, (int64_t)cancel_poll_ms(call->cancel));
    return (int)MAX(ms, (int64_t)0);
}

static void wait_event(struct talk *t)
{
    struct conn *c = t->c;
    struct proc_pipe *p = c->proc;
    struct pollfd fds[] = {
        {.fd = c->out_ended ? -1 : p->out, .events = POLLIN},
        {.fd = p->err, .events = POLLIN},
        {.fd = c->pending.len > 0 ? p->in : -1, .events = POLLOUT},
        {.fd = t->ended == 0 ? p->pidfd : -1, .events = POLLIN},
        {.fd = t->cancelled == 0 ? cancel_fd(t->call->cancel) : -1, .events = POLLIN},
    };
    poll(fds, ARRAY_SIZE(fds), wait_ms(t));
    if (fds[0].revents != 0)
        read_out(c);
    if (fds[1].revents != 0)
        read_err(c);
    if (fds[2].revents != 0)
        write_pending(c);
    if (t->closed == 0 && c->out_ended)
        t->closed = clock_now();
    if (t->ended == 0 && proc_pipe_ended(p))
        t->ended = clock_now();
}

/* --- the call --- */

static void send_cancel(struct talk *t)
{
    AUTO(strbuf) struct strbuf params = STRBUF_INIT;
    strbuf_addf(&params, "{\"id\":%lld}", (long long)t->id);
    message_add_notification(&t->c->pending, "cancel", strbuf_str(&params));
    t->cancelled = clock_now();
}

/* Nothing more can come.  A process that it left behind may hold the pipe open
 * for ever, and one that closed its output may live on. */
static bool is_over(const struct talk *t, int64_t now)
{
    if (t->ended != 0)
        return t->closed != 0 || now - t->ended >= LINGER_NS;
    return t->closed != 0 && now - t->closed >= LINGER_NS;
}

static bool check_limits(struct talk *t, struct error **err)
{
    const struct conn_call *call = t->call;
    struct conn *c = t->c;
    int64_t now = clock_now();
    if (t->cancelled == 0 && cancel_test(call->cancel))
        send_cancel(t);
    if (t->cancelled != 0 && now - t->cancelled >= c->limits.cancel_grace_ns) {
        c->is_broken = true;
        return cancel_error(call->cancel, err, call->what);
    }
    if (is_over(t, now))
        return has_line(c) || fail_ended(t, err);
    if (t->cancelled != 0)
        return true;
    if (call->limit_ns > 0 && now - t->began >= call->limit_ns)
        return fail_limit(t, err, call->limit_ns, "did not answer within");
    if (call->silence_ns > 0 && now - t->heard >= call->silence_ns)
        return fail_limit(t, err, call->silence_ns, "gave no sign of life for");
    return true;
}

/* Errors of a plugin that ends because it was told to are cancellations. */
static bool blame_cancel(struct talk *t, struct error **err)
{
    if (t->cancelled == 0 || error_is(*err, ERR_CANCELLED) || error_is(*err, ERR_TIMEOUT))
        return false;
    error_drop(err);
    return cancel_error(t->call->cancel, err, t->call->what);
}

bool conn_do(struct conn *c, const struct conn_call *call, struct arena *a, value *result,
             struct error **err)
{
    struct talk t = {.c = c, .call = call, .a = a, .id = ++c->last_id};
    t.began = t.heard = clock_now();
    if (c->is_broken)
        return error_set(err, ERR_IO, 0, "plugin '%s' failed before", c->name);
    if (cancel_test(call->cancel))
        return cancel_error(call->cancel, err, call->what);
    message_add_request(&c->pending, t.id, call->method, call->params);
    log_debug("plugin", "%s: %s, %zu bytes", c->name, call->method, c->pending.len);
    if (c->pending.truncated)
        return fail(&t, ERR_IO, err, "does not read what it is sent");
    while (!t.done) {
        wait_event(&t);
        if (!take_lines(&t, err) || (!t.done && !check_limits(&t, err)))
            return blame_cancel(&t, err);
    }
    if (!t.ok)
        return false;
    *result = t.result;
    return true;
}
