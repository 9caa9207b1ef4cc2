/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of struct app that need the catalog and the ledger; apart from
 * app.c so that commands without a store do not link against them. */

#include "cli/app.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "cli/exit.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "plug/registry.h"

#define FIRST_IMAGE                                                                                \
    "The first build or `imgfac catalog import` makes it.  Is it elsewhere?  `store { path = ... " \
    "}` in the configuration says where, $IMGFAC_CONFIG and -config name that file."

/* Both end with the arena of the program, the catalog first. */
static void close_ledger(void *ledger)
{
    ledger_close(ledger);
}

static void close_catalog(void *catalog)
{
    catalog_close(catalog);
}

/* Why the first of them could not be removed; `gc -orphans` counts them itself. */
static void keep_reason(void *arg, const char *text)
{
    struct app *app = arg;
    if (app->left_reason == NULL)
        app->left_reason = arena_strdup(app->arena, text);
}

static void tell_left(struct app *app)
{
    if (app->left == 0)
        return;
    fprintf(app->err,
            "warning: %zu thing%s that a killed imgfac left could not be removed yet: %s\n"
            "         The ledger keeps %s; every start tries again.\n",
            app->left, app->left == 1 ? "" : "s", app->left_reason, app->left == 1 ? "it" : "them");
}

struct ledger *app_ledger(struct app *app)
{
    if (app->ledger != NULL)
        return app->ledger;
    const char *store = app_store_path(app);
    if (store == NULL)
        return NULL;
    autofree char *dir = io_path_join(store, "ledger");
    struct error *err = NULL;
    ledger_on_left(keep_reason, app);
    if (!io_exists(dir) || ledger_reap(dir, registry_reapers(), &app->reaped, &app->left, &err))
        app->ledger = ledger_open(dir, &err);
    ledger_on_left(NULL, NULL);
    if (app->ledger == NULL) {
        error_wrap_code(&err, ERR_HOST, "cannot use the store '%s'", store);
        error_hint(&err, "Set `store { path = ... }` in the configuration to a directory you may "
                         "write.");
        app->failure = app_fail(app, err);
    } else
        arena_on_free(app->arena, close_ledger, app->ledger);
    if (app->reaped + app->left > 0)
        log_info("ledger", "removed %zu things that a killed imgfac left behind; %zu could not be",
                 app->reaped, app->left);
    tell_left(app);
    return app->ledger;
}

/* One that was killed between storing an image and naming it leaves the bytes:
 * looked for only after a kill, as every name of the store is compared. */
static void sweep(struct app *app)
{
    AUTO(error) struct error *e = NULL;
    if (app->reaped + app->left == 0 || catalog_sweep(app->catalog, NULL, NULL, &e))
        return;
    autofree char *why = error_line(e);
    log_warn("catalog", "%s", why);
}

static const char *catalog_url(const struct app *app)
{
    return app->config->catalog != NULL ? app->config->catalog->url : NULL;
}

/* Ours, and to be written? */
static bool is_our_store(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_uid == geteuid() && access(path, W_OK) == 0;
}

static int no_store(struct app *app, const char *store)
{
    struct error *err = NULL;
    autofree char *path = io_absolute(store);
    error_set(&err, ERR_NOT_FOUND, 0, "there is no store in '%s'", path);
    error_hint(&err, FIRST_IMAGE);
    return app_fail(app, err);
}

struct catalog *app_catalog_read(struct app *app, bool *missing)
{
    const struct config *config = app_config(app);
    if (app->catalog != NULL || config == NULL || app->failure != EXIT_OK)
        return app->catalog;
    const char *store = config_store_path(config, app->arena);
    if (is_our_store(store))
        return app_catalog(app);
    struct error *err = NULL;
    if (catalog_open_read(store, catalog_url(app), &app->catalog, &err)) {
        arena_on_free(app->arena, close_catalog, app->catalog);
        return app->catalog;
    }
    app->catalog = NULL;
    if (!error_is(err, ERR_NOT_FOUND)) {
        app->failure = app_fail(app, err);
        return NULL;
    }
    error_drop(&err);
    if (missing != NULL)
        *missing = true;
    else
        app->failure = no_store(app, store);
    return NULL;
}

struct catalog *app_catalog(struct app *app)
{
    if (app->catalog != NULL)
        return app->catalog;
    const char *store = app_store_path(app);
    if (store == NULL || app_ledger(app) == NULL)
        return NULL;
    struct error *err = NULL;
    if (!catalog_open(store, catalog_url(app), &app->catalog, &err)) {
        app->catalog = NULL;
        app->failure = app_fail(app, err);
        return NULL;
    }
    arena_on_free(app->arena, close_catalog, app->catalog);
    sweep(app);
    return app->catalog;
}
