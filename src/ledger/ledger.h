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
/* What is still there when it is closed is kept on purpose: no start reaps it,
 * ledger_reap_kept() does.  Killed before that, it is reaped like any other. */
void ledger_keep(struct ledger *l);
/* Names the file among those of its directory, now and when kept; borrowed. */
const char *ledger_name(const struct ledger *l);

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

/* SAY (NULL: nobody) is told of each entry that could not be reaped, and why.
 * Not thread-safe: for the start of a program. */
void ledger_on_left(void (*say)(void *arg, const char *text), void *arg);

/* Only look: FN is called for each thing that ledger_reap() would remove. */
bool ledger_each_dead(const char *dir, void (*fn)(void *arg, const char *kind, const char *data),
                      void *arg, struct error **err);

/* As ledger_reap() for what was kept on purpose: by the ledger of that NAME, or NULL: by all. */
bool ledger_reap_kept(const char *dir, const char *name, const struct reaper *const *reapers,
                      size_t *reaped, size_t *left, struct error **err);

/* Built-in kinds: "tree" (a path removed with all below it), "file",
 * "process" ({"pid":..,"start":..} killed with its group). */
extern const struct reaper reaper_tree;
extern const struct reaper reaper_process;

#endif
