/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_LEDGER_ADMIT_H
#define IMGFAC_LEDGER_ADMIT_H

/* Who may start: the builds of one store, of all its processes, share the
 * memory and virtual CPUs of a hypervisor.  What each wants and whether it has
 * it stands in its run file; a lock on STORE/admission.lock makes looking and
 * taking one.  In order of their start: a large build is not passed by small
 * ones.  Blocks; the run file belongs to the calling thread. */

#include "base/cancel.h"
#include "ledger/runfile.h"

struct admit_limits {
    int64_t memory_mib, vcpus; /* 0: no limit */
    bool vcpus_soft;           /* a build that wants more than all runs alone */
};

/* Wait until there is room for what R's memory_mib and vcpus say on its
 * hypervisor; SAY (may be NULL) is called with each new reason to wait.
 * ERR_HOST at once, with the numbers, when the limits are below that. */
bool admit_wait(const char *store, struct runfile *r, const struct admit_limits *limits,
                struct cancel *c, void (*say)(void *arg, const char *reason), void *arg,
                struct error **err);

/* Why MINE (waiting) may not start beside ALL, itself among them; NULL: it may.
 * Pure; the text is in A. */
const char *admit_reason(const struct run_infos *all, const struct run_info *mine,
                         const struct admit_limits *limits, struct arena *a);

#endif
