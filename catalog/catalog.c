/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog.h"

#include <pwd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "catalog/catalog_internal.h"

static bool database_path(const char *store, const char *url, char **out, struct error **err)
{
    str name = str_from(url != NULL ? url : "sqlite:catalog.db");
    if (!str_starts(name, STR("sqlite:"))) {
        error_set(err, ERR_TEMPLATE, 0, "catalog url '%s' is not supported", url);
        return error_hint(err, "Write \"sqlite:FILE\"; a relative file is inside the store.");
    }
    autofree char *file = str_xdup(str_sub(name, strlen("sqlite:"), name.len));
    *out = io_path_join(store, file);
    return true;
}

static void close_parts(struct catalog *cat)
{
    db_close(&cat->db);
    pthread_mutex_destroy(&cat->lock);
    arena_free(cat->arena);
    free(cat);
}

static struct catalog *new_catalog(void)
{
    struct catalog *cat = xnew(struct catalog);
    cat->arena = arena_new("catalog");
    pthread_mutex_init(&cat->lock, NULL);
    return cat;
}

bool catalog_open(const char *store, const char *url, struct catalog **out, struct error **err)
{
    struct catalog *cat = new_catalog();
    autofree char *path = NULL;
    if (!store_open(store, cat->arena, &cat->store, err) ||
        !database_path(cat->store.root, url, &path, err) || !db_open(path, &cat->db, err)) {
        close_parts(cat);
        return false;
    }
    *out = cat;
    return true;
}

bool catalog_open_read(const char *store, const char *url, struct catalog **out, struct error **err)
{
    struct catalog *cat = new_catalog();
    autofree char *path = NULL;
    store_paths(store, cat->arena, &cat->store);
    if (!database_path(cat->store.root, url, &path, err) || !db_open_read(path, &cat->db, err)) {
        close_parts(cat);
        return false;
    }
    *out = cat;
    return true;
}

void catalog_close(struct catalog *cat)
{
    if (cat != NULL)
        close_parts(cat);
}

const char *catalog_store_path(const struct catalog *cat)
{
    return cat->store.root;
}

const char *catalog_tmp_path(const struct catalog *cat)
{
    return cat->store.tmp;
}

const char *catalog_author(struct arena *a)
{
    struct passwd pw, *found = NULL;
    char buf[4096];
    if (getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) == 0 && found != NULL)
        return arena_strdup(a, found->pw_name);
    return arena_fmt(a, "uid %u", (unsigned)getuid());
}

const char *catalog_now(struct arena *a)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall(), text);
    return arena_strdup(a, text);
}

bool catalog_log_event(struct catalog *cat, const char *kind, const char *bucket,
                       const char *fingerprint, const char *detail, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("event");
    return db_run(&cat->db, err,
                  "INSERT INTO event (at, kind, author, bucket, version, detail)"
                  " VALUES (?, ?, ?, ?, ?, ?)",
                  "ssssss", catalog_now(a), kind, catalog_author(a), bucket, fingerprint, detail);
}
