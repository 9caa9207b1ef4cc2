/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_AGENT_TALK_H
#define IMGFAC_COMMUNICATOR_AGENT_TALK_H

/* Single requests to the QEMU guest agent (QEMU's docs/interop/qemu-ga-ref):
 * processes and files of the guest.  Each function asks once; waiting for
 * something to happen in the guest is for the caller.  Borrows everything; one
 * thread. */

#include "base/strbuf.h"
#include "communicator/ssh_internal.h" /* struct ssh_wait */

/* Bytes in one request or answer: base64 of it stays well below libvirt's and
 * the agent's limits. */
#define AGENT_BLOCK ((size_t)144 << 10)

struct agent_comm {
    struct comm comm; /* first member, as plug/communicator.h wants it */
    const struct comm_config *config;
    struct build *build;
    struct guest_agent *agent;
    char *left; /* files of the last command that are still to be removed, quoted; or NULL */
};

struct ssh_wait agent_wait(const struct agent_comm *c, struct cancel *cancel, int64_t timeout_ns,
                           const char *what);

bool agent_ping(struct agent_comm *c, struct error **err);

/* Start ARGV (at most 7 words) with an environment of root's; its own output is
 * kept for agent_status(). */
bool agent_exec(struct agent_comm *c, const char *const *argv, str input, int64_t *pid,
                struct error **err);
struct agent_process {
    bool has_ended;
    int status;          /* exit status or 128+signal */
    struct strbuf noise; /* standard error, at most 2 KiB */
};
/* False with ERR_NOT_FOUND when the agent does not know PID: the guest was
 * started anew. */
bool agent_status(struct agent_comm *c, int64_t pid, struct agent_process *p, struct error **err);
/* Run SCRIPT with /bin/sh to its end and demand status 0. */
bool agent_script(struct agent_comm *c, const char *script, const struct ssh_wait *w,
                  struct error **err);

bool agent_open(struct agent_comm *c, const char *path, const char *mode, int64_t *handle,
                struct error **err);
bool agent_write(struct agent_comm *c, int64_t handle, str data, const struct ssh_wait *w,
                 struct error **err);
/* At most AGENT_BLOCK bytes into OUT, which is emptied first; *AT_END at the end
 * of what is there now. */
bool agent_read(struct agent_comm *c, int64_t handle, struct strbuf *out, bool *at_end,
                struct error **err);
/* After the last write, OK telling whether all went well: what was written is
 * kept by the agent until now, so that a full disk may show only here. */
bool agent_finish(struct agent_comm *c, int64_t handle, bool ok, struct error **err);
/* Best effort: nothing depends on it. */
void agent_close(struct agent_comm *c, int64_t handle);

#endif
