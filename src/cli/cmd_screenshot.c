/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/mem.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "qemu/look.h"

static int screenshot_run(struct app *app, const void *flags, const struct opt_strings *args)
{
    (void)flags;
    struct run_info info;
    struct error *e = NULL;
    const char *store = app_store_path(app);
    if (store == NULL)
        return app->failure;
    if (!runfile_find(store, args->ptr[0], app->arena, &info, &e))
        return app_fail(app, e);
    autofree char *own_name = xasprintf("%s.png", info.build);
    const char *path = args->len > 1 ? args->ptr[1] : own_name;
    if (!look_screenshot(&info, path, &e))
        return app_fail(app, e);
    fprintf(app->out, "%s\n", path);
    return EXIT_OK;
}

const struct command cmd_screenshot = {
    .name = "screenshot",
    .args = "BUILD [FILE.png]",
    .summary = "Take a picture of a build's screen",
    .doc = "BUILD runs or is kept (see `imgfac ps`).  Without FILE the picture is BUILD.png in the "
           "current directory.",
    .min_args = 1,
    .max_args = 2,
    .run = screenshot_run,
};
