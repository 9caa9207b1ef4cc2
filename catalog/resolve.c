/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog_internal.h"

#include "base/strbuf.h"
#include "base/thread.h"
#include "hcl/suggest.h"

#define NAMES_SHOWN 8

bool catalog_ref_check(str ref, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("reference");
    struct ref parsed;
    return ref_parse(a, ref, &parsed, err);
}

/* Names of the one column that SQL selects, joined for a message. */
static const char *joined(struct catalog *cat, struct arena *a, const char *sql, const char *arg)
{
    AUTO(error) struct error *e = NULL;
    AUTO(stmt) struct sqlite3_stmt *s = db_query(&cat->db, &e, sql, arg ? "s" : "", arg);
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    for (int i = 0; s != NULL && i < NAMES_SHOWN && db_next(&cat->db, s, &e); i++)
        strbuf_addf(&out, "%s%s", i > 0 ? ", " : "", db_text(s, 0, a));
    return arena_strndup(a, out.buf, out.len);
}

static const char *nearest_bucket(struct catalog *cat, struct arena *a, const char *given)
{
    AUTO(error) struct error *e = NULL;
    AUTO(stmt) struct sqlite3_stmt *s = db_query(&cat->db, &e, "SELECT name FROM bucket", "");
    struct suggest suggest;
    suggest_init(&suggest, str_from(given));
    while (s != NULL && db_next(&cat->db, s, &e))
        suggest_offer(&suggest, str_from(db_text(s, 0, a)));
    return suggest.best.ptr == NULL ? NULL : str_dup(a, suggest.best);
}

static bool no_bucket(struct catalog *cat, struct arena *a, const struct ref *ref,
                      struct error **err)
{
    const char *names = joined(cat, a, "SELECT name FROM bucket ORDER BY name", NULL);
    const char *near = nearest_bucket(cat, a, ref->bucket);
    error_set(err, ERR_NOT_FOUND, 0, "bucket '%s' is not in the catalog '%s'", ref->bucket,
              cat->db.path);
    if (near != NULL)
        return error_hint(err, "Did you mean '%s'?", near);
    if (names[0] == '\0')
        return error_hint(err, "The catalog is empty: build or import a base first, for example "
                               "imgfac build examples/base.");
    return error_hint(err, "There are: %s.", names);
}

/* A channel with assignments, all to revoked versions: the newest and why. */
static const char *newest_revoked(struct catalog *cat, struct arena *a, const struct ref *ref)
{
    AUTO(error) struct error *e = NULL;
    AUTO(stmt)
    struct sqlite3_stmt *s =
        db_query(&cat->db, &e,
                 "SELECT 'v' || v.sequence || CASE r.message WHEN '' THEN '' ELSE ': ' ||"
                 " r.message END FROM channel_assignment ca JOIN channel c ON c.id = ca.channel_id"
                 " JOIN bucket b ON b.id = c.bucket_id JOIN version v ON v.id = ca.version_id"
                 " JOIN revocation r ON r.version_id = v.id"
                 " WHERE b.name = ? AND c.name = ? ORDER BY ca.id DESC LIMIT 1",
                 "ss", ref->bucket, ref->channel);
    return s != NULL && db_next(&cat->db, s, &e) ? db_text(s, 0, a) : NULL;
}

