/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/agent_talk.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hcl/fs_util.h"

#define ANSWER_NS (20 * NS_PER_S)
#define NOISE_MAX 2048

struct ssh_wait agent_wait(const struct agent_comm *c, struct cancel *cancel, int64_t timeout_ns,
                           const char *what)
{
    return (struct ssh_wait){
        .cancel = cancel,
        .guest = c->build->guest,
        .deadline_ns = timeout_ns > 0 ? clock_now() + timeout_ns : 0,
        .what = what,
    };
}

/* {"return": ...} gives the value; {"error": {"desc": ...}} an error. */
static json_t *take_answer(const char *text, const char *command, struct error **err)
{
    json_error_t why;
    json_t *root = json_loads(text, JSON_DECODE_ANY, &why);
    json_t *answer = json_incref(json_object_get(root, "return"));
    const char *desc = json_string_value(json_object_get(json_object_get(root, "error"), "desc"));
    if (desc != NULL)
        error_set(err, ERR_GUEST, 0, "the guest agent refused %s: %s", command, desc);
    else if (answer == NULL)
        error_set(err, ERR_GUEST, 0, "the guest agent gave a malformed answer to %s", command);
    json_decref(root);
    return answer;
}

/* ARGUMENTS is taken; the value of the answer, or NULL. */
static json_t *ask(struct agent_comm *c, const char *command, json_t *arguments, struct error **err)
{
    json_t *root = json_pack("{s:s}", "execute", command);
    if (arguments != NULL)
        json_object_set_new(root, "arguments", arguments);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    autofree char *reply = c->agent->ask(c->agent, text, ANSWER_NS, err);
    explicit_bzero(text, strlen(text));
    free(text);
    return reply == NULL ? NULL : take_answer(reply, command, err);
}

static bool done(json_t *answer)
{
    json_decref(answer);
    return answer != NULL;
}

bool agent_ping(struct agent_comm *c, struct error **err)
{
    return done(ask(c, "guest-ping", NULL, err));
}

static json_t *base64_json(str data)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    base64_encode(data, &sb);
    json_t *text = json_stringn(sb.buf, sb.len);
    explicit_bzero(sb.buf, sb.len);
    return text;
}

