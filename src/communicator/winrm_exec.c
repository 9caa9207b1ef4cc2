/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "hcl/fs_util.h"

/* One question for output; a guest that has none says so after so long, which
 * also shows that it lives.  Its answer may be late by the rest. */
#define POLL_NS   (20 * NS_PER_S)
#define ANSWER_NS (POLL_NS + 40 * NS_PER_S)
#define KILL_NS   (4 * NS_PER_S)
/* Standard input that is refused: again after so long, or the end is near. */
#define ERROR_BUSY  UINT64_C(170)
#define BUSY_NS     (200 * NS_PER_MS)
#define PATIENCE_NS (10 * NS_PER_S)

struct run {
    struct winrm_comm *c;
    const struct winrm_job *job;
    const struct ssh_wait *w;
    char *command_id;
    char asked_id[UUID_SIZE], sent_id[UUID_SIZE]; /* of the last messages of both links */
    struct strbuf block;                          /* of standard input, on its way */
    bool is_last;                                 /* it is the last one */
    bool has_block;                               /* it is to be sent, or sent again */
    bool input_ended;
    int64_t not_before_ns; /* for sending it again */
    struct error *refusal; /* of standard input; the command should end by itself */
    int64_t patience_ns;   /* clock_now() value until which it has time for that */
    bool asked, sent;      /* a message is under way on this link */
    bool is_done, is_lost;
    int status;
};

char *winrm_powershell(str script)
{
    AUTO(strbuf) struct strbuf wide = STRBUF_INIT;
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    utf8_to_utf16le(script, &wide);
    strbuf_adds(&command, "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass "
                          "-EncodedCommand ");
    base64_encode(strbuf_str(&wide), &command);
    return strbuf_steal(&command);
}

char *winrm_powershell_file(str script, const char *head)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, head);
    while (script.len > 0) {
        str line = str_next_line(&script);
        if (!str_starts(line, STR("#")))
            strbuf_addf(&text, "%.*s\n", STR_FMT(line));
    }
    return winrm_powershell(strbuf_str(&text));
}

static bool order(struct run *r, struct wsman_response *answer, struct error **err)
{
    struct wsman_request request = {
        .action = WSMAN_COMMAND,
        .text = r->job->command,
        .has_input = r->job->next != NULL,
    };
    return winrm_shell_ensure(r->c, r->w, err) &&
           winrm_call(r->c, &request, WINRM_CALL_NS, answer, r->w, err);
}

/* A shell from before a restart, or one that was idle for hours, is gone: once
 * more in a new one.  The command did not run in the old one. */
static bool start(struct run *r, struct error **err)
{
    AUTO(wsman_response) struct wsman_response first = {0}, second = {0};
    struct wsman_response *answer = &first;
    if (!order(r, answer, err))
        return false;
    if (wsman_is_gone(answer)) {
        log_info("winrm", "the remote shell is gone; making a new one");
        free(steal(&r->c->shell_id));
        answer = &second;
        if (!order(r, answer, err))
            return false;
    }
    if (answer->is_fault)
        return wsman_fault(answer, WSMAN_COMMAND, err);
    if (answer->command_id == NULL)
        return error_set(err, ERR_GUEST, 0, "WinRM started a command without a name");
    r->command_id = steal(&answer->command_id);
    r->c->uses++;
    return true;
}

static bool begin_message(struct run *r, struct winrm_link *l, struct wsman_request *request,
                          char id[UUID_SIZE], struct error **err)
{
    AUTO(strbuf) struct strbuf body = STRBUF_INIT;
    hash_uuid4(id);
    request->id = id;
    request->url = r->c->url;
    request->shell_id = r->c->shell_id;
    request->command_id = r->command_id;
    bool ok =
        wsman_write(&body, request, err) && winrm_link_start(l, strbuf_str(&body), ANSWER_NS, err);
    if (body.len > 0)
        explicit_bzero(body.buf, body.len);
    return ok;
}

static bool ask_for_output(struct run *r, struct error **err)
{
    struct wsman_request request = {.action = WSMAN_RECEIVE, .timeout_ns = POLL_NS};
    return begin_message(r, r->c->link, &request, r->asked_id, err);
}

static bool send_input(struct run *r, struct error **err)
{
    if (!r->has_block) {
        strbuf_truncate(&r->block, 0);
        if (!r->job->next(r->job->arg, &r->block, &r->is_last, err))
            return false;
        r->has_block = true;
    }
    struct wsman_request request = {
        .action = WSMAN_SEND,
        .timeout_ns = ANSWER_NS,
        .input = strbuf_str(&r->block),
        .is_last = r->is_last,
    };
    r->sent = begin_message(r, r->c->input, &request, r->sent_id, err);
    return r->sent;
}

/* What ends the connection ends the command for us: output may be missing. */
static bool lose(struct run *r, struct error **err)
{
    autofree char *why = error_line(*err);
    if ((*err)->code != ERR_NETWORK && (*err)->code != ERR_TIMEOUT)
        return false;
    error_drop(err);
    log_info("winrm", "the command was broken off: %s", why);
    free(r->c->why_lost);
    r->c->why_lost = steal(&why);
    r->is_lost = true;
    return true;
}

