/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/lazylib.h"
#include "base/mem.h"
#include "base/tty.h"
#include "catalog/catalog.h"
#include "cli/app.h"
#include "cli/data.h"
#include "cli/exit.h"
#include "cli/report.h"
#include "cli/template_flags.h"
#include "core/run.h"
#include "hcl/diag.h"
#include "ui/ui.h"

enum ui_choice { UI_AUTO, UI_PLAIN, UI_TTY, UI_JSON };

static const struct opt_choice ui_choices[] = {
    {"auto", UI_AUTO, "live lines on a terminal, plain lines in a pipe"},
    {"plain", UI_PLAIN, "one line after the other"},
    {"tty", UI_TTY, "status lines that are drawn again"},
    {"json", UI_JSON, "one JSON object per line, for programs"},
    {0},
};

static const struct opt_choice on_error_choices[] = {
    {"cleanup", ON_ERROR_CLEANUP, "remove everything the build made"},
    {"abort", ON_ERROR_ABORT, "leave everything as it is"},
    {"ask", ON_ERROR_ASK, "ask on the terminal"},
    {"run-cleanup-provisioner", ON_ERROR_RUN_CLEANUP_PROVISIONER,
     "as abort, after the error-cleanup-provisioner"},
    {0},
};

struct build_flags {
    struct template_flags template;
    bool color, debug, force, timestamps, warn_undeclared;
    int64_t parallel;
    int on_error;
    int ui;
};

#define S struct build_flags

static const struct opt build_rows[] = {
    OPT_EMBED(S, template, template_flag_rows),
    OPT_BOOL(S, color, "color", .def = "true", .doc = "Colour the lines of each build."),
    OPT_BOOL(S, debug, "debug", .def = "false",
             .doc = "Run one build after the other, and pause after every step."),
    OPT_BOOL(S, force, "force", .def = "false",
             .doc = "Delete the output directory of an earlier build first."),
    OPT_INT(S, parallel, "parallel-builds", .def = "0", .min = "0", .arg = "N",
            .doc = "At most this many builds at the same time; 0: as many as the hypervisors "
                   "have room for."),
    OPT_ENUM(S, on_error, "on-error", .def = "\"cleanup\"", .choices = on_error_choices,
             .arg = "POLICY", .doc = "What to do when a step fails."),
    OPT_BOOL(S, timestamps, "timestamp-ui", .def = "false",
             .doc = "Begin every line with the local time."),
    OPT_BOOL(S, warn_undeclared, "warn-on-undeclared-var", .def = "false",
             .doc = "Warn when a variable file sets a variable that the template does not know."),
    OPT_ENUM(S, ui, "ui", .def = "\"auto\"", .choices = ui_choices, .arg = "FORMAT",
             .doc = "How progress is shown."),
    OPT_END,
};

static const struct ui_type *choose_ui(const struct app *app, const struct build_flags *flags)
{
    if (app->machine_readable)
        return &ui_machine;
    switch ((enum ui_choice)flags->ui) {
    case UI_PLAIN: return &ui_plain;
    case UI_TTY: return &ui_tty;
    case UI_JSON: return &ui_json;
    case UI_AUTO: break;
    }
    return app->is_tty ? &ui_tty : &ui_plain;
}

/* No answer, or Ctrl-C, cleans up. */
static char ask_on_terminal(void *arg, struct build *b, const char *step)
{
    AUTO(strbuf) struct strbuf answer = STRBUF_INIT;
    autofree char *question =
        xasprintf("%s: Step \"%s\" failed\n[c] Clean up and exit, [a] abort without cleanup, "
                  "or [r] retry step (build may fail even if retry succeeds)? ",
                  b->name, step);
    (void)arg;
    while (tty_ask(question, b->cancel, &answer)) {
        char c = (char)(answer.buf[0] | 0x20);
        if (answer.len == 0)
            return 'c';
        if (c == 'c' || c == 'a' || c == 'r')
            return c;
        free(question);
        question = xasprintf("Incorrect input: \"%s\"\n[c], [a] or [r]? ", answer.buf);
    }
    return 'c';
}

