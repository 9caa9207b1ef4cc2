/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "cli/app.h"
#include "cli/exit.h"
#include "cli/template_flags.h"
#include "hcl/diag.h"
#include "plug/plugin.h"
#include "plug/registry.h"
#include "template/template.h"

struct init_flags {
    struct template_flags template;
    bool upgrade, force;
};

#define F struct init_flags

static const struct opt opts[] = {
    OPT_BOOL(F, upgrade, "upgrade", .def = "false", .flags = OPT_IGNORED,
             .doc = "Accepted for Packer's sake: nothing is downloaded."),
    OPT_BOOL(F, force, "force", .def = "false", .flags = OPT_IGNORED,
             .doc = "Accepted for Packer's sake: nothing is downloaded."),
    OPT_EMBED(F, template, template_flag_rows),
    OPT_END,
};

/* One line for each requirement; false when the template cannot count on it. */
static bool report(struct app *app, const struct template_plugin *t)
{
    struct plugin_answer a;
    bool valid, fits;
    FILE *out = app->out;
    registry_find_plugin(app->arena, str_from(t->name), str_from(t->source), &a);
    fprintf(out, "%s (%s %s): ", t->name, t->source, t->constraint);
    switch (a.state) {
    case PLUGIN_BUILT_IN:
        fits = template_version_fits(str_from(a.version), str_from(t->constraint), &valid);
        fprintf(out, "built in (%s)%s%s%s\n", a.what, fits ? "" : "; it follows version ",
                fits ? "" : a.version, fits ? "" : " of Packer's plugin");
        return true;
    case PLUGIN_INSTALLED:
        fits = template_version_fits(str_from(a.version), str_from(t->constraint), &valid);
        fprintf(out, "%s %s in %s (%s)\n", fits ? "installed, version" : "WRONG VERSION,",
                a.version, a.path, a.what);
        return fits;
    case PLUGIN_NOT_PINNED: fprintf(out, "NOT INSTALLED: %s\n", a.what); return false;
    case PLUGIN_ELSEWHERE:
        fprintf(out, "not part of imgfac; leave the builds that need it out with -only or "
                     "-except\n");
        return true;
    case PLUGIN_MISSING:
        fprintf(out, "MISSING: get imgfac-plugin-NAME and run `imgfac plugins install PATH`\n");
        return false;
    }
    return false;
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    (void)flags;
    struct diags diags;
    diags_init(&diags, app->arena);
    struct template *t = template_load(app->arena, args->ptr[0], &diags);
    bool ok = t != NULL && diags_ok(&diags);
    app_print_diags(app, &diags);
    if (!ok)
        return EXIT_TEMPLATE;
    if (t->plugins.len == 0)
        fprintf(app->out, "The template requires no plugins.\n");
    VEC_EACH (p, &t->plugins)
        ok &= report(app, p);
    return ok ? EXIT_OK : EXIT_NOT_FOUND;
}

const struct command cmd_init = {
    .name = "init",
    .args = "TEMPLATE",
    .summary = "Say whether the plugins that a template requires are there",
    .doc =
        "Nothing is downloaded: what Packer's plugins for QEMU and the common provisioners do is "
        "built in, and imgfac's own plugins are installed with `imgfac plugins install`.",
    .opts = opts,
    .config_size = sizeof(F),
    .min_args = 1,
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
