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
        fprintf(app->out, "%lld,,version,%s\n%lld,,ui,say,imgfac %s\n", now, IMGFAC_VERSION, now,
                IMGFAC_VERSION);
        return EXIT_OK;
    }
    fprintf(app->out, "imgfac %s (templates of Packer %s)\n", IMGFAC_VERSION,
            TEMPLATE_PACKER_VERSION);
    return EXIT_OK;
}

const struct command cmd_version = {
    .name = "version",
    .args = "",
    .summary = "Print the version",
    .plain_signals = true,
    .run = run,
};