static json_t *environment(void)
{
    return json_pack("[s, s, s, s, s, s]", "HOME=/root", "USER=root", "LOGNAME=root",
                     "SHELL=/bin/sh", "LANG=C.UTF-8",
                     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

bool agent_exec(struct agent_comm *c, const char *const *argv, str input, int64_t *pid,
                struct error **err)
{
    json_t *words = json_array(), *arguments = json_object();
    bool ok = true;
    /* jansson takes UTF-8 only, and so does the agent. */
    for (size_t i = 1; argv[i] != NULL; i++)
        ok = json_array_append_new(words, json_string(argv[i])) == 0 && ok;
    json_object_set_new(arguments, "path", json_string(argv[0]));
    json_object_set_new(arguments, "arg", words);
    json_object_set_new(arguments, "env", environment());
    json_object_set_new(arguments, "capture-output", json_true());
    if (input.len > 0)
        json_object_set_new(arguments, "input-data", base64_json(input));
    if (!ok) {
        json_decref(arguments);
        error_set(err, ERR_USAGE, 0, "the command is not valid UTF-8");
        return error_hint(err, "The guest agent takes nothing else; use an uploaded script.");
    }
    json_t *answer = ask(c, "guest-exec", arguments, err);
    if (answer != NULL)
        *pid = json_integer_value(json_object_get(answer, "pid"));
    return done(answer);
}

static void decode(json_t *text, struct strbuf *out)
{
    size_t at;
    if (json_is_string(text))
        base64_decode((str){json_string_value(text), json_string_length(text)}, out, &at);
}

bool agent_status(struct agent_comm *c, int64_t pid, struct agent_process *p, struct error **err)
{
    json_t *answer = ask(c, "guest-exec-status", json_pack("{s:I}", "pid", (json_int_t)pid), err);
    if (answer == NULL) {
        if ((*err)->code == ERR_GUEST)
            (*err)->code = ERR_NOT_FOUND;
        return false;
    }
    p->has_ended = json_is_true(json_object_get(answer, "exited"));
    json_t *signal = json_object_get(answer, "signal");
    p->status = signal != NULL ? 128 + (int)json_integer_value(signal)
                               : (int)json_integer_value(json_object_get(answer, "exitcode"));
    AUTO(strbuf) struct strbuf noise = STRBUF_INIT;
    decode(json_object_get(answer, "err-data"), &noise);
    strbuf_truncate(&p->noise, 0);
    strbuf_addstr(&p->noise, str_sub(strbuf_str(&noise), 0, MIN(noise.len, (size_t)NOISE_MAX)));
    return done(answer);
}

bool agent_script(struct agent_comm *c, const char *script, const struct ssh_wait *w,
                  struct error **err)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct agent_process p = {.noise = STRBUF_INIT};
    int64_t pid, pause = 5 * NS_PER_MS;
    bool ok = agent_exec(c, argv, STR(""), &pid, err) && agent_status(c, pid, &p, err);
    while (ok && !p.has_ended) {
        ok = ssh_wait_sleep(w, pause, err) && agent_status(c, pid, &p, err);
        pause = MIN(pause * 2, 250 * NS_PER_MS);
    }
    if (ok && p.status != 0)
        ok = error_set(err, ERR_GUEST, 0, "%.*s", STR_FMT(str_trim(strbuf_str(&p.noise))));
    strbuf_clear(&p.noise);
    return ok;
}

bool agent_open(struct agent_comm *c, const char *path, const char *mode, int64_t *handle,
                struct error **err)
{
    json_t *answer =
        ask(c, "guest-file-open", json_pack("{s:s, s:s}", "path", path, "mode", mode), err);
    if (answer != NULL)
        *handle = json_integer_value(answer);
    return done(answer);
}

bool agent_write(struct agent_comm *c, int64_t handle, str data, const struct ssh_wait *w,
                 struct error **err)
{
    while (data.len > 0) {
        str block = str_sub(data, 0, MIN(data.len, AGENT_BLOCK));
        json_t *arguments = json_pack("{s:I}", "handle", (json_int_t)handle);
        json_object_set_new(arguments, "buf-b64", base64_json(block));
        if (!ssh_wait_test(w, err)) {
            json_decref(arguments);
            return false;
        }
        json_t *answer = ask(c, "guest-file-write", arguments, err);
        json_int_t count = json_integer_value(json_object_get(answer, "count"));
        if (!done(answer))
            return false;
        if (count <= 0 || (size_t)count > block.len)
            return error_set(err, ERR_GUEST, 0, "the guest agent wrote %lld of %zu bytes",
                             (long long)count, block.len);
        data = str_sub(data, (size_t)count, data.len);
    }
    return true;
}

bool agent_read(struct agent_comm *c, int64_t handle, struct strbuf *out, bool *at_end,
                struct error **err)
{
    json_t *answer =
        ask(c, "guest-file-read",
            json_pack("{s:I, s:I}", "handle", (json_int_t)handle, "count", (json_int_t)AGENT_BLOCK),
            err);
    if (answer == NULL)
        return false;
    strbuf_truncate(out, 0);
    decode(json_object_get(answer, "buf-b64"), out);
    *at_end = json_is_true(json_object_get(answer, "eof"));
    bool ok = json_integer_value(json_object_get(answer, "count")) == (json_int_t)out->len;
    json_decref(answer);
    return ok || error_set(err, ERR_GUEST, 0, "the guest agent gave a damaged block of a file");
}

bool agent_finish(struct agent_comm *c, int64_t handle, bool ok, struct error **err)
{
    ok = ok &&
         done(ask(c, "guest-file-flush", json_pack("{s:I}", "handle", (json_int_t)handle), err));
    agent_close(c, handle);
    return ok;
}

void agent_close(struct agent_comm *c, int64_t handle)
{
    struct error *ignored = NULL;
    done(ask(c, "guest-file-close", json_pack("{s:I}", "handle", (json_int_t)handle), &ignored));
    error_drop(&ignored);
}
