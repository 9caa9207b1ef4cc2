/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "base/clock.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "template/template.h"

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    (void)flags;
    (void)args;
    if (app->machine_readable) {
        long long now = (long long)(clock_wall() / NS_PER_S);
        fprintf(app->out, "%lld,,version,%s\n", now, IMGFAC_VERSION);
        fprintf(app->out, "%lld,,version-prelease,\n%lld,,version-commit,\n", now, now);
        app_say(app, STR("imgfac " IMGFAC_VERSION));
        return EXIT_OK;
    }
    app_say(app,
            STR("imgfac " IMGFAC_VERSION " (templates of Packer " TEMPLATE_PACKER_VERSION ")"));
    return EXIT_OK;
}

const struct command cmd_version = {
    .name = "version",
    .args = "",
    .summary = "Print the version",
    .plain_signals = true,
    .run = run,
};
