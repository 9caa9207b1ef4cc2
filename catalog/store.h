/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CATALOG_STORE_H
#define IMGFAC_CATALOG_STORE_H

/* The bytes of the catalog: one read-only file per content digest under
 * STORE/images/sha256/ab/abcdef...  A file appears under its final name only
 * when it is complete and durable.  A lock keeps the sweeper away from files
 * that are in the store but not yet in the database. */

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"

struct store {
    const char *root;   /* absolute */
    const char *images; /* root/images/sha256 */
    const char *tmp;    /* root/tmp */
};

/* The paths alone; strings live in A. */
void store_paths(const char *root, struct arena *a, struct store *out);
/* Makes the directories. */
bool store_open(const char *root, struct arena *a, struct store *out, struct error **err);
const char *store_path_of(const struct store *s, const char *sha256, struct arena *a);

struct store_job {
    const char *path;
    bool take; /* rename instead of copy */
    const char *sha256;
    struct cancel *cancel;
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};
/* Put a file under its digest; one that is there already is kept.  *SIZE is
 * that of the stored file. */
bool store_put(const struct store *s, const struct store_job *job, uint64_t *size,
               struct error **err);
bool store_remove(const struct store *s, const char *sha256, struct error **err);

/* Shared: putting and recording.  Exclusive: removing files nobody names.
 * Returns a descriptor to close, or -1. */
int store_lock(const struct store *s, bool exclusive, struct error **err);
/* The exclusive lock when nobody has any; else -1, without waiting. */
int store_try_lock(const struct store *s);
/* Remove what killed processes were copying; under the exclusive lock. */
void store_remove_unfinished(const struct store *s);

/* A lock on one image: shared by those who need it, tried exclusively by who
 * removes it.  A descriptor to close, or -1: ERR_NOT_FOUND when the file is
 * gone, ERR_EXISTS when somebody needs it. */
int store_lock_image(const char *path, bool exclusive, struct error **err);

/* Call FN for each file in the store with its digest. */
bool store_each(const struct store *s,
                bool (*fn)(void *arg, const char *sha256, struct error **err), void *arg,
                struct error **err);

#endif
