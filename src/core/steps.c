/* SPDX-License-Identifier: Apache-2.0 */
#include "core/steps.h"

#include "base/clock.h"
#include "base/log.h"
#include "ledger/runfile.h"
#include "schema/schema.h"

/* A killed domain, removed trees and a finished reaping need seconds; past
 * this a cleanup is given up and left to the ledger. */
#define CLEANUP_LIMIT_NS (8 * NS_PER_S)
/* An error-cleanup-provisioner works in the guest; it gets what every build
 * gets that is not interrupted. */
#define ERROR_CLEANUP_LIMIT_NS (10 * 60 * NS_PER_S)

static void emit_step(struct build *b, const struct step *s, enum event_kind kind, bool ok,
                      int64_t duration_ns)
{
    struct event e = {
        .kind = kind, .build = b->name, .step = s->name, .ok = ok, .duration_ns = duration_ns};
    if (kind == EVENT_STEP_START)
        e.text = str_from(s->title);
    event_emit(b->events, &e);
}

static void publish_step(struct build *b, const char *name)
{
    if (b->run == NULL)
        return;
    runfile_info(b->run)->step = name;
    runfile_publish(b->run);
}

static bool run_step(struct step *s, struct build *b, struct error **err)
{
    int64_t start = clock_now();
    if (cancel_test(b->cancel))
        return cancel_error(b->cancel, err, s->name);
    log_debug("core", "step %s", s->name);
    publish_step(b, s->name);
    emit_step(b, s, EVENT_STEP_START, true, 0);
    bool ok = s->run(s, b, err);
    assert(ok == (*err == NULL));
    emit_step(b, s, EVENT_STEP_END, ok, clock_now() - start);
    return ok;
}

/* A guest that died makes every later failure its consequence. */
static void find_cause(struct step *s, struct build *b, const struct steps_policy *policy,
                       struct error **err)
{
    schema_error_at(err, s->body, s->range);
    if (policy->diagnose != NULL && !error_is(*err, ERR_CANCELLED))
        policy->diagnose(policy->diagnose_arg, b, err);
    if (policy->diagnose != NULL && cancel_reason(b->guest) == CANCEL_CRASH &&
        cancel_reason(b->cancel) == CANCEL_NONE && error_is(*err, ERR_CANCELLED))
        policy->diagnose(policy->diagnose_arg, b, err);
}

static char decide(const struct steps_policy *policy, struct build *b, const struct step *s)
{
    switch (policy->on_error) {
    case ON_ERROR_ABORT:
    case ON_ERROR_RUN_CLEANUP_PROVISIONER: return 'a';
    case ON_ERROR_ASK: return policy->ask == NULL ? 'c' : policy->ask(policy->arg, b, s->name);
    case ON_ERROR_CLEANUP: break;
    }
    return 'c';
}

/* Ctrl-C ends it, and after a Ctrl-C it has no longer than any cleanup. */
static void run_error_cleanup(struct step *s, struct build *b)
{
    struct cancel *of_build = b->cancel;
    bool interrupted = cancel_test(of_build);
    AUTO(cancel) struct cancel *limit = cancel_new(interrupted ? NULL : of_build);
    cancel_set_deadline(limit,
                        clock_now() + (interrupted ? CLEANUP_LIMIT_NS : ERROR_CLEANUP_LIMIT_NS));
    b->cancel = limit;
    s->cleanup(s, b, false);
    b->cancel = of_build;
}

static void clean_up(struct step_list *steps, size_t started, struct build *b, bool ok)
{
    struct cancel *of_build = b->cancel;
    AUTO(cancel) struct cancel *limit = cancel_new(NULL);
    cancel_set_deadline(limit, clock_now() + CLEANUP_LIMIT_NS);
    for (size_t i = started; i-- > 0;) {
        struct step *s = &steps->ptr[i];
        if (s->cleanup == NULL)
            continue;
        if (s->is_error_cleanup && !ok) {
            run_error_cleanup(s, b);
            cancel_set_deadline(limit, clock_now() + CLEANUP_LIMIT_NS);
            continue;
        }
        b->cancel = limit;
        s->cleanup(s, b, ok);
        b->cancel = of_build;
    }
}

static void leave(struct step_list *steps, size_t started, struct build *b,
                  const struct steps_policy *policy)
{
    bool runs_provisioner = policy->on_error == ON_ERROR_RUN_CLEANUP_PROVISIONER;
    event_sayf(b->events, EVENT_ERROR, b->name, "Step \"%s\" failed, aborting...",
               steps->ptr[started - 1].name);
    for (size_t i = started; i-- > 0;) {
        struct step *s = &steps->ptr[i];
        if (s->is_error_cleanup && runs_provisioner)
            run_error_cleanup(s, b);
        else if (s->cleanup != NULL && i + 1 < started)
            event_sayf(b->events, EVENT_SAY, b->name, "aborted: skipping cleanup of step \"%s\"",
                       s->name);
    }
}

bool steps_run(struct step_list *steps, struct build *b, const struct steps_policy *policy,
               bool *left, struct error **err)
{
    size_t started = 0;
    char then = 'c';
    while (started < steps->len) {
        struct step *s = &steps->ptr[started++];
        if (run_step(s, b, err)) {
            if (policy->pause != NULL)
                policy->pause(policy->arg, b, s->name);
            continue;
        }
        find_cause(s, b, policy, err);
        then = cancel_test(b->cancel) ? 'c' : decide(policy, b, s);
        if (then != 'r')
            break;
        error_drop(err);
        started--;
    }
    *left = *err != NULL && then == 'a';
    if (*left)
        leave(steps, started, b, policy);
    else
        clean_up(steps, started, b, *err == NULL);
    return *err == NULL;
}
