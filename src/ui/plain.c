/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include "base/clock.h"
#include "ui/ui_internal.h"

/* Progress in a pipe: nothing for what ends quickly, then a line per tenth, or
 * one a minute where the size is not known. */
#define QUIET_NS  (5 * NS_PER_S)
#define MINUTE_NS (60 * NS_PER_S)

static void print_progress(struct ui *ui, const struct event *e)
{
    struct ui_build *b = ui_build_of(ui, e->build);
    int64_t now = clock_now();
    if (b == NULL || now - b->progress_start_ns < QUIET_NS)
        return;
    unsigned tenth = e->total > 0 ? (unsigned)((double)e->done / (double)e->total * 10) : 0;
    bool due = e->total > 0 ? tenth > b->shown_tenth : now - b->progress_shown_ns >= MINUTE_NS;
    if (!due)
        return;
    b->shown_tenth = tenth;
    b->progress_shown_ns = now;
    autofree char *elapsed = clock_short_duration(now - b->progress_start_ns);
    if (e->total > 0)
        fprintf(ui->options.out, "    %s: %s: %u %% (%s)\n", b->name, b->doing, tenth * 10,
                elapsed);
    else
        fprintf(ui->options.out, "    %s: %s (%s)\n", b->name, b->doing, elapsed);
}

static void plain_event(struct ui *ui, const struct event *e)
{
    AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
    ui_lines(ui, e, &lines);
    if (e->kind == EVENT_PROGRESS)
        print_progress(ui, e);
    fwrite(lines.buf, 1, lines.len, ui->options.out);
    fflush(ui->options.out);
}

const struct ui_type ui_plain = {
    .name = "plain",
    .event = plain_event,
};
