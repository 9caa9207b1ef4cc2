/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_BUILD_H
#define IMGFAC_CORE_BUILD_H

/* One build from its plan: the typed state, the list of steps, the run, and
 * what is left of it.  Called from the build's own thread. */

#include "core/run.h"

/* Everything in *OUT lives in A, which belongs to this build. */
void build_carry_out(const struct plan *plan, const struct planned_build *pb,
                     const struct run_options *options, struct arena *a, struct run_outcome *out);

#endif
