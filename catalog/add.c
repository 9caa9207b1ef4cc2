/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog_internal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/thread.h"

/* One version being added. */
struct adding {
    struct catalog *cat;
    const struct catalog_new_version *new_version;
    struct arena *arena;
    const char *now, *author;
    const char *sha256, *vars_sha256; /* the second may be NULL */
    uint64_t size, vars_size;
    int64_t bucket_id, version_id, sequence;
    char fingerprint[ULID_SIZE];
};

static bool check_names(const struct catalog_new_version *n, struct error **err)
{
    if (!ref_name_ok(str_from(n->bucket)))
        return error_set(err, ERR_USAGE, 0,
                         "'%s' cannot name a bucket: letters, digits, '.', '_' and '-' only",
                         n->bucket);
    for (size_t i = 0; i < n->channels.len; i++) {
        if (!ref_name_ok(str_from(n->channels.ptr[i])))
            return error_set(err, ERR_USAGE, 0,
                             "'%s' cannot name a channel: letters, digits, '.', '_' and '-' only",
                             n->channels.ptr[i]);
    }
    return true;
}

static bool find_digests(struct adding *add, struct cancel *c, struct error **err)
{
    const struct catalog_new_version *n = add->new_version;
    char hex[HASH_HEX_MAX];
    if (n->efivars_path != NULL) {
        if (!hash_file(HASH_SHA256, n->efivars_path, c, NULL, NULL, hex, err))
            return false;
        add->vars_sha256 = arena_strdup(add->arena, hex);
    }
    add->sha256 = n->known_sha256;
    if (add->sha256 != NULL)
        return true;
    if (!hash_file(HASH_SHA256, n->image_path, c, n->progress, n->arg, hex, err))
        return false;
    add->sha256 = arena_strdup(add->arena, hex);
    return true;
}

static bool ensure_bucket(struct adding *add, struct error **err)
{
    const struct catalog_new_version *n = add->new_version;
    struct db *db = &add->cat->db;
    bool found;
    return db_run(db, err,
                  "INSERT INTO bucket (name, created_at) VALUES (?, ?)"
                  " ON CONFLICT (name) DO NOTHING",
                  "ss", n->bucket, add->now) &&
           db_run(db, err,
                  "UPDATE bucket SET last_sequence = last_sequence + 1,"
                  " description = coalesce(?, description) WHERE name = ?",
                  "ss", n->bucket_description, n->bucket) &&
           db_get_int(db, err, &add->bucket_id, &found, "SELECT id FROM bucket WHERE name = ?", "s",
                      n->bucket) &&
           db_get_int(db, err, &add->sequence, &found,
                      "SELECT last_sequence FROM bucket WHERE id = ?", "i", add->bucket_id);
}

static bool insert_artifact(struct adding *add, const char *name, const char *sha256, uint64_t size,
                            uint64_t virtual_size, const char *format, struct error **err)
{
    return db_run(&add->cat->db, err,
                  "INSERT INTO artifact (version_id, name, sha256, size, virtual_size, format)"
                  " VALUES (?, ?, ?, ?, ?, ?)",
                  "issiis", add->version_id, name, sha256, (int64_t)size, (int64_t)virtual_size,
                  format);
}

static bool insert_version(struct adding *add, struct error **err)
{
    const struct catalog_new_version *n = add->new_version;
    int64_t seconds = (n->finished_wall_ns - n->started_wall_ns) / NS_PER_S;
    hash_ulid(add->fingerprint);
    if (!db_run(&add->cat->db, err,
                "INSERT INTO version (bucket_id, fingerprint, sequence, created_at, builder,"
                " build_name, run_uuid, arch, os, firmware, template_path, template_sha256,"
                " source, build_seconds, metadata)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                "isissssssssssis", add->bucket_id, add->fingerprint, add->sequence, add->now,
                n->builder, n->build_name, n->run_uuid, n->arch, n->os, n->firmware,
                n->template_path, n->template_sha256, n->source, seconds, n->metadata_json))
        return false;
    add->version_id = db_last_id(&add->cat->db);
    return insert_artifact(add, "disk", add->sha256, add->size, n->virtual_size, n->format, err) &&
           (add->vars_sha256 == NULL ||
            insert_artifact(add, "efivars", add->vars_sha256, add->vars_size, add->vars_size, "raw",
                            err));
}

