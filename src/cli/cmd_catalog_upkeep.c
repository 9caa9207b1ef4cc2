/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalog_commands.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "ledger/runfile.h"

/* The version named by REF, or every version there is. */
static bool choose(struct app *app, const char *ref, struct catalog_versions *out,
                   struct error **err)
{
    if (ref == NULL)
        return catalog_list(app->catalog, &(struct catalog_filter){.all_versions = true},
                            app->arena, out, err);
    out->ptr = arena_new_object(app->arena, struct catalog_version);
    out->len = 1;
    return catalog_find(app->catalog, str_from(ref), app->arena, out->ptr, err);
}

static bool verify_one(struct app *app, const struct catalog_version *v)
{
    AUTO(error) struct error *e = NULL;
    if (catalog_verify_version(app->catalog, v, app->cancel, NULL, NULL, &e)) {
        fprintf(app->out, "ok       %s %s\n", v->bucket, v->name);
        return true;
    }
    autofree char *line = error_line(e);
    fprintf(app->out, "DAMAGED  %s\n", line);
    return false;
}

static int verify_run(struct app *app, const void *flags, const struct opt_strings *args)
{
    (void)flags;
    struct catalog_versions versions;
    struct error *e = NULL;
    if (app_catalog_read(app, NULL) == NULL)
        return app->failure;
    if (!choose(app, args->len > 0 ? args->ptr[0] : NULL, &versions, &e))
        return app_fail(app, e);
    size_t damaged = 0;
    for (size_t i = 0; i < versions.len && !cancel_test(app->cancel); i++)
        damaged += !verify_one(app, &versions.ptr[i]);
    if (cancel_test(app->cancel))
        return EXIT_CANCELLED;
    fprintf(app->out, "%zu version%s verified, %zu damaged\n", versions.len,
            versions.len == 1 ? "" : "s", damaged);
    return damaged > 0 ? EXIT_INTEGRITY : EXIT_OK;
}

const struct command cmd_catalog_verify = {
    .name = "verify",
    .args = "[VERSION]",
    .summary = "Compare stored images with their recorded digests",
    .doc = "Without VERSION every image is read.",
    .min_args = 0,
    .max_args = 1,
    .run = verify_run,
};

struct rm_flags {
    bool force;
};

static const struct opt rm_rows[] = {
    OPT_BOOL(struct rm_flags, force, "force", .def = "false",
             .doc = "Also when a channel points to it or other versions were made from it; never "
                    "while a build stands on it."),
    OPT_END,
};

/* A kept build has no process that could hold the image, and one that runs can
 * be named. */
static bool check_unused(const struct run_infos *builds, const struct catalog_version *v,
                         struct error **err)
{
    VEC_EACH (info, builds) {
        for (size_t i = 0; i < v->artifact_count; i++) {
            if (info->base == NULL || strcmp(info->base, v->artifacts[i].path) != 0)
                continue;
            bool is_kept = strcmp(info->state, RUN_KEPT) == 0;
            error_set(err, ERR_EXISTS, 0, "the build '%s', which %s, stands on %s %s", info->build,
                      is_kept ? "is kept" : "runs", v->bucket, v->name);
            return error_hint(err,
                              is_kept ? "Remove that first: imgfac gc -kept %s."
                                      : "Wait for its end or stop it; `imgfac ps` lists %s.",
                              info->build);
        }
    }
    return true;
}

static bool remove_one(struct app *app, const char *ref, bool force, struct error **err)
{
    struct catalog_version v;
    struct run_infos builds;
    if (!catalog_find(app->catalog, str_from(ref), app->arena, &v, err) ||
        !runfile_list(catalog_store_path(app->catalog), app->arena, &builds, err) ||
        !check_unused(&builds, &v, err) || !catalog_remove(app->catalog, &v, force, err))
        return false;
    fprintf(app->out, "removed %s %s\n", v.bucket, v.name);
    return true;
}

static int rm_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct rm_flags *flags = opaque;
    struct error *e = NULL;
    if (app_catalog(app) == NULL)
        return app->failure;
    for (size_t i = 0; i < args->len; i++)
        if (!remove_one(app, args->ptr[i], flags->force, &e))
            return app_fail(app, e);
    return EXIT_OK;
}

const struct command cmd_catalog_rm = {
    .name = "rm",
    .args = "VERSION...",
    .summary = "Remove versions and the bytes that nothing else needs",
    .opts = rm_rows,
    .config_size = sizeof(struct rm_flags),
    .min_args = 1,
    .max_args = -1,
    .run = rm_run,
};
