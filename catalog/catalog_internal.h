/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CATALOG_CATALOG_INTERNAL_H
#define IMGFAC_CATALOG_CATALOG_INTERNAL_H

/* What the catalog's own files share.  The lock serialises the one
 * connection; every public function takes it once. */

#include <pthread.h>

#include "catalog/catalog.h"
#include "catalog/db.h"
#include "catalog/ref.h"
#include "catalog/store.h"

struct catalog {
    struct arena *arena;
    struct db db;
    struct store store;
    pthread_mutex_t lock;
};

/* Read versions whose rows the SQL condition WHERE selects (bound by FORMAT as
 * in db_query); sorted by bucket, newest first.  The lock is held. */
bool versions_read(struct catalog *cat, struct arena *a, struct catalog_versions *out,
                   struct error **err, const char *where, const char *format, const char *arg1,
                   const char *arg2);

/* Who did it, for assignments and events: login name of the process's user. */
const char *catalog_author(struct arena *a);
/* RFC 3339 of now. */
const char *catalog_now(struct arena *a);
bool catalog_log_event(struct catalog *cat, const char *kind, const char *bucket,
                       const char *fingerprint, const char *detail, struct error **err);

#endif
