/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_REAPER_H
#define IMGFAC_PLUG_REAPER_H

/* Removes what a killed imgfac left behind.  The ledger keeps one line per
 * resource with a kind; at every start the reaper of that kind gets the data
 * of each line whose owner is dead.  Must be safe to run twice and when the
 * resource never came into being. */

#include "base/error.h"

struct reaper {
    const char *kind; /* "domain" */
    bool (*reap)(const char *data, struct error **err);
};

#endif
