/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakes/ssh_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/thread.h"

/* The message functions are deprecated for servers; a fake may use them. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static bool is_right(const struct fake_ssh *f, const char *text)
{
    return f->password != NULL && text != NULL && strcmp(text, f->password) == 0;
}

/* 1: let in, 0: refused, -1: a prompt was sent. */
static int judge(struct fake_ssh *f, ssh_session session, ssh_message m)
{
    static const char *prompts[] = {"Password: "};
    static char echo[] = {0};
    const char *answer = NULL;
    if (ssh_message_subtype(m) == SSH_AUTH_METHOD_PASSWORD && !f->interactive)
        answer = ssh_message_auth_password(m);
    if (ssh_message_subtype(m) == SSH_AUTH_METHOD_INTERACTIVE && f->interactive) {
        if (!ssh_message_auth_kbdint_is_response(m)) {
            ssh_message_auth_interactive_request(m, "login", "", 1, prompts, echo);
            return -1;
        }
        answer = ssh_userauth_kbdint_getanswer(session, 0);
    }
    if (!is_right(f, answer))
        return 0;
    return atomic_fetch_add(&f->logins, 1) >= f->refusals;
}

static bool log_in(struct fake_ssh *f, ssh_session session)
{
    ssh_message m;
    while ((m = ssh_message_get(session)) != NULL) {
        int verdict = 0;
        if (ssh_message_type(m) == SSH_REQUEST_AUTH)
            verdict = judge(f, session, m);
        if (verdict == 1) {
            ssh_message_auth_reply_success(m, 0);
            ssh_message_free(m);
            return true;
        }
        if (verdict == 0) {
            ssh_message_auth_set_methods(m, f->interactive ? SSH_AUTH_METHOD_INTERACTIVE
                                                           : SSH_AUTH_METHOD_PASSWORD);
            ssh_message_reply_default(m);
        }
        ssh_message_free(m);
    }
    return false;
}

static void wait_for_stop(struct fake_ssh *f)
{
    while (!f->stop)
        poll(NULL, 0, 20);
}

static void lag(const struct fake_ssh *f)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    cancel_sleep(pace, f->lag_ns);
}

/* False: the connection is to be broken. */
static bool run(struct fake_ssh *f, ssh_channel channel, const char *command)
{
    if (strncmp(command, "hang", 4) == 0) {
        wait_for_stop(f);
        return false;
    }
    if (strncmp(command, "die", 3) == 0) {
        ssh_channel_write(channel, "last words\n", 11);
        return false;
    }
    if (strncmp(command, "close", 5) != 0) {
        ssh_channel_write(channel, command, (uint32_t)strlen(command));
        ssh_channel_request_send_exit_status(channel, 0);
    }
    ssh_channel_send_eof(channel);
    ssh_channel_close(channel);
    return true;
}

static void serve_commands(struct fake_ssh *f, ssh_session session)
{
    ssh_channel channel = NULL;
    ssh_message m;
    bool goes_on = true;
    while (goes_on && (m = ssh_message_get(session)) != NULL) {
        lag(f);
        if (ssh_message_type(m) == SSH_REQUEST_CHANNEL_OPEN) {
            channel = ssh_message_channel_request_open_reply_accept(m);
        } else if (ssh_message_type(m) == SSH_REQUEST_CHANNEL &&
                   ssh_message_subtype(m) == SSH_CHANNEL_REQUEST_EXEC) {
            ssh_message_channel_request_reply_success(m);
            goes_on = run(f, channel, ssh_message_channel_request_command(m));
        } else {
            ssh_message_reply_default(m);
        }
        ssh_message_free(m);
    }
}

static void speak_ssh(struct fake_ssh *f, int fd)
{
    ssh_bind bind = ssh_bind_new();
    ssh_session session = ssh_new();
    ssh_key key = NULL;
    ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key);
    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, key);
    if (ssh_bind_accept_fd(bind, session, fd) == SSH_OK && ssh_handle_key_exchange(session) == 0 &&
        log_in(f, session))
        serve_commands(f, session);
    ssh_silent_disconnect(session);
    ssh_free(session);
    ssh_bind_free(bind);
}

static void serve(struct fake_ssh *f, int fd)
{
    static const char garbage[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    autoclose int owned = fd;
    int number = ++f->connections;
    if (f->mode == FAKE_SSH || (f->mode == FAKE_CLOSES && number > f->times)) {
        speak_ssh(f, steal_fd(&owned));
        return;
    }
    if (f->mode == FAKE_GARBAGE)
        io_write_all(fd, garbage, sizeof(garbage) - 1);
    if (f->mode == FAKE_STOPS)
        io_write_all(fd, "SSH-2.0-fake\r\n", 14);
    if (f->mode == FAKE_SAYS_NOTHING || f->mode == FAKE_STOPS)
        wait_for_stop(f);
}

static void *serve_all(void *arg)
{
    struct fake_ssh *f = arg;
    while (!f->stop) {
        struct pollfd p = {.fd = f->listener, .events = POLLIN};
        if (poll(&p, 1, 20) > 0)
            serve(f, accept4(f->listener, NULL, NULL, SOCK_CLOEXEC));
    }
    return NULL;
}

void fake_ssh_start(struct fake_ssh *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(f->listener, (struct sockaddr *)&a, len) < 0 || listen(f->listener, 16) < 0 ||
        getsockname(f->listener, (struct sockaddr *)&a, &len) < 0)
        abort();
    f->port = ntohs(a.sin_port);
    f->thread = thread_start("fake ssh", serve_all, f);
}

void fake_ssh_stop(struct fake_ssh *f)
{
    f->stop = true;
    pthread_join(f->thread, NULL);
    close(f->listener);
}
