/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "ui/ui_internal.h"

#define TICK_NS (100 * NS_PER_MS)

/* Packer's colours in its order: green, cyan, magenta, yellow, blue. */
static const int colors[] = {32, 36, 35, 33, 34};

static const struct ui_type *const types[] = {&ui_plain, &ui_tty, &ui_machine, &ui_json};

const struct ui_type *ui_find(str name)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (str_eqz(name, types[i]->name))
            return types[i];
    return NULL;
}

struct ui_build *ui_build_of(struct ui *ui, const char *name)
{
    if (name == NULL)
        return NULL;
    VEC_EACH (b, &ui->builds)
        if (strcmp(b->name, name) == 0)
            return b;
    int color = colors[ui->builds.len % ARRAY_SIZE(colors)];
    ui_builds_push(&ui->builds, (struct ui_build){.name = xstrdup(name), .color = color});
    return &ui->builds.ptr[ui->builds.len - 1];
}

static void replace(char **slot, const char *text)
{
    free(*slot);
    *slot = text == NULL ? NULL : xstrdup(text);
}

static void track_progress(struct ui_build *b, const struct event *e)
{
    autofree char *what = str_xdup(e->text);
    if (b->doing == NULL || strcmp(b->doing, what) != 0 || e->done < b->done) {
        replace(&b->doing, what);
        b->progress_start_ns = clock_now();
        b->progress_shown_ns = b->progress_start_ns;
        b->shown_tenth = 0;
    }
    b->done = e->done;
    b->total = e->total;
}

static void end_step(struct ui_build *b)
{
    replace(&b->step, NULL);
    replace(&b->doing, NULL);
    b->done = b->total = 0;
}

void ui_track(struct ui *ui, const struct event *e)
{
    struct ui_build *b = ui_build_of(ui, e->build);
    if (b == NULL)
        return;
    if (e->kind == EVENT_BUILD_START)
        b->running = true;
    if (e->kind == EVENT_BUILD_END || e->kind == EVENT_STEP_END)
        end_step(b);
    if (e->kind == EVENT_BUILD_END)
        b->running = false;
    if (e->kind == EVENT_STEP_START) {
        autofree char *title = str_xdup(e->text);
        replace(&b->step, e->text.len > 0 ? title : e->step);
        b->step_start_ns = clock_now();
    }
    if (e->kind == EVENT_PROGRESS)
        track_progress(b, e);
}