static bool insert_parent(struct adding *add, struct error **err)
{
    const struct catalog_new_version *n = add->new_version;
    if (n->parent_fingerprint == NULL)
        return true;
    return db_run(&add->cat->db, err,
                  "INSERT INTO parent_edge (version_id, parent_id, bucket, fingerprint, channel,"
                  " sha256) VALUES (?1, (SELECT id FROM version WHERE fingerprint = ?3), ?2, ?3,"
                  " ?4, ?5)",
                  "issss", add->version_id, n->parent_bucket, n->parent_fingerprint,
                  n->parent_channel, n->parent_sha256);
}

static bool insert_labels(struct adding *add, struct error **err)
{
    const struct opt_map *labels = &add->new_version->labels;
    for (size_t i = 0; i < labels->len; i++)
        if (!db_run(&add->cat->db, err,
                    "INSERT INTO label (version_id, name, value) VALUES (?, ?, ?)", "iss",
                    add->version_id, labels->ptr[i].key, labels->ptr[i].value))
            return false;
    return true;
}

static bool assign(struct adding *add, const char *channel, bool managed, struct error **err)
{
    struct db *db = &add->cat->db;
    return db_run(db, err,
                  "INSERT INTO channel (bucket_id, name, managed) VALUES (?, ?, ?)"
                  " ON CONFLICT (bucket_id, name) DO NOTHING",
                  "isi", add->bucket_id, channel, (int64_t)managed) &&
           db_run(db, err,
                  "INSERT INTO channel_assignment (channel_id, version_id, assigned_at, author,"
                  " reason) SELECT id, ?, ?, ?, 'build' FROM channel"
                  " WHERE bucket_id = ? AND name = ?",
                  "issis", add->version_id, add->now, add->author, add->bucket_id, channel);
}

static bool assign_channels(struct adding *add, struct error **err)
{
    const struct opt_strings *channels = &add->new_version->channels;
    if (!assign(add, "latest", true, err))
        return false;
    for (size_t i = 0; i < channels->len; i++)
        if (strcmp(channels->ptr[i], "latest") != 0 && !assign(add, channels->ptr[i], false, err))
            return false;
    return true;
}

static bool record(struct adding *add, struct error **err)
{
    struct catalog *cat = add->cat;
    LOCK_SCOPE(&cat->lock);
    if (db_begin(&cat->db, err) && ensure_bucket(add, err) && insert_version(add, err) &&
        insert_parent(add, err) && insert_labels(add, err) && assign_channels(add, err) &&
        catalog_log_event(cat, "version.complete", add->new_version->bucket, add->fingerprint, NULL,
                          err) &&
        db_commit(&cat->db, err))
        return true;
    db_rollback(&cat->db);
    return false;
}

static bool store_vars(struct adding *add, struct cancel *c, struct error **err)
{
    struct store_job job = {
        .path = add->new_version->efivars_path, .sha256 = add->vars_sha256, .cancel = c};
    return add->vars_sha256 == NULL || store_put(&add->cat->store, &job, &add->vars_size, err);
}

bool catalog_add_version(struct catalog *cat, const struct catalog_new_version *new_version,
                         struct cancel *c, struct arena *a, struct catalog_version *out,
                         struct error **err)
{
    struct adding add = {.cat = cat, .new_version = new_version, .arena = a};
    add.now = catalog_now(a);
    add.author = catalog_author(a);
    if (!check_names(new_version, err) || !find_digests(&add, c, err))
        return false;
    struct store_job job = {.path = new_version->image_path,
                            .take = new_version->take_file,
                            .sha256 = add.sha256,
                            .cancel = c,
                            .progress = new_version->progress,
                            .arg = new_version->arg};
    autoclose int lock = store_lock(&cat->store, false, err);
    if (lock < 0 || !store_put(&cat->store, &job, &add.size, err) || !store_vars(&add, c, err) ||
        !record(&add, err))
        return false;
    const char *ref = arena_fmt(a, "%s:%s", new_version->bucket, add.fingerprint);
    return catalog_find(cat, str_from(ref), a, out, err);
}
