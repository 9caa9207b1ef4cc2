/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog_internal.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/thread.h"

static bool in_use(struct catalog *cat, const struct catalog_version *v, struct error **err)
{
    int64_t children = 0, channels = 0;
    bool found;
    if (!db_get_int(&cat->db, err, &children, &found,
                    "SELECT count(*) FROM parent_edge WHERE parent_id = ?", "i", v->id) ||
        !db_get_int(&cat->db, err, &channels, &found,
                    "SELECT count(*) FROM channel_current WHERE version_id = ? AND managed = 0",
                    "i", v->id))
        return true;
    if (children > 0)
        error_set(err, ERR_EXISTS, 0, "%lld version%s made from %s %s", (long long)children,
                  children == 1 ? " was" : "s were", v->bucket, v->name);
    else if (channels > 0)
        error_set(err, ERR_EXISTS, 0, "a channel points to %s %s", v->bucket, v->name);
    if (*err != NULL)
        error_hint(err, "Move the channel or remove the descendants first, or use -force.");
    return *err != NULL;
}

static bool delete_rows(struct catalog *cat, const struct catalog_version *v, bool force,
                        struct error **err)
{
    LOCK_SCOPE(&cat->lock);
    if (db_begin(&cat->db, err) && (force || !in_use(cat, v, err)) &&
        db_run(&cat->db, err, "DELETE FROM version WHERE id = ?", "i", v->id) &&
        catalog_log_event(cat, "version.delete", v->bucket, v->fingerprint, NULL, err) &&
        db_commit(&cat->db, err))
        return true;
    db_rollback(&cat->db);
    return false;
}

static bool is_named(struct catalog *cat, const char *sha256, bool *named, struct error **err)
{
    int64_t id;
    LOCK_SCOPE(&cat->lock);
    return db_get_int(&cat->db, err, &id, named, "SELECT id FROM artifact WHERE sha256 = ? LIMIT 1",
                      "s", sha256);
}

static void close_held(void *arg)
{
    close((int)(intptr_t)arg);
}

bool catalog_hold(struct catalog *cat, const char *path, struct arena *owner, struct error **err)
{
    str images = str_from(cat->store.images);
    if (!str_starts(str_from(path), images) || path[images.len] != '/')
        return true;
    int fd = store_lock_image(path, false, err);
    if (fd >= 0)
        arena_on_free(owner, close_held, (void *)(intptr_t)fd);
    return fd >= 0;
}

/* Until OWNER is freed nobody can begin to need the images of V. */
static bool lock_images(const struct catalog_version *v, struct arena *owner, struct error **err)
{
    for (size_t i = 0; i < v->artifact_count; i++) {
        AUTO(error) struct error *e = NULL;
        int fd = store_lock_image(v->artifacts[i].path, true, &e);
        if (fd >= 0)
            arena_on_free(owner, close_held, (void *)(intptr_t)fd);
        else if (error_is(e, ERR_EXISTS)) {
            error_set(err, ERR_EXISTS, 0, "a build that runs stands on %s %s", v->bucket, v->name);
            return error_hint(err, "Wait for its end or stop it: `imgfac ps` lists what runs.");
        }
    }
    return true;
}

bool catalog_remove(struct catalog *cat, const struct catalog_version *v, bool force,
                    struct error **err)
{
    AUTO(arena) struct arena *locks = arena_new("removal");
    autoclose int lock = store_lock(&cat->store, true, err);
    if (lock < 0 || !lock_images(v, locks, err) || !delete_rows(cat, v, force, err))
        return false;
    for (size_t i = 0; i < v->artifact_count; i++) {
        bool named = true;
        if (!is_named(cat, v->artifacts[i].sha256, &named, err))
            return false;
        if (!named && !store_remove(&cat->store, v->artifacts[i].sha256, err))
            return false;
    }
    return true;
}

bool catalog_verify_version(struct catalog *cat, const struct catalog_version *v, struct cancel *c,
                            void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
                            struct error **err)
{
    (void)cat;
    for (size_t i = 0; i < v->artifact_count; i++) {
        const struct catalog_artifact *item = &v->artifacts[i];
        char hex[HASH_HEX_MAX];
        if (!hash_file(HASH_SHA256, item->path, c, progress, arg, hex, err))
            return error_wrap(err, "cannot verify %s %s", v->bucket, v->name);
        if (strcmp(hex, item->sha256) == 0)
            continue;
        error_set(err, ERR_CHECKSUM, 0,
                  "%s %s is damaged: its %s has digest %.16s..., recorded %.16s...", v->bucket,
                  v->name, item->name, hex, item->sha256);
        return error_hint(err, "Do not use '%s'; build the version again or restore the file.",
                          item->path);
    }
    return true;
}

struct sweep {
    struct catalog *cat;
    size_t files;
    uint64_t bytes;
};

static bool sweep_one(void *arg, const char *sha256, struct error **err)
{
    struct sweep *sweep = arg;
    bool named = true;
    if (!is_named(sweep->cat, sha256, &named, err))
        return false;
    if (named)
        return true;
    AUTO(arena) struct arena *a = arena_new("sweep");
    uint64_t allocated = 0;
    if (!io_file_size(store_path_of(&sweep->cat->store, sha256, a), NULL, &allocated, err) ||
        !store_remove(&sweep->cat->store, sha256, err))
        return false;
    log_info("catalog", "removed %s, which no version names", sha256);
    sweep->files++;
    sweep->bytes += allocated;
    return true;
}

bool catalog_sweep(struct catalog *cat, size_t *files, uint64_t *bytes, struct error **err)
{
    struct sweep sweep = {.cat = cat};
    autoclose int lock = store_try_lock(&cat->store);
    if (lock >= 0)
        store_remove_unfinished(&cat->store);
    if (lock >= 0 && !store_each(&cat->store, sweep_one, &sweep, err))
        return false;
    if (files != NULL)
        *files = sweep.files;
    if (bytes != NULL)
        *bytes = sweep.bytes;
    return true;
}