/* Busy: nothing was taken.  Too late: it was taken but not read yet.  Anything
 * else: nobody reads any more, which the command's end will explain. */
static void input_refused(struct run *r, const struct wsman_response *answer)
{
    if (answer->code == ERROR_BUSY) {
        r->not_before_ns = clock_now() + BUSY_NS;
        return;
    }
    r->has_block = false;
    if (wsman_is_timeout(answer)) {
        r->input_ended = r->is_last;
        return;
    }
    r->input_ended = true;
    r->patience_ns = clock_now() + PATIENCE_NS;
    wsman_fault(answer, WSMAN_SEND, &r->refusal);
}

static bool input_answered(struct run *r, struct error **err)
{
    AUTO(wsman_response) struct wsman_response answer = {.asked_id = r->sent_id};
    str text;
    r->sent = false;
    if (!winrm_link_answer(r->c->input, &text, err))
        return lose(r, err);
    if (!wsman_read(text, &answer, err))
        return false;
    if (answer.is_fault) {
        input_refused(r, &answer);
    } else {
        r->has_block = false;
        r->input_ended = r->is_last;
    }
    return true;
}

static bool output_answered(struct run *r, struct error **err)
{
    AUTO(wsman_response)
    struct wsman_response answer = {
        .asked_id = r->asked_id,
        .asked_of = r->command_id,
        .on_stream = r->job->on_stream,
        .arg = r->job->arg,
    };
    str text;
    r->asked = false;
    if (!winrm_link_answer(r->c->link, &text, err))
        return lose(r, err);
    if (!wsman_read(text, &answer, err))
        return false;
    if (r->job->failure != NULL && *r->job->failure != NULL) {
        *err = steal(r->job->failure);
        return false;
    }
    if (wsman_is_timeout(&answer))
        return true;
    if (wsman_is_gone(&answer)) {
        wsman_fault(&answer, WSMAN_RECEIVE, err);
        (*err)->code = ERR_NETWORK;
        return lose(r, err);
    }
    if (answer.is_fault)
        return wsman_fault(&answer, WSMAN_RECEIVE, err);
    r->is_done = answer.is_done;
    r->status = answer.status;
    return true;
}

/* Have a message under way wherever there should be one. */
static bool keep_asking(struct run *r, struct error **err)
{
    bool sends = !r->sent && !r->input_ended && clock_now() >= r->not_before_ns;
    if (r->refusal != NULL && clock_now() >= r->patience_ns) {
        *err = steal(&r->refusal);
        return false;
    }
    if (sends && !send_input(r, err))
        return false;
    if (!r->asked)
        r->asked = ask_for_output(r, err);
    return r->asked;
}

static bool talk(struct run *r, struct error **err)
{
    struct winrm_link *links[] = {r->c->link, r->c->input};
    r->input_ended = r->job->next == NULL;
    while (!r->is_done && !r->is_lost) {
        if (!keep_asking(r, err) || !winrm_link_pump(links, ARRAY_SIZE(links), r->w, err))
            return false;
        if (r->sent && !winrm_link_is_busy(r->c->input) && !input_answered(r, err))
            return false;
        if (!winrm_link_is_busy(r->c->link) && !output_answered(r, err))
            return false;
    }
    return true;
}

/* [MS-WSMV] 3.1.4.12: a command stays in its shell until it is signalled. */
static void dismiss(struct run *r, const char *how, int64_t limit_ns)
{
    AUTO(wsman_response) struct wsman_response answer = {0};
    AUTO(error) struct error *ignored = NULL;
    struct wsman_request request = {
        .action = WSMAN_SIGNAL, .command_id = r->command_id, .text = how};
    struct ssh_wait w = {.deadline_ns = clock_now() + limit_ns, .what = "the end of a command"};
    winrm_call(r->c, &request, limit_ns, &answer, &w, &ignored);
}

/* The command is not wanted any more: it ends, and the shell with all that it
 * started.  One whose name was never heard may run all the same. */
static void put_down(struct run *r)
{
    winrm_link_abort(r->c->link);
    winrm_link_abort(r->c->input);
    if (cancel_reason(r->w->guest) == CANCEL_CRASH) {
        winrm_shell_forget(r->c);
        return;
    }
    if (r->command_id != NULL)
        dismiss(r, "terminate", KILL_NS);
    winrm_shell_end(r->c);
}

bool winrm_exec(struct winrm_comm *c, const struct winrm_job *job, const struct ssh_wait *w,
                int *status, struct error **err)
{
    struct run r = {.c = c, .job = job, .w = w, .block = STRBUF_INIT_MAX(WINRM_INPUT_MAX)};
    free(steal(&c->why_lost));
    if (!start(&r, err)) {
        put_down(&r);
        return false;
    }
    bool ok = talk(&r, err);
    winrm_link_abort(c->input);
    if (!ok)
        put_down(&r);
    else if (r.is_lost)
        winrm_shell_forget(c);
    else
        dismiss(&r, "terminate", WINRM_CALL_NS);
    *status = r.is_lost ? COMM_DISCONNECTED : r.status;
    if (r.block.alloc > 0)
        explicit_bzero(r.block.buf, r.block.alloc);
    strbuf_clear(&r.block);
    error_drop(&r.refusal);
    free(r.command_id);
    return ok;
}
