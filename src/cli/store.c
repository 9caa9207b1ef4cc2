/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of struct app that need the catalog and the ledger; apart from
 * app.c so that commands without a store do not link against them. */

#include "cli/app.h"

#include "base/io.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "plug/registry.h"

/* Both end with the arena of the program, the catalog first. */
static void close_ledger(void *ledger)
{
    ledger_close(ledger);
}

static void close_catalog(void *catalog)
{
    catalog_close(catalog);
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
    if (!io_exists(dir) || ledger_reap(dir, registry_reapers(), &app->reaped, &app->left, &err))
        app->ledger = ledger_open(dir, &err);
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

struct catalog *app_catalog(struct app *app)
{
    if (app->catalog != NULL)
        return app->catalog;
    const char *store = app_store_path(app);
    if (store == NULL || app_ledger(app) == NULL)
        return NULL;
    struct error *err = NULL;
    const char *url = app->config->catalog != NULL ? app->config->catalog->url : NULL;
    if (!catalog_open(store, url, &app->catalog, &err)) {
        app->catalog = NULL;
        app->failure = app_fail(app, err);
        return NULL;
    }
    arena_on_free(app->arena, close_catalog, app->catalog);
    sweep(app);
    return app->catalog;
}
