/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CATALOG_CATALOG_H
#define IMGFAC_CATALOG_CATALOG_H

/* The local catalog: which golden images there are, from what each was made,
 * which channel points where; and the store that holds their bytes, one
 * immutable file per content digest.  Semantics are those of HCP Packer's
 * registry (buckets, versions with fingerprint, channels with history, managed
 * channel `latest`, revocation).  Records returned live in the caller's arena.
 * One handle per process, thread-safe; other processes may use the same
 * catalog at the same time (SQLite WAL, BEGIN IMMEDIATE, busy time-out). */

#include "base/arena.h"
#include "base/cancel.h"
#include "base/error.h"
#include "schema/schema.h"

struct catalog;

/* STORE is a directory, made when absent: catalog.db, images/sha256/ab/abcd...,
 * tmp/.  URL "sqlite:catalog.db" is relative to STORE; NULL: that default. */
bool catalog_open(const char *store, const char *url, struct catalog **out, struct error **err);
/* The same for a look: makes, locks, migrates nothing, so that a store of
 * somebody else or on a read-only mount will do.  ERR_NOT_FOUND: there is no
 * catalog there yet.  Nothing that changes the catalog may be called. */
bool catalog_open_read(const char *store, const char *url, struct catalog **out,
                       struct error **err);
void catalog_close(struct catalog *cat);
DEFINE_AUTO(catalog, struct catalog *, catalog_close);
const char *catalog_store_path(const struct catalog *cat);
/* Directory on the same file system as the images for unfinished work. */
const char *catalog_tmp_path(const struct catalog *cat);

struct catalog_artifact {
    const char *name; /* "disk", the first; "efivars": the UEFI variables that go with it */
    const char *sha256;
    uint64_t size; /* bytes of the file */
    uint64_t virtual_size;
    const char *format; /* "qcow2" or "raw" */
    const char *path;   /* absolute, in the store */
};

struct catalog_version {
    int64_t id;
    const char *bucket;
    const char *fingerprint;                     /* ULID */
    int64_t sequence;                            /* 3 is shown as "v3" */
    const char *name;                            /* "v3" */
    const char *status;                          /* "active", "revocation-scheduled", "revoked" */
    const char *created_at;                      /* RFC 3339 */
    const char *builder;                         /* "qemu", "debootstrap", "import" */
    const char *build_name;                      /* "qemu.golden" */
    const char *arch, *os, *firmware;            /* may be NULL */
    const char *template_path, *template_sha256; /* may be NULL */
    const char *parent_bucket, *parent_fingerprint, *parent_name, *parent_channel; /* or NULL */
    const char *source;      /* URL, mirror or file it was made from; may be NULL */
    const char *description; /* may be NULL */
    const char *revocation_message, *revoke_at; /* may be NULL */
    const char *metadata_json;                  /* may be NULL */
    int64_t build_seconds;
    struct opt_map labels;
    struct opt_strings channels; /* that point to it now */
    struct catalog_artifact *artifacts;
    size_t artifact_count;
};

struct catalog_versions {
    struct catalog_version *ptr;
    size_t len;
};

/* "bucket@channel", "bucket:v3", "bucket:FINGERPRINT" (or a unique prefix of
 * it), "bucket" (channel latest).  ERR_NOT_FOUND names what exists instead
 * ("did you mean"); a revoked version is refused with its reason. */
bool catalog_resolve(struct catalog *cat, str ref, struct arena *a, struct catalog_version *out,
                     struct error **err);
/* The same for a look or a removal: a revoked version is found too.  A channel
 * never points to one. */
bool catalog_find(struct catalog *cat, str ref, struct arena *a, struct catalog_version *out,
                  struct error **err);
/* Only the shape of a reference: true when it could name something. */
bool catalog_ref_check(str ref, struct error **err);

/* Borrowed from V; NULL when it has none of that NAME. */
const struct catalog_artifact *catalog_artifact_named(const struct catalog_version *v,
                                                      const char *name);

/* What a build or an import puts in: one transaction, after the bytes are
 * durable in the store. */
struct catalog_new_version {
    const char *bucket;
    const char *bucket_description; /* may be NULL */
    const char *image_path;         /* finished image; see take_file */
    const char *format;
    uint64_t virtual_size;
    bool take_file;           /* rename into the store (same file system) instead of copying */
    const char *known_sha256; /* may be NULL: it is computed */
    const char *efivars_path; /* UEFI variables that go with it, copied; may be NULL */
    const char *builder, *build_name, *arch, *os, *firmware, *run_uuid;
    const char *template_path, *template_sha256, *source;
    const char *parent_bucket, *parent_fingerprint, *parent_channel, *parent_sha256;
    int64_t started_wall_ns, finished_wall_ns;
    struct opt_map labels;
    struct opt_strings channels; /* besides the managed `latest` */
    const char *metadata_json;   /* tools and versions, sealing operations, steps; may be NULL */
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};
bool catalog_add_version(struct catalog *cat, const struct catalog_new_version *new_version,
                         struct cancel *c, struct arena *a, struct catalog_version *out,
                         struct error **err);

struct catalog_filter {
    const char *bucket;  /* NULL: all */
    const char *channel; /* NULL: all */
    bool all_versions;   /* false: the newest of each bucket and those a channel points to */
};
/* Sorted by bucket, then newest first. */
bool catalog_list(struct catalog *cat, const struct catalog_filter *filter, struct arena *a,
                  struct catalog_versions *out, struct error **err);

/* Keep the image at PATH from being removed, by any process, until OWNER is
 * freed or this process ends.  ERR_NOT_FOUND: it has just been removed.  Of a
 * PATH outside the store nothing is asked. */
bool catalog_hold(struct catalog *cat, const char *path, struct arena *owner, struct error **err);
/* Remove a version: refused (ERR_EXISTS) while a channel other than `latest`
 * points to it or a version was made from it, unless FORCE, and in any case
 * while its image is held; the file goes when no version needs it. */
bool catalog_remove(struct catalog *cat, const struct catalog_version *v, bool force,
                    struct error **err);
/* Recompute the digest of every artifact of V. */
bool catalog_verify_version(struct catalog *cat, const struct catalog_version *v, struct cancel *c,
                            void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
                            struct error **err);
/* Remove unfinished copies of dead processes and store files that no version
 * names; counts are written when not NULL.  Nothing is done while another
 * process adds or removes: the next sweep finds what is left. */
bool catalog_sweep(struct catalog *cat, size_t *files, uint64_t *bytes, struct error **err);

#endif
