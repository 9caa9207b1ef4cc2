/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "communicator/lines.h"

/* A terminal (ssh_pty) at which nobody sits: what looks like a question and is
 * followed by so much silence is answered with the end of the input, as it would
 * be without a terminal.  Who did not ask does not read it. */
#define QUESTION_NS (3 * NS_PER_S)
#define TTY_EOF     "\x04"

struct exec_output {
    const struct comm_command *cmd;
    struct lines out, err_out;
    char tail[2];     /* the last two bytes of output */
    bool is_answered; /* since the last output */
};

static bool is_question(const struct exec_output *o)
{
    char end = o->tail[1] == ' ' ? o->tail[0] : o->tail[1];
    return end != '\0' && strchr(":?])>", end) != NULL;
}

static void answer_question(struct ssh_stream *s)
{
    struct exec_output *o = s->arg;
    size_t done;
    AUTO(error) struct error *e = NULL;
    if (o->is_answered || !is_question(o) || clock_now() - s->last_data_ns < QUESTION_NS)
        return;
    o->is_answered = true;
    stream_write_some(s, STR(TTY_EOF), &done, &e);
}

static void keep_tail(struct exec_output *o, str data)
{
    if (data.len == 0)
        return;
    o->tail[0] = data.len > 1 ? data.ptr[data.len - 2] : o->tail[1];
    o->tail[1] = data.ptr[data.len - 1];
    o->is_answered = false;
}

static void take(void *arg, bool is_stderr, str data)
{
    struct exec_output *o = arg;
    keep_tail(o, data);
    /* Past its maximum the collector stays as it is; the lines still flow. */
    if (!is_stderr && o->cmd->out != NULL) {
        size_t room = o->cmd->out->max - MIN(o->cmd->out->max, o->cmd->out->len);
        strbuf_add(o->cmd->out, data.ptr, MIN(room, data.len));
    }
    lines_add(is_stderr ? &o->err_out : &o->out, data);
}

/* Feed the input as the command reads it.  A command that ends or closes its
 * input early, even by a lost connection, is seen by its status. */
static bool feed(struct ssh_stream *s, str input, const struct ssh_wait *w, struct error **err)
{
    /* A terminal takes no end of a channel; see answer_question(). */
    if (s->c->config->ssh_pty && input.len == 0) {
        s->on_wait = answer_question;
        return true;
    }
    if (stream_write(s, input, w, err) && stream_send_eof(s, w, err))
        return true;
    if ((*err)->code != ERR_DISCONNECT && (*err)->code != ERR_GUEST)
        return false;
    if (cancel_test(w->guest) || cancel_test(w->cancel))
        return false;
    error_drop(err);
    return true;
}

bool ssh_exec(struct ssh_comm *c, const struct comm_command *cmd, const struct ssh_wait *w,
              int *status, struct error **err)
{
    struct exec_output o = {.cmd = cmd};
    lines_init(&o.out, cmd->on_line, cmd->arg, false);
    lines_init(&o.err_out, cmd->on_line, cmd->arg, true);
    AUTO(ssh_stream) struct ssh_stream s = {0};
    /* Packer ends the command with a newline; some servers' shells need it. */
    autofree char *text = xasprintf("%s\n", cmd->command);
    bool ok = stream_open(&s, c, STREAM_EXEC, text, take, &o, w, err) &&
              feed(&s, cmd->input, w, err) && stream_wait_end(&s, w, err);
    if (!ok)
        stream_kill(&s);
    if (cmd->on_line != NULL) {
        lines_end(&o.out);
        lines_end(&o.err_out);
    }
    lines_clear(&o.out);
    lines_clear(&o.err_out);
    if (ok)
        *status = s.has_status ? s.status : COMM_DISCONNECTED;
    return ok;
}