static bool no_version(struct catalog *cat, struct arena *a, const struct ref *ref,
                       struct error **err)
{
    const char *revoked = ref->channel != NULL ? newest_revoked(cat, a, ref) : NULL;
    if (revoked != NULL) {
        error_set(err, ERR_CATALOG, 0,
                  "every version that channel '%s' of bucket '%s' ever had is revoked",
                  ref->channel, ref->bucket);
        return error_hint(err, "The newest of them is %s.", revoked);
    }
    if (ref->channel != NULL) {
        const char *names = joined(cat, a,
                                   "SELECT c.name FROM channel_current c JOIN bucket b"
                                   " ON b.id = c.bucket_id WHERE b.name = ?"
                                   " AND c.version_id IS NOT NULL ORDER BY c.name",
                                   ref->bucket);
        error_set(err, ERR_NOT_FOUND, 0, "bucket '%s' has no usable version in channel '%s'",
                  ref->bucket, ref->channel);
        return error_hint(err, names[0] != '\0' ? "Its channels are: %s." : "It has no channel%s.",
                          names);
    }
    const char *names = joined(cat, a,
                               "SELECT 'v' || v.sequence FROM version v JOIN bucket b"
                               " ON b.id = v.bucket_id WHERE b.name = ? ORDER BY v.sequence DESC",
                               ref->bucket);
    error_set(err, ERR_NOT_FOUND, 0, "bucket '%s' has no such version", ref->bucket);
    return error_hint(err, "Its versions are: %s.", names);
}

static bool read_ref(struct catalog *cat, struct arena *a, const struct ref *ref,
                     struct catalog_versions *out, struct error **err)
{
    if (ref->channel != NULL)
        return versions_read(cat, a, out, err,
                             "b.name = ? AND v.id IN (SELECT version_id FROM channel_current"
                             " WHERE bucket_id = b.id AND name = ?)",
                             "ss", ref->bucket, ref->channel);
    if (ref->fingerprint != NULL)
        return versions_read(cat, a, out, err,
                             "b.name = ?1 AND substr(v.fingerprint, 1, length(?2)) = ?2", "ss",
                             ref->bucket, ref->fingerprint);
    const char *sequence = arena_fmt(a, "%lld", (long long)ref->sequence);
    return versions_read(cat, a, out, err, "b.name = ? AND v.sequence = CAST(? AS INTEGER)", "ss",
                         ref->bucket, sequence);
}

static bool check_found(struct catalog *cat, struct arena *a, const struct ref *ref,
                        const struct catalog_versions *found, struct error **err)
{
    int64_t id = 0;
    bool has_bucket = false;
    if (!db_get_int(&cat->db, err, &id, &has_bucket, "SELECT id FROM bucket WHERE name = ?", "s",
                    ref->bucket))
        return false;
    if (!has_bucket)
        return no_bucket(cat, a, ref, err);
    if (found->len == 0)
        return no_version(cat, a, ref, err);
    if (found->len > 1) {
        error_set(err, ERR_USAGE, 0, "fingerprint '%s' fits %zu versions of bucket '%s'",
                  ref->fingerprint, found->len, ref->bucket);
        return error_hint(err, "Write more of it.");
    }
    return true;
}

bool catalog_find(struct catalog *cat, str text, struct arena *a, struct catalog_version *out,
                  struct error **err)
{
    struct ref ref;
    if (!ref_parse(a, text, &ref, err))
        return false;
    LOCK_SCOPE(&cat->lock);
    struct catalog_versions found = {0};
    if (!read_ref(cat, a, &ref, &found, err) || !check_found(cat, a, &ref, &found, err))
        return false;
    *out = found.ptr[0];
    return true;
}

static bool refuse_revoked(const struct catalog_version *v, struct error **err)
{
    if (strcmp(v->status, "revoked") != 0)
        return true;
    bool told = v->revocation_message != NULL && v->revocation_message[0] != '\0';
    error_set(err, ERR_CATALOG, 0, "version %s of bucket '%s' (%s) is revoked%s%s", v->name,
              v->bucket, v->fingerprint, told ? ": " : "", told ? v->revocation_message : "");
    return error_hint(err,
                      "Nothing is built from a revoked version.  Ask for another channel or "
                      "version: imgfac catalog list -all %s.",
                      v->bucket);
}

bool catalog_resolve(struct catalog *cat, str ref, struct arena *a, struct catalog_version *out,
                     struct error **err)
{
    struct catalog_version found;
    if (!catalog_find(cat, ref, a, &found, err) || !refuse_revoked(&found, err))
        return false;
    *out = found;
    return true;
}
