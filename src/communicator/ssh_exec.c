/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include "base/mem.h"
#include "communicator/lines.h"

struct exec_output {
    const struct comm_command *cmd;
    struct lines out, err_out;
};

static void take(void *arg, bool is_stderr, str data)
{
    struct exec_output *o = arg;
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
