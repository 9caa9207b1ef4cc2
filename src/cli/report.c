/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "cli/exit.h"
#include "hcl/diag.h"
#include "hcl/diag_print.h"
#include "ui/event.h"

static size_t count_failed(const struct report *r)
{
    size_t failed = 0;
    for (size_t i = 0; i < r->count; i++)
        failed += r->outcomes[i].started && !r->outcomes[i].ok;
    return failed;
}

/* The error with its causes, its hint and the lines of the template. */
static void print_failure(const struct report *r, const struct run_outcome *o, bool color)
{
    AUTO(arena) struct arena *a = arena_new("report");
    struct diags diags;
    diags_init(&diags, a);
    diags_add_error(&diags, error_first_range(o->error), o->error);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    diags_print_text(&text, &diags, &(struct diag_print){.width = 100, .color = color});
    autofree char *line = error_line(o->error);
    event_sayf(r->events, EVENT_ERROR, NULL, "--> %s: %s", o->plan->name, line);
    event_emit(r->events, &(struct event){.kind = EVENT_SAY, .text = strbuf_str(&text)});
    if (o->log_dir != NULL)
        event_sayf(r->events, EVENT_SAY, NULL, "    Logs of %s are kept in %s\n", o->plan->name,
                   o->log_dir);
}

/* Down to where the code changes: above that somebody said where it happened, below it is what a
 * diagnosis was drawn from. */
static void add_cause(struct strbuf *sb, const struct error *e)
{
    strbuf_adds(sb, e->msg);
    for (; e->cause != NULL && e->cause->code == e->code; e = e->cause)
        strbuf_addf(sb, ": %s", e->cause->msg);
}

/* What a reader of a long log looks for: at its very end, one line for each. */
static void print_causes(const struct report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct run_outcome *o = &r->outcomes[i];
        AUTO(strbuf) struct strbuf cause = STRBUF_INIT;
        if (!o->started || o->ok || o->error == NULL)
            continue;
        add_cause(&cause, o->error);
        event_sayf(r->events, EVENT_ERROR, NULL, "==> %s failed: %s", o->plan->name, cause.buf);
    }
}

static void print_failures(const struct report *r, bool color)
{
    event_sayf(r->events, EVENT_ERROR, NULL,
               "\n==> Some builds didn't complete successfully and had errors:");
    for (size_t i = 0; i < r->count; i++)
        if (r->outcomes[i].started && !r->outcomes[i].ok)
            print_failure(r, &r->outcomes[i], color);
}

static void print_artifacts(const struct report *r)
{
    event_sayf(r->events, EVENT_SAY, NULL,
               "\n==> Builds finished. The artifacts of successful builds are:");
    for (size_t i = 0; i < r->count; i++) {
        const struct run_outcome *o = &r->outcomes[i];
        if (!o->ok)
            continue;
        event_emit(r->events,
                   &(struct event){.kind = EVENT_ARTIFACT,
                                   .build = o->plan->name,
                                   .text = str_from(o->artifact),
                                   .path = o->path,
                                   .id = o->version != NULL ? o->version->fingerprint : NULL,
                                   .done = o->size,
                                   .total = o->size});
    }
}

void report_print(const struct report *r, bool color)
{
    size_t failed = count_failed(r), ok = 0;
    for (size_t i = 0; i < r->count; i++)
        ok += r->outcomes[i].ok;
    autofree char *took = clock_human_duration(r->duration_ns);
    event_sayf(r->events, EVENT_SAY, NULL, "\n==> Wait completed after %s", took);
    if (r->cancelled) {
        event_sayf(r->events, EVENT_ERROR, NULL,
                   "Cleanly cancelled builds after being interrupted.");
        return;
    }
    event_emit(r->events, &(struct event){.kind = EVENT_SUMMARY, .done = ok, .total = ok + failed});
    if (failed > 0)
        print_failures(r, color);
    if (ok > 0)
        print_artifacts(r);
    else
        event_sayf(r->events, EVENT_SAY, NULL,
                   "\n==> Builds finished but no artifacts were created.");
    print_causes(r);
}

int report_exit_code(const struct report *r)
{
    return r->cancelled ? EXIT_CANCELLED : EXIT_FAILED;
}
