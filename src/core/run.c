/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run.h"

#include "base/log.h"
#include "base/thread.h"
#include "config/config.h"
#include "core/build.h"
#include "ledger/bundles.h"

/* Shared by the threads of one run: the next build to take. */
struct run {
    const struct plan *plan;
    const struct run_options *options;
    struct run_outcome *outcomes;
    struct arena **arenas; /* one per build: arenas belong to one thread */
    pthread_mutex_t lock;
    size_t next;
};

static bool take_next(struct run *r, size_t *out)
{
    LOCK_SCOPE(&r->lock);
    if (r->next == r->plan->build_count || cancel_test(r->options->cancel))
        return false;
    *out = r->next++;
    return true;
}

static void *worker(void *arg)
{
    struct run *r = arg;
    size_t i;
    while (take_next(r, &i))
        build_carry_out(r->plan, &r->plan->builds[i], r->options, r->arenas[i], &r->outcomes[i]);
    return NULL;
}

static void free_error(void *arg)
{
    error_free(arg);
}

static bool collect(struct run *r, struct arena *a)
{
    bool ok = true;
    for (size_t i = 0; i < r->plan->build_count; i++) {
        struct run_outcome *o = &r->outcomes[i];
        o->plan = &r->plan->builds[i];
        if (o->error != NULL)
            arena_on_free(a, free_error, o->error);
        ok = ok && o->ok;
    }
    return ok;
}

/* What earlier builds left is not worth failing for. */
static void prune_logs(const struct run_options *options)
{
    AUTO(error) struct error *e = NULL;
    const struct config_logs *logs = options->config != NULL ? options->config->logs : NULL;
    if (logs == NULL || options->store == NULL)
        return;
    const struct bundle_limits limits = {logs->keep_days, logs->keep_last};
    if (bundles_prune(options->store, &limits, NULL, NULL, &e))
        return;
    autofree char *why = error_line(e);
    log_warn("ledger", "%s", why);
}

bool run_builds(const struct plan *plan, const struct run_options *options, struct arena *a,
                struct run_outcome **out)
{
    size_t count = plan->build_count;
    struct run r = {
        .plan = plan,
        .options = options,
        .outcomes = arena_new_array(a, struct run_outcome, count),
        .arenas = arena_new_array(a, struct arena *, count),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    prune_logs(options);
    for (size_t i = 0; i < count; i++)
        r.arenas[i] = arena_new_child(a, "build");
    size_t threads = options->parallel == 0 ? count : MIN(count, (size_t)options->parallel);
    pthread_t *ids = arena_new_array(a, pthread_t, threads);
    for (size_t i = 0; i < threads; i++)
        ids[i] = thread_start("build", worker, &r);
    for (size_t i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    *out = r.outcomes;
    return collect(&r, a);
}
