/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/sftp_wire.h"

#include "base/clock.h"
#include "base/mem.h"

/* After the command's status its output ends at once, unless a process left in
 * the background still holds it open: then this much silence ends the wait. */
#define DRAIN_NS     (3 * NS_PER_S)
#define ROOM_NS      (10 * NS_PER_S)
#define ROOM_STEP_NS (50 * NS_PER_MS)
/* For signals of RFC 4254, 6.10. */
static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"ILL", 4},   {"ABRT", 6},  {"FPE", 8},   {"KILL", 9},
    {"USR1", 10}, {"SEGV", 11}, {"USR2", 12}, {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15},
};

static int on_data(ssh_session session, ssh_channel channel, void *data, uint32_t len,
                   int is_stderr, void *userdata)
{
    (void)session;
    (void)channel;
    struct ssh_stream *s = userdata;
    s->last_data_ns = clock_now();
    s->on_data(s->arg, is_stderr != 0, (str){data, len});
    return (int)len;
}

static void on_eof(ssh_session session, ssh_channel channel, void *userdata)
{
    (void)session;
    (void)channel;
    ((struct ssh_stream *)userdata)->eof = true;
}

static void on_close(ssh_session session, ssh_channel channel, void *userdata)
{
    (void)session;
    (void)channel;
    ((struct ssh_stream *)userdata)->closed = true;
}

static void on_status(ssh_session session, ssh_channel channel, int status, void *userdata)
{
    (void)session;
    (void)channel;
    struct ssh_stream *s = userdata;
    s->status = status;
    s->has_status = true;
    s->last_data_ns = clock_now();
}

static void on_signal(ssh_session session, ssh_channel channel, const char *name, int core,
                      const char *message, const char *lang, void *userdata)
{
    (void)session;
    (void)channel;
    (void)core;
    (void)message;
    (void)lang;
    struct ssh_stream *s = userdata;
    s->status = 128;
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        if (strcmp(signals[i].name, name) == 0)
            s->status = 128 + signals[i].number;
    s->has_status = true;
    s->last_data_ns = clock_now();
}

/* Repeat CALL, letting the session work, until it is answered. */
#define ANSWERED(s, rc, call, w, err)                                                              \
    do {                                                                                           \
        (rc) = (call);                                                                             \
        if ((rc) != SSH_AGAIN)                                                                     \
            break;                                                                                 \
        if (!ssh_pump((s)->c, (w), (err)))                                                         \
            return false;                                                                          \
    } while (true)

static bool refused(struct ssh_stream *s, const struct ssh_wait *w, const char *what,
                    struct error **err)
{
    if (!ssh_is_up(s->c)) {
        ssh_pump(s->c, w, err);
        return false;
    }
    return ssh_lib_error(s->c->session, err, ERR_GUEST, what);
}

static bool request_pty(struct ssh_stream *s, const struct ssh_wait *w, struct error **err)
{
    int rc;
    ANSWERED(s, rc, ssh_channel_request_pty_size(s->channel, "xterm", 80, 40), w, err);
    return rc == SSH_OK || refused(s, w, "the guest refused a terminal (ssh_pty)", err);
}

static bool make_channel(struct ssh_stream *s, struct error **err)
{
    if (s->channel != NULL)
        ssh_channel_free(s->channel);
    s->channel = ssh_channel_new(s->c->session);
    if (s->channel == NULL)
        return ssh_lib_error(s->c->session, err, ERR_DISCONNECT, "cannot make a channel");
    s->callbacks = (struct ssh_channel_callbacks_struct){
        .size = sizeof(s->callbacks),
        .userdata = s,
        .channel_data_function = on_data,
        .channel_eof_function = on_eof,
        .channel_close_function = on_close,
        .channel_exit_status_function = on_status,
        .channel_exit_signal_function = on_signal,
    };
    ssh_set_channel_callbacks(s->channel, &s->callbacks);
    return true;
}

/* sshd's MaxSessions may leave room for one channel.  Then SFTP gives way, and
 * its room is free when its process has ended, which nobody tells us. */
static bool make_room(struct ssh_stream *s, int64_t start, const struct ssh_wait *w)
{
    AUTO(error) struct error *ignored = NULL;
    struct ssh_comm *c = s->c;
    if (c->sftp != NULL && &c->sftp->stream != s) {
        sftp_free(steal(&c->sftp));
        c->one_session = true;
    }
    return c->one_session && ssh_is_up(c) && clock_now() - start < ROOM_NS &&
           ssh_wait_sleep(w, ROOM_STEP_NS, &ignored);
}

