/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* ssh_local_tunnels and ssh_remote_tunnels.  They have a session of their own
 * in a thread of its own (a hub), so that they carry data also while nothing
 * else talks to the guest: a shell-local provisioner may well use them. */

struct ssh_tunnels {
    struct ssh_tunnel *all;
    size_t count;
    struct ssh_hub *hub;
};

/* PORT:HOST:PORT, looked at by comm_check() before. */
static void parse(const char *text, struct ssh_tunnel *out)
{
    str rest = str_from(text);
    int64_t port = 0, goal = 0;
    str_to_i64(str_split(&rest, ':'), &port);
    ptrdiff_t colon = str_rfind_char(rest, ':');
    if (colon < 0)
        colon = 0;
    str_to_i64(str_sub(rest, (size_t)colon + 1, rest.len), &goal);
    str host = str_sub(rest, 0, (size_t)colon);
    if (host.len > 2 && host.ptr[0] == '[')
        host = str_sub(host, 1, host.len - 1);
    *out = (struct ssh_tunnel){
        .port = (int)port, .goal = (int)goal, .host = str_xdup(host), .listener = -1};
}

static bool listen_here(struct ssh_tunnel *t, struct error **err)
{
    static const int on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)t->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(t->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(t->listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(t->listener, 16) == 0)
        return true;
    error_set(err, ERR_HOST, errno, "ssh_local_tunnels: cannot listen on localhost:%d", t->port);
    return error_hint(err, "Another build or program uses the port; name a free one.");
}

bool ssh_tunnels_prepare(struct ssh_comm *c, struct error **err)
{
    const struct opt_strings *local = &c->config->ssh_local_tunnels;
    const struct opt_strings *remote = &c->config->ssh_remote_tunnels;
    if (local->len + remote->len == 0)
        return true;
    struct ssh_tunnels *t = c->tunnels = xnew(struct ssh_tunnels);
    t->all = xcalloc(local->len + remote->len, sizeof(t->all[0]));
    for (size_t i = 0; i < local->len; i++) {
        parse(local->ptr[i], &t->all[t->count++]);
        if (!listen_here(&t->all[t->count - 1], err))
            return false;
    }
    for (size_t i = 0; i < remote->len; i++)
        parse(remote->ptr[i], &t->all[t->count++]);
    return true;
}

static bool listen_there(ssh_session session, const struct ssh_tunnel *t, const struct ssh_wait *w,
                         struct error **err)
{
    int rc;
    while ((rc = ssh_channel_listen_forward(session, "localhost", t->port, NULL)) == SSH_AGAIN)
        if (!ssh_wait_session(w, session, err))
            return false;
    if (rc == SSH_OK)
        return true;
    error_set(err, ERR_GUEST, 0, "ssh_remote_tunnels: the guest does not listen on localhost:%d",
              t->port);
    return error_hint(err, "The port is in use there, or AllowTcpForwarding is off in its "
                           "sshd_config.");
}

bool ssh_tunnels_ensure(struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    struct ssh_tunnels *t = c->tunnels;
    struct ssh_line line;
    static const struct relays none = {.count = 0};
    if (t == NULL || ssh_hub_is_up(t->hub))
        return true;
    ssh_hub_stop(steal(&t->hub));
    if (ssh_line_open(c, w, &line, err) != ATTEMPT_OK)
        return error_wrap(err, "cannot open the tunnels");
    for (size_t i = 0; i < t->count; i++)
        if (t->all[i].listener < 0 && !listen_there(line.session, &t->all[i], w, err)) {
            ssh_line_close(&line);
            return false;
        }
    t->hub = ssh_hub_start(line.session, line.below, &none, t->all, t->count);
    return true;
}

void ssh_tunnels_free(struct ssh_tunnels *t)
{
    if (t == NULL)
        return;
    ssh_hub_stop(t->hub);
    for (size_t i = 0; i < t->count; i++) {
        if (t->all[i].listener >= 0)
            close(t->all[i].listener);
        free(t->all[i].host);
    }
    free(t->all);
    free(t);
}
