/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_RUN_H
#define IMGFAC_CORE_RUN_H

/* The run phase: takes a plan and carries out its builds, each in a thread of
 * its own, at most `parallel` at a time.  Blocks until all have ended and
 * cleaned up after themselves. */

#include "core/plan.h"
#include "core/steps.h"

struct catalog;
struct catalog_version;
struct config;
struct event_sink;
struct ledger;

struct run_options {
    struct event_sink *events;
    struct cancel *cancel;
    struct ledger *ledger;
    struct catalog *catalog;
    const struct config *config;
    const char *store; /* directory: work/ and logs/ are made below it */
    struct steps_policy policy;
    unsigned parallel; /* 0: no limit */
    bool force, debug;
};

struct run_outcome {
    const struct planned_build *plan;
    bool started, ok;
    struct error *error;                   /* owned by the arena of the run; NULL when ok */
    const struct catalog_version *version; /* NULL: not recorded */
    const char *artifact;                  /* one line for the summary; NULL: none */
    const char *path;                      /* of the image */
    uint64_t size;                         /* bytes of the file */
    const char *log_dir;                   /* kept when the build failed */
    int64_t duration_ns;
};

/* One outcome per build of the plan, in its order, in A; true when all are ok. */
bool run_builds(const struct plan *plan, const struct run_options *options, struct arena *a,
                struct run_outcome **out);

#endif
