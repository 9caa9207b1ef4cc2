/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/io.h"
#include "base/mem.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "config/config.h"
#include "ledger/bundles.h"
#include "ledger/runfile.h"
#include "plug/registry.h"

struct gc_flags {
    bool orphans, kept, logs, dry_run;
};

#define S struct gc_flags

static const struct opt gc_rows[] = {
    OPT_BOOL(S, orphans, "orphans", .def = "false",
             .doc = "Remove what a killed imgfac left: machines, files, keys.  Every command that "
                    "opens the store does so too; this one says what it found."),
    OPT_BOOL(S, kept, "kept", .def = "false",
             .doc = "Remove the builds that -on-error=abort has kept: those named, or all."),
    OPT_BOOL(S, logs, "logs", .def = "false",
             .doc = "Remove the failure bundles that are older than `logs { keep_days }` of the "
                    "configuration.  The start of every build does so too."),
    OPT_BOOL(S, dry_run, "dry-run", .def = "false", .doc = "Remove nothing: say what would go."),
    OPT_END,
};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Opening the store has removed them. */
static int tell_orphans(struct app *app)
{
    if (app_catalog(app) == NULL)
        return app->failure;
    fprintf(app->out, "removed %zu left-over thing%s\n", app->reaped, plural(app->reaped));
    if (app->left == 0)
        return EXIT_OK;
    fprintf(app->err, "%zu could not be removed: IMGFAC_LOG=warn tells why\n", app->left);
    return EXIT_FAILED;
}

/* A run with several builds may go on after one of them was left. */
static bool remove_one(struct app *app, const char *dir, const struct run_info *info,
                       struct error **err)
{
    size_t reaped = 0, left = 0;
    if (strcmp(info->state, RUN_KEPT) != 0)
        return error_set(err, ERR_USAGE, 0, "'%s' is running", info->build);
    if (runfile_is_alive(info))
        return error_set(err, ERR_USAGE, 0, "the imgfac of '%s' (pid %lld) still runs other builds",
                         info->build, (long long)info->pid);
    if (!ledger_reap_kept(dir, info->ledger, registry_reapers(), &reaped, &left, err))
        return false;
    if (left > 0)
        return error_set(err, ERR_IO, 0, "%zu thing%s of '%s' could not be removed", left,
                         plural(left), info->build);
    fprintf(app->out, "removed %s\n", info->build);
    return true;
}

static bool remove_named(struct app *app, const char *store, const char *dir,
                         const struct opt_strings *names, struct error **err)
{
    for (size_t i = 0; i < names->len; i++) {
        struct run_info info;
        if (!runfile_find(store, names->ptr[i], app->arena, &info, err) ||
            !remove_one(app, dir, &info, err))
            return false;
    }
    return true;
}

static bool remove_all(struct app *app, const char *store, const char *dir, struct error **err)
{
    struct run_infos all;
    if (!runfile_list(store, app->arena, &all, err))
        return false;
    VEC_EACH (info, &all)
        if (strcmp(info->state, RUN_KEPT) == 0 && !runfile_is_alive(info) &&
            !remove_one(app, dir, info, err))
            return false;
    return true;
}

static int remove_kept(struct app *app, const struct opt_strings *names)
{
    struct error *e = NULL;
    const char *store = app_store_path(app);
    if (store == NULL || app_ledger(app) == NULL)
        return app->failure;
    autofree char *dir = io_path_join(store, "ledger");
    bool ok =
        names->len > 0 ? remove_named(app, store, dir, names, &e) : remove_all(app, store, dir, &e);
    return ok ? EXIT_OK : app_fail(app, e);
}

/* --- old failure bundles --- */

static struct bundle_limits limits_of(const struct app *app)
{
    return (struct bundle_limits){app->config->logs->keep_days, app->config->logs->keep_last};
}

static int remove_logs(struct app *app)
{
    struct error *e = NULL;
    size_t count = 0;
    uint64_t bytes = 0;
    const char *store = app_store_path(app);
    if (store == NULL)
        return app->failure;
    const struct bundle_limits limits = limits_of(app);
    if (!bundles_prune(store, &limits, &count, &bytes, &e))
        return app_fail(app, e);
    fprintf(app->out, "removed %zu failure bundle%s (%s)\n", count, plural(count),
            table_bytes(app->arena, bytes));
    return EXIT_OK;
}

/* --- -dry-run: nothing is opened that reaps --- */

static void show_orphan(void *arg, const char *kind, const char *data)
{
    const struct app *app = arg;
    fprintf(app->out, "would remove the left-over %s %s\n", kind, data);
}

static bool show_kept(struct app *app, const char *store, const struct opt_strings *names,
                      struct error **err)
{
    struct run_infos all;
    if (!runfile_list(store, app->arena, &all, err))
        return false;
    VEC_EACH (info, &all)
        if (names->len == 0 && strcmp(info->state, RUN_KEPT) == 0 && !runfile_is_alive(info))
            fprintf(app->out, "would remove %s\n", info->build);
    for (size_t i = 0; i < names->len; i++) {
        struct run_info info;
        if (!runfile_find(store, names->ptr[i], app->arena, &info, err))
            return false;
        fprintf(app->out, "would remove %s\n", info.build);
    }
    return true;
}

static bool show_logs(struct app *app, const char *store, struct error **err)
{
    struct bundles old;
    const struct bundle_limits limits = limits_of(app);
    if (!bundles_find_old(store, &limits, app->arena, &old, err))
        return false;
    VEC_EACH (b, &old)
        fprintf(app->out, "would remove %s (%s)\n", b->path, table_bytes(app->arena, b->bytes));
    return true;
}

static int show_all(struct app *app, const struct gc_flags *flags, const struct opt_strings *names)
{
    struct error *e = NULL;
    if (app_config(app) == NULL)
        return app->failure;
    autofree char *store = io_absolute(config_store_path(app->config, app->arena));
    autofree char *ledger = io_path_join(store, "ledger");
    bool ok = (!flags->orphans || ledger_each_dead(ledger, show_orphan, app, &e)) &&
              (!flags->kept || show_kept(app, store, names, &e)) &&
              (!flags->logs || show_logs(app, store, &e));
    return ok ? EXIT_OK : app_fail(app, e);
}

static int gc_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct gc_flags *flags = opaque;
    struct error *e = NULL;
    if (!flags->orphans && !flags->kept && !flags->logs) {
        error_set(&e, ERR_USAGE, 0, "what to remove? give -orphans, -kept, -logs or several");
        return app_fail(app, e);
    }
    if (flags->dry_run)
        return show_all(app, flags, args);
    int rc = flags->orphans ? tell_orphans(app) : EXIT_OK;
    if (rc == EXIT_OK && flags->kept)
        rc = remove_kept(app, args);
    return rc == EXIT_OK && flags->logs ? remove_logs(app) : rc;
}

const struct command cmd_gc = {
    .name = "gc",
    .args = "[BUILD...]",
    .summary = "Remove what killed builds left, builds that were kept, and old logs",
    .doc = "BUILD, with -kept, is a name or ID of `imgfac ps`.  Images are not touched: see "
           "`imgfac catalog`.",
    .opts = gc_rows,
    .config_size = sizeof(struct gc_flags),
    .min_args = 0,
    .max_args = -1,
    .run = gc_run,
};
