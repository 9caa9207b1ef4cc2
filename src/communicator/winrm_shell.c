/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

/* MaxProcessesPerShell of the oldest WinRM; Packer's limit too. */
#define USES_MAX 15
#define END_NS   (4 * NS_PER_S)

struct ssh_wait winrm_wait(const struct winrm_comm *c, struct cancel *cancel, int64_t timeout_ns,
                           const char *what)
{
    return (struct ssh_wait){
        .cancel = cancel,
        .guest = c->build->guest,
        .deadline_ns = timeout_ns > 0 ? clock_now() + timeout_ns : 0,
        .what = what,
    };
}

bool winrm_call(struct winrm_comm *c, const struct wsman_request *r, int64_t limit_ns,
                struct wsman_response *answer, const struct ssh_wait *w, struct error **err)
{
    AUTO(strbuf) struct strbuf body = STRBUF_INIT;
    struct wsman_request request = *r;
    char id[UUID_SIZE];
    str text;
    hash_uuid4(id);
    request.id = answer->asked_id = id;
    request.url = c->url;
    request.shell_id = c->shell_id;
    request.timeout_ns = limit_ns;
    bool ok = wsman_write(&body, &request, err) &&
              winrm_link_start(c->link, strbuf_str(&body), limit_ns, err);
    if (body.len > 0)
        explicit_bzero(body.buf, body.len);
    if (!ok)
        return false;
    while (winrm_link_is_busy(c->link))
        if (!winrm_link_pump(&c->link, 1, w, err)) {
            winrm_link_abort(c->link);
            return false;
        }
    ok = winrm_link_answer(c->link, &text, err) && wsman_read(text, answer, err);
    answer->asked_id = NULL;
    log_trace("winrm", "%s: %s", wsman_action_name(r->action),
              !ok                ? (*err)->msg
              : answer->is_fault ? "fault"
                                 : "ok");
    return ok;
}

void winrm_shell_forget(struct winrm_comm *c)
{
    free(steal(&c->shell_id));
    winrm_link_abort(c->link);
    winrm_link_abort(c->input);
}

void winrm_shell_end(struct winrm_comm *c)
{
    AUTO(wsman_response) struct wsman_response answer = {0};
    AUTO(error) struct error *ignored = NULL;
    struct wsman_request r = {.action = WSMAN_DELETE};
    struct ssh_wait w = {.deadline_ns = clock_now() + END_NS, .what = "the end of a remote shell"};
    if (c->shell_id != NULL)
        winrm_call(c, &r, END_NS, &answer, &w, &ignored);
    free(steal(&c->shell_id));
}

bool winrm_shell_ensure(struct winrm_comm *c, const struct ssh_wait *w, struct error **err)
{
    AUTO(wsman_response) struct wsman_response answer = {0};
    struct wsman_request r = {.action = WSMAN_CREATE};
    if (c->shell_id != NULL && c->uses >= USES_MAX)
        winrm_shell_end(c);
    if (c->shell_id != NULL)
        return true;
    if (!winrm_call(c, &r, WINRM_CALL_NS, &answer, w, err))
        return false;
    if (answer.is_fault)
        return wsman_fault(&answer, WSMAN_CREATE, err);
    if (answer.shell_id == NULL)
        return error_set(err, ERR_GUEST, 0, "WinRM made a shell without a name");
    c->shell_id = steal(&answer.shell_id);
    c->uses = 0;
    log_debug("winrm", "remote shell %s", c->shell_id);
    return true;
}
