/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/io.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "ledger/runfile.h"
#include "plug/registry.h"

struct gc_flags {
    bool orphans, kept;
};

#define S struct gc_flags

static const struct opt gc_rows[] = {
    OPT_BOOL(S, orphans, "orphans", .def = "false",
             .doc = "Remove what a killed imgfac left: machines, files, keys.  Every command that "
                    "opens the store does so too; this one says what it found."),
    OPT_BOOL(S, kept, "kept", .def = "false",
             .doc = "Remove the builds that -on-error=abort has kept: those named, or all."),
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

static int gc_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct gc_flags *flags = opaque;
    struct error *e = NULL;
    if (!flags->orphans && !flags->kept) {
        error_set(&e, ERR_USAGE, 0, "what to remove? give -orphans, -kept or both");
        return app_fail(app, e);
    }
    int rc = flags->orphans ? tell_orphans(app) : EXIT_OK;
    return rc == EXIT_OK && flags->kept ? remove_kept(app, args) : rc;
}

const struct command cmd_gc = {
    .name = "gc",
    .args = "[BUILD...]",
    .summary = "Remove what killed builds left, and builds that were kept",
    .doc = "BUILD, with -kept, is a name or ID of `imgfac ps`.  Images are not touched: see "
           "`imgfac catalog`.",
    .opts = gc_rows,
    .config_size = sizeof(struct gc_flags),
    .min_args = 0,
    .max_args = -1,
    .run = gc_run,
};