/* Without a terminal, or after Ctrl-C, it goes on at once. */
static void pause_on_terminal(void *arg, struct build *b, const char *step)
{
    AUTO(strbuf) struct strbuf answer = STRBUF_INIT;
    autofree char *question = xasprintf(
        "==> %s: Pausing after run of step '%s'. Press enter to continue. ", b->name, step);
    (void)arg;
    tty_ask(question, b->cancel, &answer);
}

static struct run_options run_options(struct app *app, const struct build_flags *flags,
                                      struct event_sink *events)
{
    struct run_options options = {
        .events = events,
        .cancel = app->cancel,
        .ledger = app_ledger(app),
        .catalog = app_catalog(app),
        .config = app_config(app),
        .store = app_store_path(app),
        .policy = {.on_error = (enum on_error)flags->on_error},
        .parallel = flags->debug ? 1 : (unsigned)flags->parallel,
        .force = flags->force,
        .debug = flags->debug,
    };
    if (!app->machine_readable)
        options.policy.ask = ask_on_terminal;
    if (flags->debug)
        options.policy.pause = pause_on_terminal;
    return options;
}

static void announce_colors(struct event_sink *events, const struct plan *plan)
{
    for (size_t i = 0; i < plan->build_count; i++)
        event_sayf(events, EVENT_SAY, plan->builds[i].name, "output will be in this color.");
    event_sayf(events, EVENT_SAY, NULL, "%s", "");
}

static int carry_out(struct app *app, const struct build_flags *flags, const struct plan *plan,
                     bool plan_ok)
{
    bool color = flags->color && app->color && !app->machine_readable;
    struct error *err = NULL;
    if (!lazylib_load_all(&err))
        return app_fail(app, err);
    if (app_catalog(app) == NULL) /* needs, and thereby opens, all the others */
        return app->failure;
    AUTO(ui)
    struct ui *ui = ui_new(choose_ui(app, flags), &(struct ui_options){
                                                      .out = app->out,
                                                      .color = color,
                                                      .timestamps = flags->timestamps,
                                                  });
    struct run_options options = run_options(app, flags, ui_sink(ui));
    if (color)
        announce_colors(options.events, plan);
    int64_t start = clock_now();
    struct run_outcome *outcomes = NULL;
    bool ok = run_builds(plan, &options, app->arena, &outcomes);
    struct report report = {.events = options.events,
                            .outcomes = outcomes,
                            .count = plan->build_count,
                            .duration_ns = clock_now() - start,
                            .cancelled = !ok && cancel_test(app->cancel)};
    report_print(&report, color);
    return ok && plan_ok ? EXIT_OK : report_exit_code(&report);
}

static int build_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct build_flags *flags = opaque;
    struct plan_options options = {0};
    template_flags_apply(&flags->template, args->ptr[0], &options);
    struct data_reader reader;
    options.template.warn_undeclared = flags->warn_undeclared;
    app_read_data(app, true, &reader, &options.template);
    struct diags diags;
    struct plan plan = {0};
    diags_init(&diags, app->arena);
    bool ok = plan_make(&options, app->arena, &plan, &diags);
    if (ok && plan.build_count == 0)
        ok = diags_file_error(&diags, args->ptr[0], "No builds to run",
                              "The template has no build that -only and -except leave over.");
    app_print_diags(app, &diags);
    if (plan.build_count == 0)
        return cancel_test(app->cancel) ? EXIT_CANCELLED : EXIT_TEMPLATE;
    return carry_out(app, flags, &plan, ok);
}

const struct command cmd_build = {
    .name = "build",
    .args = "TEMPLATE",
    .summary = "Build images from a template",
    .doc = "Reads the template (a directory or a file), boots a guest for each of its sources, "
           "provisions, seals and records it.\n\nThe exit code is 0 when every build succeeded.",
    .opts = build_rows,
    .config_size = sizeof(struct build_flags),
    .min_args = 1,
    .max_args = 1,
    .run = build_run,
};
