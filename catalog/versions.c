/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog_internal.h"

#include "base/clock.h"
#include "base/thread.h"
#include "base/vec.h"

DEFINE_ARENA_VEC(version_vec, struct catalog_version);
DEFINE_ARENA_VEC(artifact_vec, struct catalog_artifact);
DEFINE_ARENA_VEC(pair_vec, struct opt_pair);
DEFINE_ARENA_VEC(name_vec, const char *);

#define SELECT_VERSIONS                                                                            \
    "SELECT v.id, b.name, v.fingerprint, v.sequence, v.created_at, v.builder, v.build_name,"       \
    " v.arch, v.os, v.firmware, v.template_path, v.template_sha256, v.source, v.build_seconds,"    \
    " v.metadata, b.description, p.bucket, p.fingerprint, p.channel, pv.sequence,"                 \
    " r.revoke_at, r.message"                                                                      \
    " FROM version v JOIN bucket b ON b.id = v.bucket_id"                                          \
    " LEFT JOIN parent_edge p ON p.version_id = v.id"                                              \
    " LEFT JOIN version pv ON pv.id = p.parent_id"                                                 \
    " LEFT JOIN revocation r ON r.version_id = v.id"                                               \
    " WHERE %s ORDER BY b.name, v.sequence DESC"

static const char *status_of(const struct catalog_version *v)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall(), now);
    if (v->revoke_at == NULL)
        return "active";
    return strcmp(v->revoke_at, now) <= 0 ? "revoked" : "revocation-scheduled";
}

static struct catalog_version read_row(struct sqlite3_stmt *s, struct arena *a)
{
    struct catalog_version v = {
        .id = db_int(s, 0),
        .bucket = db_text(s, 1, a),
        .fingerprint = db_text(s, 2, a),
        .sequence = db_int(s, 3),
        .name = arena_fmt(a, "v%lld", (long long)db_int(s, 3)),
        .created_at = db_text(s, 4, a),
        .builder = db_text(s, 5, a),
        .build_name = db_text(s, 6, a),
        .arch = db_text(s, 7, a),
        .os = db_text(s, 8, a),
        .firmware = db_text(s, 9, a),
        .template_path = db_text(s, 10, a),
        .template_sha256 = db_text(s, 11, a),
        .source = db_text(s, 12, a),
        .build_seconds = db_int(s, 13),
        .metadata_json = db_text(s, 14, a),
        .description = db_text(s, 15, a),
        .parent_bucket = db_text(s, 16, a),
        .parent_fingerprint = db_text(s, 17, a),
        .parent_channel = db_text(s, 18, a),
        .revoke_at = db_text(s, 20, a),
        .revocation_message = db_text(s, 21, a),
    };
    if (db_int(s, 19) > 0)
        v.parent_name = arena_fmt(a, "v%lld", (long long)db_int(s, 19));
    v.status = status_of(&v);
    return v;
}

static bool read_artifacts(struct catalog *cat, struct arena *a, struct catalog_version *v,
                           struct error **err)
{
    AUTO(stmt)
    struct sqlite3_stmt *s =
        db_query(&cat->db, err,
                 "SELECT name, sha256, size, virtual_size, format FROM artifact"
                 " WHERE version_id = ? ORDER BY id",
                 "i", v->id);
    struct artifact_vec found = {0};
    while (s != NULL && db_next(&cat->db, s, err)) {
        struct catalog_artifact item = {.name = db_text(s, 0, a),
                                        .sha256 = db_text(s, 1, a),
                                        .size = (uint64_t)db_int(s, 2),
                                        .virtual_size = (uint64_t)db_int(s, 3),
                                        .format = db_text(s, 4, a)};
        item.path = store_path_of(&cat->store, item.sha256, a);
        artifact_vec_push(a, &found, item);
    }
    v->artifacts = found.ptr;
    v->artifact_count = found.len;
    return *err == NULL;
}

const struct catalog_artifact *catalog_artifact_named(const struct catalog_version *v,
                                                      const char *name)
{
    for (size_t i = 0; i < v->artifact_count; i++)
        if (strcmp(v->artifacts[i].name, name) == 0)
            return &v->artifacts[i];
    return NULL;
}

static bool read_labels(struct catalog *cat, struct arena *a, struct catalog_version *v,
                        struct error **err)
{
    AUTO(stmt)
    struct sqlite3_stmt *s =
        db_query(&cat->db, err, "SELECT name, value FROM label WHERE version_id = ? ORDER BY name",
                 "i", v->id);
    struct pair_vec found = {0};
    while (s != NULL && db_next(&cat->db, s, err))
        pair_vec_push(a, &found,
                      (struct opt_pair){.key = db_text(s, 0, a), .value = db_text(s, 1, a)});
    v->labels = (struct opt_map){.ptr = found.ptr, .len = found.len};
    return *err == NULL;
}

static bool read_channels(struct catalog *cat, struct arena *a, struct catalog_version *v,
                          struct error **err)
{
    AUTO(stmt)
    struct sqlite3_stmt *s = db_query(&cat->db, err,
                                      "SELECT name FROM channel_current WHERE version_id = ?"
                                      " ORDER BY managed DESC, name",
                                      "i", v->id);
    struct name_vec found = {0};
    while (s != NULL && db_next(&cat->db, s, err))
        name_vec_push(a, &found, db_text(s, 0, a));
    v->channels = (struct opt_strings){.ptr = found.ptr, .len = found.len};
    return *err == NULL;
}

bool versions_read(struct catalog *cat, struct arena *a, struct catalog_versions *out,
                   struct error **err, const char *where, const char *format, const char *arg1,
                   const char *arg2)
{
    const char *sql = arena_fmt(a, SELECT_VERSIONS, where);
    AUTO(stmt) struct sqlite3_stmt *s = db_query(&cat->db, err, sql, format, arg1, arg2);
    struct version_vec found = {0};
    while (s != NULL && db_next(&cat->db, s, err))
        version_vec_push(a, &found, read_row(s, a));
    VEC_EACH (v, &found) {
        if (*err != NULL || !read_artifacts(cat, a, v, err) || !read_labels(cat, a, v, err) ||
            !read_channels(cat, a, v, err))
            return false;
    }
    if (*err != NULL)
        return false;
    *out = (struct catalog_versions){.ptr = found.ptr, .len = found.len};
    return true;
}

/* The newest of each bucket, and whatever a channel points to. */
#define SHORT_LIST                                                                                 \
    "(v.sequence = (SELECT max(sequence) FROM version WHERE bucket_id = v.bucket_id)"              \
    " OR v.id IN (SELECT version_id FROM channel_current))"

bool catalog_list(struct catalog *cat, const struct catalog_filter *filter, struct arena *a,
                  struct catalog_versions *out, struct error **err)
{
    LOCK_SCOPE(&cat->lock);
    const char *where =
        arena_fmt(a,
                  "(?1 IS NULL OR b.name = ?1) AND (?2 IS NULL OR v.id IN"
                  " (SELECT version_id FROM channel_current WHERE name = ?2)) AND %s",
                  filter->all_versions ? "1" : SHORT_LIST);
    return versions_read(cat, a, out, err, where, "ss", filter->bucket, filter->channel);
}
