/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "cli/app.h"
#include "cli/data.h"
#include "cli/exit.h"
#include "cli/template_flags.h"
#include "core/plan.h"
#include "hcl/diag_print.h"

struct validate_flags {
    struct template_flags template;
    bool syntax_only;
    bool evaluate_datasources;
    bool no_warn_undeclared_var;
    bool json;
};

#define F struct validate_flags

static const struct opt opts[] = {
    OPT_BOOL(F, syntax_only, "syntax-only", .doc = "Only parse the template."),
    OPT_BOOL(F, no_warn_undeclared_var, "no-warn-undeclared-var",
             .doc = "Say nothing about values of var files that no variable is declared for."),
    OPT_BOOL(F, evaluate_datasources, "evaluate-datasources",
             .doc = "Run data sources; otherwise their values count as not yet known."),
    OPT_BOOL(F, json, "json", .doc = "Print the diagnostics as one JSON object."),
    OPT_EMBED(F, template, template_flag_rows),
    OPT_END,
};

static void print_success(struct app *app, const F *f)
{
    app_say(app, f->syntax_only ? STR("Syntax-only check passed. Everything looks okay.")
                                : STR("The configuration is valid."));
}

static int report(struct app *app, const F *f, struct diags *diags)
{
    if (f->json) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        diags_sort(diags);
        diags_print_json(&sb, diags);
        app_write(app->out, strbuf_str(&sb));
    } else {
        app_print_diags(app, diags);
        if (diags_ok(diags))
            print_success(app, f);
    }
    return diags_ok(diags) ? EXIT_OK : EXIT_TEMPLATE;
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    const F *f = flags;
    struct diags diags;
    diags_init(&diags, app->arena);
    if (f->syntax_only) {
        template_load(app->arena, args->ptr[0], &diags);
    } else {
        struct plan plan;
        struct plan_options options = {0};
        struct data_reader reader;
        template_flags_apply(&f->template, args->ptr[0], &options);
        options.allow_none = true;
        options.only_check = true;
        options.template.warn_undeclared = !f->no_warn_undeclared_var;
        app_read_data(app, f->evaluate_datasources, &reader, &options.template);
        app_check_config(app, &diags);
        plan_make(&options, app->arena, &plan, &diags);
    }
    return report(app, f, &diags);
}

const struct command cmd_validate = {
    .name = "validate",
    .args = "TEMPLATE",
    .summary = "Check that a template is valid",
    .doc = "TEMPLATE is a directory with *.pkr.hcl, *.imgfac.hcl and *.pkr.json files, or one such "
           "file. Everything is read and checked as for a build, but nothing is started.",
    .opts = opts,
    .config_size = sizeof(F),
    .min_args = 1,
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
