/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_LEDGER_LEDGER_H
#define IMGFAC_LEDGER_LEDGER_H

/* Write-ahead record of every resource that outlives a killed imgfac: trees,
 * files, processes, domains.  An entry is durable before the resource exists
 * and is struck out after it is gone.  Every start reaps the entries of dead
 * owners.  One file per process in DIR, appended with fsync; a lock tells live
 * owners from dead ones.  Thread-safe. */

#include "base/error.h"

struct ledger;
struct reaper;

/* DIR is made when absent. */
struct ledger *ledger_open(const char *dir, struct error **err);
/* Entries still there are kept for the next start to reap. */
void ledger_close(struct ledger *l);
DEFINE_AUTO(ledger, struct ledger *, ledger_close);

typedef uint64_t ledger_id; /* 0: none */
/* KIND is a word, DATA one string, JSON when it has parts. */
bool ledger_add(struct ledger *l, const char *kind, const char *data, ledger_id *out,
                struct error **err);
/* Strike out; failures are logged only: reaping twice does no harm.  0 is ignored. */
void ledger_strike(struct ledger *l, ledger_id id);

/* Reap what dead owners left; REAPERS is NULL-ended.  An entry whose reaper
 * fails is kept and reported in *LEFT (count); false only when DIR itself
 * cannot be read.  *REAPED counts the successes. */
bool ledger_reap(const char *dir, const struct reaper *const *reapers, size_t *reaped, size_t *left,
                 struct error **err);

/* Built-in kinds: "tree" (a path removed with all below it), "file",
 * "process" ({"pid":..,"start":..} killed with its group). */
extern const struct reaper reaper_tree;
extern const struct reaper reaper_process;

#endif
