/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_UI_UI_INTERNAL_H
#define IMGFAC_UI_UI_INTERNAL_H

/* What the formats share: the builds seen so far with their colours and
 * running step, and the text of an event as lines for people.  Everything is
 * called with the ui's lock held. */

#include <pthread.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "ui/ui.h"

/* One build that runs or ran. */
struct ui_build {
    char *name;
    int color; /* ANSI foreground, 32 ... */
    bool running;
    char *step;  /* title of the running step, or NULL */
    char *doing; /* what the progress is about, or NULL */
    int64_t step_start_ns, progress_start_ns, progress_shown_ns;
    uint64_t done, total;
    unsigned shown_tenth; /* plain: last tenth printed */
};
DEFINE_VEC(ui_builds, struct ui_build);

struct ui {
    struct event_sink sink;
    const struct ui_type *type;
    struct ui_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t ticker;
    bool has_ticker, ending;
    struct ui_builds builds;
    size_t live_lines; /* tty: status lines on the screen now */
};

/* Entry of NAME, made when new; NULL for NULL.  Valid until the next call. */
struct ui_build *ui_build_of(struct ui *ui, const char *name);
/* Keep builds[] up to date with E: every format calls it first. */
void ui_track(struct ui *ui, const struct event *e);
/* Lines of E for people, each ended by a newline; nothing for silent events. */
void ui_lines(struct ui *ui, const struct event *e, struct strbuf *out);
/* "12.3 MiB" */
void ui_add_bytes(struct strbuf *out, uint64_t bytes);

#endif
