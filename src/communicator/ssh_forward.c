/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

/* Agent forwarding (OpenSSH's auth-agent-req@openssh.com): the guest opens a
 * channel back to us for each program that asks; it leads to the agent of this
 * host.  The bytes move while a command runs, which is when they are wanted. */

static int connect_agent(void)
{
    const char *path = getenv("SSH_AUTH_SOCK");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof(a.sun_path))
        return -1;
    memcpy(a.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
        log_warn("ssh", "cannot connect to the agent at '%s'", path);
        close(fd);
        return -1;
    }
    return fd;
}

static ssh_channel on_request(ssh_session session, void *userdata)
{
    struct ssh_comm *c = userdata;
    static const struct relay_goal open = {.host = NULL};
    int fd = ssh_forwards_agent(c) ? connect_agent() : -1;
    if (fd < 0)
        return NULL;
    ssh_channel channel = ssh_channel_new(session);
    if (channel == NULL) {
        close(fd);
        return NULL;
    }
    return relays_add(&c->relays, channel, fd, open) ? channel : NULL;
}

bool ssh_forwards_agent(const struct ssh_comm *c)
{
    return !c->config->ssh_disable_agent_forwarding && getenv("SSH_AUTH_SOCK") != NULL;
}

void ssh_forward_adopt(struct ssh_comm *c)
{
    c->callbacks = (struct ssh_callbacks_struct){
        .userdata = c,
        .channel_open_request_auth_agent_function = on_request,
    };
    ssh_callbacks_init(&c->callbacks);
    ssh_set_callbacks(c->session, &c->callbacks);
}
