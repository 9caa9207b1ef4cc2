/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* The way through a jump host: one login there, channels to the guest until its
 * SSH server says hello, and then a hub that carries the bytes to a socket,
 * which the guest's session uses as if it had connected by itself. */

/* A forwarding host may hold an early connection for long; see ssh_probe.c. */
#define BANNER_NS (20 * NS_PER_S)

static void end_channel(ssh_channel channel)
{
    if (channel != NULL)
        ssh_channel_free(channel);
}
DEFINE_AUTO(channel, ssh_channel, end_channel);

struct jump {
    struct ssh_comm *c;
    ssh_session session; /* with the bastion */
    const struct ssh_wait *w;
};

static bool is_alive(const struct jump *j)
{
    return ssh_is_connected(j->session) &&
           (ssh_get_status(j->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0;
}

/* False with *ERR only when the wait ends; without: this attempt failed. */
static bool open_channel(struct jump *j, ssh_channel channel, struct error **err)
{
    int rc;
    while ((rc = ssh_channel_open_forward(channel, ssh_target_host(j->c), ssh_target_port(j->c),
                                          "127.0.0.1", 0)) == SSH_AGAIN)
        if (!ssh_wait_session(j->w, j->session, err))
            return false;
    return rc == SSH_OK;
}

static bool await_banner(struct jump *j, ssh_channel channel, struct error **err)
{
    int64_t end = clock_now() + BANNER_NS;
    for (;;) {
        int n = ssh_channel_poll(channel, 0);
        if (n != 0 || clock_now() >= end)
            return n > 0;
        if (!ssh_wait_session(j->w, j->session, err))
            return false;
    }
}

/* A channel behind which the guest's SSH server waits; NULL as above. */
static ssh_channel try_channel(struct jump *j, struct error **err)
{
    AUTO(channel) ssh_channel channel = ssh_channel_new(j->session);
    if (channel == NULL)
        return NULL;
    if (!open_channel(j, channel, err)) {
        if (*err == NULL) {
            autofree char *why =
                xasprintf("the bastion cannot reach %s:%d: %s", ssh_target_host(j->c),
                          ssh_target_port(j->c), ssh_get_error(j->session));
            ssh_record_add(j->c->record, true, why);
        }
        return NULL;
    }
    if (await_banner(j, channel, err))
        return steal(&channel);
    if (*err == NULL)
        ssh_record_add(j->c->record, true,
                       "the bastion connects to the guest but no SSH banner comes");
    return NULL;
}

static bool time_is_up(struct jump *j, struct error **err)
{
    if ((*err)->code != ERR_TIMEOUT || (*err)->cause != NULL)
        return false;
    error_set(&(*err)->cause, ERR_NETWORK, 0, "the bastion %s:%d is there but the guest is not",
              j->c->config->ssh_bastion_host, ssh_bastion_account(j->c).port);
    return error_hint(&(*err)->cause,
                      "Check ssh_host as the bastion sees it, and that its sshd_config allows "
                      "AllowTcpForwarding to it.");
}

/* Until the guest answers; NULL with *ERR when the wait is over, or without
 * when the bastion hung up. */
static ssh_channel channel_to_guest(struct jump *j, struct error **err)
{
    int64_t pause = 100 * NS_PER_MS;
    while (is_alive(j)) {
        ssh_channel channel = try_channel(j, err);
        if (channel != NULL)
            return channel;
        if (*err != NULL || !ssh_wait_sleep(j->w, pause, err)) {
            time_is_up(j, err);
            return NULL;
        }
        pause = MIN(pause * 2, NS_PER_S);
    }
    return NULL;
}

/* The socket that leads to the guest. */
static int carry(struct jump *j, ssh_channel channel, struct ssh_hub **hub)
{
    int pair[2];
    struct relays relays = {.count = 0};
    static const struct relay_goal open = {.host = NULL};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        BUG("socketpair");
    relays_add(&relays, channel, pair[1], open);
    *hub = ssh_hub_start(steal(&j->session), NULL, &relays, NULL, 0);
    return pair[0];
}

enum attempt ssh_bastion_dial(struct ssh_comm *c, const struct ssh_wait *w, int *fd,
                              struct ssh_hub **hub, struct error **err)
{
    struct ssh_account account = ssh_bastion_account(c);
    autofree char *label = xasprintf("bastion %s:%d: ", account.host, account.port);
    struct ssh_hop hop = {.host = account.host, .port = account.port, .label = label};
    struct jump j = {.c = c, .w = w};
    int own = ssh_probe(c->record, &hop, w, err);
    if (own < 0)
        return ATTEMPT_FATAL;
    enum attempt result = ssh_log_in(c, &account, &c->bastion_pin, own, w, &j.session, err);
    if (result != ATTEMPT_OK) {
        error_wrap(err, "no login at the bastion %s:%d", account.host, account.port);
        return result;
    }
    c->bastion_pin.is_firm = true;
    ssh_channel channel = channel_to_guest(&j, err);
    if (channel != NULL) {
        *fd = carry(&j, channel, hub);
        return ATTEMPT_OK;
    }
    ssh_session_end(j.session);
    if (*err != NULL)
        return ATTEMPT_FATAL;
    error_set(err, ERR_NETWORK, 0, "the bastion %s:%d closed the connection", account.host,
              account.port);
    return ATTEMPT_AGAIN;
}
