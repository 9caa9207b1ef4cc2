/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "ui/ui_internal.h"

/* Lines scroll as in a pipe; below them one status line per running build is
 * drawn again at each event and tick: step, elapsed time, and a bar where the
 * size is known.  Only two escape sequences are used: up and clear-to-end. */

#define BAR_CELLS 24

static unsigned terminal_columns(FILE *out)
{
    struct winsize ws;
    if (ioctl(fileno(out), TIOCGWINSZ, &ws) < 0 || ws.ws_col == 0)
        return 80;
    return ws.ws_col;
}

static void add_bar(const struct ui_build *b, struct strbuf *out)
{
    double part = MIN(1.0, (double)b->done / (double)b->total);
    size_t full = (size_t)(part * BAR_CELLS);
    strbuf_adds(out, "  [");
    strbuf_addn(out, '#', full);
    strbuf_addn(out, '.', BAR_CELLS - full);
    strbuf_addf(out, "] %3.0f %%", part * 100);
}

static void add_status(const struct ui_build *b, struct strbuf *out)
{
    int64_t since = b->doing ? b->progress_start_ns : b->step_start_ns;
    autofree char *elapsed = clock_short_duration(clock_now() - since);
    strbuf_addf(out, "  %s: %s  %s", b->name, b->doing ? b->doing : b->step, elapsed);
    if (b->doing != NULL && b->total > 0)
        add_bar(b, out);
}

/* Cut to COLUMNS terminal cells: a wrapped line could not be erased again. */
static str fit(str text, unsigned columns)
{
    size_t used = 0, pos = 0;
    while (pos < text.len) {
        str rest = str_sub(text, pos, text.len);
        size_t bytes = utf8_grapheme_len(rest);
        used += utf8_width(str_sub(text, pos, pos + bytes));
        if (used >= columns)
            break;
        pos += bytes;
    }
    return str_sub(text, 0, pos);
}

static void erase(struct ui *ui, struct strbuf *out)
{
    if (ui->live_lines > 0)
        strbuf_addf(out, "\033[%zuF\033[J", ui->live_lines);
    ui->live_lines = 0;
}

static void draw(struct ui *ui, struct strbuf *out)
{
    unsigned columns = terminal_columns(ui->options.out);
    VEC_EACH (b, &ui->builds) {
        if (!b->running || b->step == NULL)
            continue;
        AUTO(strbuf) struct strbuf line = STRBUF_INIT;
        add_status(b, &line);
        strbuf_addstr(out, fit(strbuf_str(&line), columns));
        strbuf_addc(out, '\n');
        ui->live_lines++;
    }
}

static void redraw(struct ui *ui, str lines)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    erase(ui, &out);
    strbuf_addstr(&out, lines);
    draw(ui, &out);
    fwrite(out.buf, 1, out.len, ui->options.out);
    fflush(ui->options.out);
}

static void tty_event(struct ui *ui, const struct event *e)
{
    if (e->kind == EVENT_PROGRESS)
        return; /* the next tick shows it */
    AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
    ui_lines(ui, e, &lines);
    redraw(ui, strbuf_str(&lines));
}

static void tty_tick(struct ui *ui)
{
    redraw(ui, STR(""));
}

static void tty_end(struct ui *ui)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    erase(ui, &out);
    fwrite(out.buf, 1, out.len, ui->options.out);
}

const struct ui_type ui_tty = {
    .name = "tty",
    .event = tty_event,
    .tick = tty_tick,
    .end = tty_end,
};
