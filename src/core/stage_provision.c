/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "base/clock.h"
#include "core/plan.h"
#include "hcl/diag.h"

struct provision_state {
    const struct planned_build *plan;
    const struct planned_provisioner *p;
};

/* The first of DIAGS as the error of a running build. */
static bool first_as_error(const struct diags *diags, struct error **err)
{
    VEC_EACH (d, &diags->list) {
        if ((*d)->severity != DIAG_ERROR)
            continue;
        error_set(err, ERR_TEMPLATE, 0, "%s: %s", (*d)->summary, (*d)->detail);
        return error_at(err, (*d)->subject);
    }
    return error_set(err, ERR_INTERNAL, 0, "the options could not be decoded");
}

/* The options once more, now with the real build.* values. */
static const void *decode(const struct provision_state *state, struct build *b, struct arena *a,
                          struct error **err)
{
    struct diags diags;
    diags_init(&diags, a);
    const void *config = NULL;
    if (plan_decode_provisioner(state->plan, state->p, b, a, &config, &diags))
        return config;
    first_as_error(&diags, err);
    return NULL;
}

static bool attempt(const struct provision_state *state, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("provisioner");
    const void *config = decode(state, b, a, err);
    if (config == NULL)
        return false;
    return provisioner_run(state->p->type, config, b, err);
}

/* The time limit of one attempt becomes the deadline of a token below the
 * guest's: everything the provisioner waits for observes it. */
static bool attempt_limited(const struct provision_state *state, struct build *b,
                            struct error **err)
{
    if (state->p->timeout_ns == 0)
        return attempt(state, b, err);
    struct cancel *guest = b->guest;
    AUTO(cancel) struct cancel *limited = cancel_new(guest);
    cancel_set_deadline(limited, clock_now() + state->p->timeout_ns);
    b->guest = limited;
    bool ok = attempt(state, b, err);
    b->guest = guest;
    if (ok || cancel_reason(limited) != CANCEL_TIMEOUT)
        return ok;
    autofree char *limit = clock_format_duration(state->p->timeout_ns);
    error_wrap_code(err, ERR_TIMEOUT, "provisioner '%s' did not end within its timeout of %s",
                    state->p->type->name, limit);
    return error_hint(err, "Raise `timeout` of the provisioner, or find what hangs in its output.");
}

static bool pause_before(const struct planned_provisioner *p, struct build *b, struct error **err)
{
    if (p->pause_before_ns <= 0)
        return true;
    autofree char *pause = clock_format_duration(p->pause_before_ns);
    build_sayf(b, "Pausing %s before the next provisioner...", pause);
    if (cancel_sleep(b->guest, p->pause_before_ns))
        return true;
    return cancel_error(b->guest, err, "the pause before a provisioner");
}

static bool run_with_retries(const struct provision_state *state, struct build *b,
                             struct error **err)
{
    const struct planned_provisioner *p = state->p;
    for (int64_t left = p->max_retries;; left--) {
        if (pause_before(p, b, err) && attempt_limited(state, b, err))
            return true;
        if (left <= 0 || cancel_test(b->guest))
            return false;
        autofree char *why = error_line(*err);
        build_warnf(b, "Provisioner failed with \"%s\", retrying with %lld tr%s left", why,
                    (long long)left, left == 1 ? "y" : "ies");
        error_drop(err);
    }
}

static bool provision_run(struct step *s, struct build *b, struct error **err)
{
    struct provision_state *state = s->state;
    if (run_with_retries(state, b, err))
        return true;
    if (!state->p->continue_on_error || cancel_test(b->guest))
        return error_wrap(err, "provisioner '%s' failed", state->p->type->name);
    autofree char *why = error_line(*err);
    build_warnf(b, "provisioner '%s' failed and continue_on_error is set: %s", state->p->type->name,
                why);
    error_drop(err);
    return true;
}

static struct provision_state *new_state(struct build *b, const struct planned_build *plan,
                                         const struct planned_provisioner *p)
{
    struct provision_state *state = arena_new_object(b->arena, struct provision_state);
    *state = (struct provision_state){.plan = plan, .p = p};
    return state;
}

struct step stage_provision(struct build *b, const struct planned_build *plan,
                            const struct planned_provisioner *p)
{
    return (struct step){.name = p->name != NULL ? p->name : p->type->name,
                         .range = p->range,
                         .body = p->body,
                         .state = new_state(b, plan, p),
                         .run = provision_run};
}

static bool nothing_to_run(struct step *s, struct build *b, struct error **err)
{
    (void)s;
    (void)b;
    (void)err;
    return true;
}

static void error_cleanup(struct step *s, struct build *b, bool ok)
{
    struct provision_state *state = s->state;
    if (ok || b->comm == NULL || cancel_reason(b->guest) == CANCEL_CRASH)
        return;
    struct cancel *guest = b->guest;
    b->guest = b->cancel; /* the guest's own token may be triggered already */
    AUTO(error) struct error *e = NULL;
    build_sayf(b, "Running the error-cleanup-provisioner...");
    if (!attempt_limited(state, b, &e)) {
        autofree char *why = error_line(e);
        build_warnf(b, "the error-cleanup-provisioner failed: %s", why);
    }
    b->guest = guest;
}

struct step stage_error_cleanup(struct build *b, const struct planned_build *plan,
                                const struct planned_provisioner *p)
{
    return (struct step){.name = "error-cleanup",
                         .range = p->range,
                         .body = p->body,
                         .state = new_state(b, plan, p),
                         .run = nothing_to_run,
                         .cleanup = error_cleanup,
                         .is_error_cleanup = true};
}
