/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_LEDGER_BUNDLES_H
#define IMGFAC_LEDGER_BUNDLES_H

/* The failure bundles of a store, STORE/logs/BUILD-ULID: which of them are too
 * old to be kept.  Those of builds that run or are kept stay, and so does
 * whatever has another name.  For any process and thread; nothing is held. */

#include "base/arena.h"
#include "base/error.h"
#include "base/vec.h"

struct bundle {
    const char *path;
    int64_t changed_ns; /* wall clock */
    uint64_t bytes;     /* on the disk */
};
DEFINE_ARENA_VEC(bundles, struct bundle);

struct bundle_limits {
    int64_t keep_days; /* 0: for ever; at most 36500 */
    int64_t keep_last; /* the newest so many stay however old they are */
};

/* Those that LIMITS do not keep, oldest first, in A. */
bool bundles_find_old(const char *store, const struct bundle_limits *limits, struct arena *a,
                      struct bundles *out, struct error **err);
/* Remove them; *COUNT and *BYTES (may be NULL) tell what has gone. */
bool bundles_prune(const char *store, const struct bundle_limits *limits, size_t *count,
                   uint64_t *bytes, struct error **err);

#endif
