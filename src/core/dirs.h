/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_DIRS_H
#define IMGFAC_CORE_DIRS_H

/* The directories of one build: work/ID, removed at its end; logs/NAME-ID,
 * which a failed build leaves as its failure bundle; run/ID, by which other
 * processes see it.  All are in the ledger before they exist. */

#include "ledger/ledger.h"
#include "plug/build.h"

struct recorder;

struct dirs {
    ledger_id work, logs;
    struct recorder *recorder;
    struct event_sink *events; /* what b->events was before */
};

/* Sets work_dir, log_dir, run and events of B. */
bool dirs_make(struct build *b, const char *store, struct dirs *out, struct error **err);
/* At the end; E is NULL for a build that went well, LEFT tells that everything
 * stays as it is.  Also after dirs_make() failed. */
void dirs_settle(struct build *b, struct dirs *d, const struct error *e, bool left);

#endif
