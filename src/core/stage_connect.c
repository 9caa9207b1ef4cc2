/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "core/plan.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/cancel.h"
#include "host/host.h"

/* cloud-init's final stage writes this when everything has run; reading it
 * costs nothing, while `cloud-init status` starts Python (3 s under TCG).  The
 * guest has no event to wait for without tools of its own; each look costs an
 * emulated guest about 50 ms, so it looks once a second. */
#define WAIT_SCRIPT                                                                                \
    "d=/run/cloud-init; [ -e $d/disabled ] && exit 0; "                                            \
    "command -v cloud-init >/dev/null 2>&1 || exit 0; "                                            \
    "until [ -s $d/result.json ]; do sleep 1; done; cat $d/result.json"

#define READY_LIMIT_NS     (10 * 60 * NS_PER_S)
#define TCG_LIMIT_FACTOR   4
#define RESULT_JSON_MAX    (256 * 1024)
#define STATUS_LINES_SHOWN 20

struct connect_state {
    const struct comm_type *type;
    const struct comm_config *config;
};

static bool connect_run(struct step *s, struct build *b, struct error **err)
{
    struct connect_state *state = s->state;
    b->comm = comm_open(state->type, state->config, b, err);
    return b->comm != NULL;
}

static void connect_cleanup(struct step *s, struct build *b, bool ok)
{
    (void)s;
    (void)ok;
    comm_close(steal(&b->comm));
}

struct step stage_connect(struct build *b, const struct comm_type *type,
                          const struct comm_config *config, const struct planned_build *pb)
{
    struct connect_state *state = arena_new_object(b->arena, struct connect_state);
    *state = (struct connect_state){.type = type, .config = config};
    return (struct step){.name = "connect",
                         .title = "Waiting for the guest to accept a login",
                         .range = pb->range,
                         .body = pb->body,
                         .state = state,
                         .run = connect_run,
                         .cleanup = connect_cleanup};
}

/* {"v1": {"datasource": "...", "errors": ["...", ...]}}: cloud-init's
 * documentation, "result.json". */
static bool check_result(const struct strbuf *text, struct build *b, struct error **err)
{
    if (text->len == 0)
        return true; /* cloud-init is absent or disabled */
    json_error_t why;
    json_t *root = json_loadb(text->buf, text->len, 0, &why);
    json_t *errors = json_object_get(json_object_get(root, "v1"), "errors");
    size_t count = json_array_size(errors);
    bool ok = root != NULL && count == 0;
    if (root == NULL)
        error_set(err, ERR_GUEST, 0, "cloud-init left an unreadable result: %s", why.text);
    for (size_t i = 0; i < MIN(count, (size_t)STATUS_LINES_SHOWN); i++) {
        const char *line = json_string_value(json_array_get(errors, i));
        event_sayf(b->events, EVENT_ERROR, b->name, "cloud-init: %s", line ? line : "?");
    }
    if (root != NULL && !ok)
        error_set(err, ERR_GUEST, 0, "cloud-init finished with %zu error%s in the guest", count,
                  count == 1 ? "" : "s");
    json_decref(root);
    return ok;
}

static bool ready_run(struct step *s, struct build *b, struct error **err)
{
    (void)s;
    if (!b->wants_cloud_init)
        return true;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(RESULT_JSON_MAX);
    struct comm_command cmd = {
        .command = WAIT_SCRIPT,
        .out = &out,
        .timeout_ns = READY_LIMIT_NS * (host_kvm()->usable ? 1 : TCG_LIMIT_FACTOR),
    };
    int status = 0;
    if (!comm_run(b->comm, &cmd, b->guest, &status, err))
        return error_wrap(err, "cannot wait for cloud-init to finish in the guest");
    if (status == COMM_DISCONNECTED)
        return error_set(err, ERR_DISCONNECT, 0,
                         "the guest closed the connection before cloud-init finished");
    if (check_result(&out, b, err))
        return true;
    return error_hint(err, "See /var/log/cloud-init-output.log: its end is in the console log; "
                           "check the template's user_data.");
}

struct step stage_ready(struct build *b)
{
    (void)b;
    return (struct step){.name = "ready",
                         .title = b->wants_cloud_init ? "Waiting for cloud-init to finish" : NULL,
                         .run = ready_run};
}
