/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/app.h"

#include <signal.h>
#include <sys/ioctl.h>

#include "base/io.h"
#include "base/redact.h"
#include "base/strbuf.h"
#include "cli/exit.h"
#include "config/config.h"
#include "hcl/diag_print.h"
#include "ui/ui.h"

/* Signal handlers have no argument of their own. */
static struct cancel *signal_cancel;
static volatile sig_atomic_t signal_count;

static void on_signal(int sig)
{
    (void)sig;
    signal_count = signal_count + 1;
    if (signal_count >= 3)
        _exit(EXIT_CANCELLED);
    cancel_trigger(signal_cancel, CANCEL_USER);
}

void app_catch_signals(struct app *app)
{
    signal_cancel = app->cancel;
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

unsigned app_width(FILE *f)
{
    struct winsize ws;
    if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &ws) != 0 || ws.ws_col < 20)
        return 80;
    return MIN(ws.ws_col, 100);
}

void app_write(FILE *f, str text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    redact_add(&sb, text);
    fwrite(sb.buf, 1, sb.len, f);
}

void app_say(struct app *app, str text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(strbuf) struct strbuf shown = STRBUF_INIT;
    redact_add(&shown, text);
    if (app->machine_readable)
        ui_machine_message(&sb, "say", strbuf_str(&shown));
    else
        strbuf_addf(&sb, "%s\n", shown.buf);
    fwrite(sb.buf, 1, sb.len, app->out);
}

/* One record for each, among the others. */
static void print_diag_records(struct app *app, const struct diags *diags)
{
    static const struct diag_print how = {.width = 80};
    VEC_EACH (p, &diags->list) {
        AUTO(strbuf) struct strbuf text = STRBUF_INIT;
        AUTO(strbuf) struct strbuf shown = STRBUF_INIT;
        AUTO(strbuf) struct strbuf record = STRBUF_INIT;
        diag_print_text(&text, *p, &how);
        redact_add(&shown, strbuf_str(&text));
        ui_machine_message(&record, (*p)->severity == DIAG_ERROR ? "error" : "say",
                           str_trim_end(strbuf_str(&shown)));
        fwrite(record.buf, 1, record.len, app->out);
    }
}

void app_print_diags(struct app *app, struct diags *diags)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    struct diag_print how = {.width = app_width(app->err), .color = app->color};
    diags_sort(diags);
    if (app->machine_readable) {
        print_diag_records(app, diags);
        return;
    }
    diags_print_text(&sb, diags, &how);
    fflush(app->out);
    app_write(app->err, strbuf_str(&sb));
}

int app_fail(struct app *app, struct error *e)
{
    AUTO(error) struct error *owned = e;
    AUTO(arena) struct arena *a = arena_new("error");
    struct diags diags;
    diags_init(&diags, a);
    diags_add_error(&diags, RANGE_NONE, e);
    app_print_diags(app, &diags);
    return exit_code_of(e);
}

bool app_check_config(struct app *app, struct diags *diags)
{
    struct config config;
    return config_load(app->config_path, app->arena, &config, diags);
}

const struct config *app_config(struct app *app)
{
    if (app->config != NULL || app->failure != EXIT_OK)
        return app->config;
    struct diags diags;
    diags_init(&diags, app->arena);
    struct config *config = arena_new_object(app->arena, struct config);
    bool ok = config_load(app->config_path, app->arena, config, &diags);
    app_print_diags(app, &diags);
    if (ok)
        app->config = config;
    else
        app->failure = EXIT_TEMPLATE;
    return app->config;
}

const char *app_store_path(struct app *app)
{
    const struct config *config = app_config(app);
    if (config == NULL || app->failure != EXIT_OK)
        return NULL;
    const char *path = config_store_path(config, app->arena);
    struct error *err = NULL;
    if (io_mkdir_p(path, 0755, &err)) {
        /* QEMU and other programs that get paths in it run in directories of their own. */
        autofree char *absolute = io_absolute(path);
        return arena_strdup(app->arena, absolute);
    }
    error_wrap_code(&err, ERR_HOST, "cannot make the store '%s'", path);
    error_hint(&err, "Set `store { path = ... }` in the configuration to a directory you may "
                     "write.");
    app->failure = app_fail(app, err);
    return NULL;
}
