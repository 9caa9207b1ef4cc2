/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/agent.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "base/arena.h"
#include "base/clock.h"
#include "qemu/conn.h"
#include "qemu/guest.h"

struct qemu_agent {
    struct guest_agent agent; /* first member */
    struct guest *guest;
};

/* Of libvirt's errors those that say that nobody is there are told from those
 * that come from the agent. */
static enum err_code kind_of(int code)
{
    switch (code) {
    case VIR_ERR_AGENT_UNRESPONSIVE:
    case VIR_ERR_AGENT_UNSYNCED:
    case VIR_ERR_OPERATION_INVALID:
    case VIR_ERR_NO_DOMAIN: return ERR_DISCONNECT;
    case VIR_ERR_OPERATION_TIMEOUT: return ERR_TIMEOUT;
    default: return ERR_GUEST;
    }
}

static char *ask(struct guest_agent *agent, const char *command, int64_t timeout_ns,
                 struct error **err)
{
    struct qemu_agent *q = (struct qemu_agent *)agent;
    int seconds = (int)MAX(timeout_ns / NS_PER_S, (int64_t)1);
    char *answer = virDomainQemuAgentCommand(guest_domain(q->guest), command, seconds, 0);
    if (answer != NULL)
        return answer;
    enum err_code code = kind_of(virGetLastErrorCode());
    conn_error(err, "the guest agent");
    (*err)->code = code;
    return NULL;
}

struct guest_agent *qemu_agent_new(struct arena *a, struct guest *g)
{
    struct qemu_agent *q = arena_new_object(a, struct qemu_agent);
    *q = (struct qemu_agent){.agent = {.ask = ask}, .guest = g};
    return &q->agent;
}