static bool open_session(struct ssh_stream *s, const struct ssh_wait *w, struct error **err)
{
    int64_t start = clock_now();
    for (;;) {
        int rc;
        if (!make_channel(s, err))
            return false;
        ANSWERED(s, rc, ssh_channel_open_session(s->channel), w, err);
        if (rc == SSH_OK)
            return true;
        refused(s, w, "the guest refused a session", err);
        if (!error_is(*err, ERR_GUEST) || !make_room(s, start, w))
            return false;
        error_drop(err);
    }
}

bool stream_open(struct ssh_stream *s, struct ssh_comm *c, enum stream_kind kind, const char *text,
                 void (*data)(void *arg, bool is_stderr, str data), void *arg,
                 const struct ssh_wait *w, struct error **err)
{
    int rc;
    *s = (struct ssh_stream){.c = c, .on_data = data, .arg = arg};
    if (!open_session(s, w, err))
        return false;
    if (kind == STREAM_EXEC && c->config->ssh_pty && !request_pty(s, w, err))
        return false;
    /* No answer is asked for: a guest that forwards nothing does not matter. */
    if (kind == STREAM_EXEC && ssh_forwards_agent(c))
        ssh_channel_request_auth_agent(s->channel);
    if (kind != STREAM_SUBSYSTEM)
        ANSWERED(s, rc, ssh_channel_request_exec(s->channel, text), w, err);
    else
        ANSWERED(s, rc, ssh_channel_request_subsystem(s->channel, text), w, err);
    s->last_data_ns = clock_now();
    return rc == SSH_OK || refused(s, w, "the guest refused the request", err);
}

bool stream_write_some(struct ssh_stream *s, str data, size_t *done, struct error **err)
{
    int n = ssh_channel_write(s->channel, data.ptr, (uint32_t)MIN(data.len, (size_t)1 << 20));
    if (n < 0 && n != SSH_AGAIN)
        return ssh_lib_error(s->c->session, err, ERR_DISCONNECT, "cannot send to the guest");
    *done = n > 0 ? (size_t)n : 0;
    return true;
}

bool stream_write(struct ssh_stream *s, str data, const struct ssh_wait *w, struct error **err)
{
    while (data.len > 0) {
        size_t done = 0;
        if (s->closed || (s->has_status && s->eof))
            return error_set(err, ERR_DISCONNECT, 0, "the other side ended before %s did", w->what);
        if (!stream_write_some(s, data, &done, err))
            return false;
        data = str_sub(data, done, data.len);
        if (done == 0 && !ssh_pump(s->c, w, err))
            return false;
    }
    return true;
}

bool stream_send_eof(struct ssh_stream *s, const struct ssh_wait *w, struct error **err)
{
    int rc;
    if (s->closed)
        return true;
    ANSWERED(s, rc, ssh_channel_send_eof(s->channel), w, err);
    return rc == SSH_OK || refused(s, w, "cannot end the input", err);
}

/* A lost connection is an end, too; the caller sees it by the missing status. */
static bool pump_or_lost(struct ssh_stream *s, const struct ssh_wait *w, struct error **err)
{
    if (ssh_pump(s->c, w, err))
        return true;
    if ((*err)->code != ERR_DISCONNECT)
        return false;
    error_drop(err);
    s->closed = true;
    return true;
}

bool stream_wait_end(struct ssh_stream *s, const struct ssh_wait *w, struct error **err)
{
    while (!s->closed && !(s->has_status && s->eof)) {
        if (s->has_status && clock_now() - s->last_data_ns > DRAIN_NS)
            break;
        if (s->on_wait != NULL)
            s->on_wait(s);
        if (!pump_or_lost(s, w, err))
            return false;
    }
    return true;
}

void stream_kill(struct ssh_stream *s)
{
    if (s->channel != NULL && ssh_is_up(s->c))
        ssh_channel_request_send_signal(s->channel, "TERM");
}

void stream_close(struct ssh_stream *s)
{
    if (s->channel == NULL)
        return;
    ssh_remove_channel_callbacks(s->channel, &s->callbacks);
    if (ssh_is_up(s->c))
        ssh_channel_close(s->channel);
    ssh_channel_free(s->channel);
    s->channel = NULL;
}
