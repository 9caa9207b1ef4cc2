/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_POOL_H
#define IMGFAC_QEMU_POOL_H

/* A directory of disk images on the host of a hypervisor: a libvirt storage
 * pool.  Volumes of a build are in the ledger before they exist; bases and ISOs
 * stay there under the digest of their content, for the next build.  All calls
 * block and observe the token they are given.  One thread per pool. */

#include "base/arena.h"
#include "base/cancel.h"
#include "ledger/ledger.h"
#include "plug/reaper.h"

struct conn;

extern const struct reaper reaper_volume; /* "volume" */
extern const struct reaper reaper_pool;   /* "pool": one that was never finished */

struct pool;

/* NAME of the configuration.  When there is none and PATH is given, it is made
 * as a directory there; L (may be NULL) records what is made.  Borrows all. */
struct pool *pool_open(struct conn *c, const char *name, const char *path, struct ledger *l,
                       struct error **err);
void pool_close(struct pool *p); /* NULL-safe; the pool itself stays */
DEFINE_AUTO(pool, struct pool *, pool_close);
const char *pool_name(const struct pool *p);
const char *pool_path(const struct pool *p); /* directory on that host */
/* Bytes free there. */
bool pool_room(const struct pool *p, uint64_t *out, struct error **err);

struct volume {
    const char *name, *path; /* NAME in the pool; PATH on that host */
    ledger_id entry;         /* 0: none */
};

struct volume_spec {
    const char *name, *format; /* "qcow2", "raw" */
    uint64_t capacity;
    const char *backing, *backing_format; /* path on that host; or NULL */
};
/* An empty image, or an overlay.  Strings of *OUT are in A. */
bool pool_make(struct pool *p, const struct volume_spec *spec, struct arena *a, struct volume *out,
               struct error **err);
/* Of a file that something else will make in the pool's directory. */
bool pool_expect(struct pool *p, const char *name, struct arena *a, struct volume *out,
                 struct error **err);

/* How bytes move; PROGRESS may be NULL. */
struct transfer {
    struct cancel *cancel;
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};
/* A new volume with the bytes of the file SRC; holes are not sent. */
bool pool_upload(struct pool *p, const char *src, const char *name, const struct transfer *t,
                 struct arena *a, struct volume *out, struct error **err);
/* The bytes of V into DST, which must not exist; holes are not sent. */
bool pool_download(struct pool *p, const struct volume *v, const char *dst,
                   const struct transfer *t, struct error **err);
/* Remove it and strike it out; absent is success. */
bool pool_delete(struct pool *p, struct volume *v, struct error **err);

/* SRC, whose SHA-256 is SHA256, as a volume that others use too: uploaded when
 * it is not there (*UPLOADED tells), under a lock file in LOCK_DIR; what is
 * there is compared by size and samples.  SUFFIX is for people ("qcow2"). */
struct shared_volume {
    const char *src, *sha256, *suffix, *lock_dir;
};
bool pool_share(struct pool *p, const struct shared_volume *s, const struct transfer *t,
                struct arena *a, struct volume *out, bool *uploaded, struct error **err);

#endif
