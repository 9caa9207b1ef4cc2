/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_REPORT_H
#define IMGFAC_CLI_REPORT_H

/* The end of `imgfac build`: how long it took, what failed and why (with the
 * place in the template), what was made. */

#include "core/run.h"

struct report {
    struct event_sink *events;
    const struct run_outcome *outcomes;
    size_t count;
    int64_t duration_ns;
    bool cancelled;
};

void report_print(const struct report *r, bool color);
int report_exit_code(const struct report *r);

#endif