void ui_add_bytes(struct strbuf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double n = (double)bytes;
    size_t unit = 0;
    for (; n >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
        n /= 1024;
    strbuf_addf(out, unit == 0 || n >= 100 ? "%.0f %s" : "%.1f %s", n, units[unit]);
}

static void add_timestamp(struct strbuf *out)
{
    time_t now = (time_t)(clock_wall() / NS_PER_S);
    struct tm tm;
    localtime_r(&now, &tm);
    char text[40];
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
    strbuf_addf(out, "%s: ", text);
}

/* One line in the colour of its build: "==> qemu.golden: text". */
static void add_line(struct ui *ui, const struct event *e, const char *lead, str line,
                     struct strbuf *out)
{
    struct ui_build *b = ui_build_of(ui, e->build);
    int color = e->kind == EVENT_ERROR ? 31 : e->kind == EVENT_WARNING ? 33 : b ? b->color : 0;
    bool bold = e->kind != EVENT_OUTPUT && e->kind != EVENT_OUTPUT_ERR;
    bool colored = ui->options.color && color != 0;
    if (colored)
        strbuf_addf(out, "\033[%d;%dm", bold, color);
    if (ui->options.timestamps)
        add_timestamp(out);
    if (b != NULL)
        strbuf_addf(out, "%s %s: ", lead, b->name);
    strbuf_addstr(out, line);
    strbuf_adds(out, colored ? "\033[0m\n" : "\n");
}

/* What a terminal program wrote over itself is only worth its last state. */
static str visible_part(str line)
{
    line = str_trim_end(line);
    ptrdiff_t cr = str_rfind_char(line, '\r');
    return cr < 0 ? line : str_sub(line, (size_t)cr + 1, line.len);
}

static void add_lines(struct ui *ui, const struct event *e, const char *lead, str text,
                      struct strbuf *out)
{
    str rest = text;
    do
        add_line(ui, e, lead, visible_part(str_next_line(&rest)), out);
    while (rest.ptr != NULL && rest.len > 0);
}

static void add_build_end(const struct event *e, struct strbuf *out)
{
    autofree char *took = clock_human_duration(e->duration_ns);
    if (e->ok)
        strbuf_addf(out, "Build '%s' finished after %s.\n", e->build, took);
    else
        strbuf_addf(out, "Build '%s' errored after %s: %.*s\n", e->build, took, STR_FMT(e->text));
}

void ui_lines(struct ui *ui, const struct event *e, struct strbuf *out)
{
    switch (e->kind) {
    case EVENT_BUILD_END: add_build_end(e, out); break;
    case EVENT_STEP_START:
        if (e->text.len > 0)
            add_lines(ui, e, "==>", e->text, out);
        break;
    case EVENT_OUTPUT:
    case EVENT_OUTPUT_ERR: add_lines(ui, e, "   ", e->text, out); break;
    case EVENT_SAY:
    case EVENT_WARNING:
    case EVENT_ERROR: add_lines(ui, e, "==>", str_trim_end(e->text), out); break;
    case EVENT_ARTIFACT: strbuf_addf(out, "--> %s: %.*s\n", e->build, STR_FMT(e->text)); break;
    case EVENT_BUILD_START:
    case EVENT_SUMMARY:
    case EVENT_STEP_END:
    case EVENT_PROGRESS: break;
    }
}

static void emit(struct event_sink *sink, const struct event *e)
{
    struct ui *ui = (struct ui *)sink; /* the sink is its first member */
    LOCK_SCOPE(&ui->lock);
    ui_track(ui, e);
    ui->type->event(ui, e);
}

static void *ticker_main(void *arg)
{
    struct ui *ui = arg;
    LOCK_SCOPE(&ui->lock);
    while (!ui->ending) {
        int64_t until = clock_now() + TICK_NS;
        struct timespec ts = {until / NS_PER_S, until % NS_PER_S};
        if (pthread_cond_timedwait(&ui->wake, &ui->lock, &ts) == ETIMEDOUT)
            ui->type->tick(ui);
    }
    return NULL;
}

struct ui *ui_new(const struct ui_type *type, const struct ui_options *options)
{
    struct ui *ui = xnew(struct ui);
    ui->sink.emit = emit;
    ui->type = type;
    ui->options = *options;
    pthread_mutex_init(&ui->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&ui->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (type->tick != NULL) {
        ui->has_ticker = true;
        ui->ticker = thread_start("ui", ticker_main, ui);
    }
    return ui;
}

static void stop_ticker(struct ui *ui)
{
    pthread_mutex_lock(&ui->lock);
    ui->ending = true;
    pthread_cond_signal(&ui->wake);
    pthread_mutex_unlock(&ui->lock);
    if (ui->has_ticker)
        pthread_join(ui->ticker, NULL);
}

void ui_free(struct ui *ui)
{
    if (ui == NULL)
        return;
    stop_ticker(ui);
    if (ui->type->end != NULL)
        ui->type->end(ui);
    fflush(ui->options.out);
    VEC_EACH (b, &ui->builds) {
        free(b->name);
        free(b->step);
        free(b->doing);
    }
    ui_builds_clear(&ui->builds);
    pthread_cond_destroy(&ui->wake);
    pthread_mutex_destroy(&ui->lock);
    free(ui);
}

struct event_sink *ui_sink(struct ui *ui)
{
    return &ui->sink;
}
