/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dirs.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/redact.h"
#include "core/recorder.h"
#include "ledger/runfile.h"

#define CONSOLE_MAX ((size_t)64 << 20)

/* From here on `imgfac ps` shows the build. */
static bool announce(struct build *b, const char *store, const char *id, struct error **err)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall(), now);
    struct run_info info = {
        .id = arena_strdup(b->arena, id),
        .build = b->name,
        .state = RUN_RUNNING,
        .started = arena_strdup(b->arena, now),
        .ledger = ledger_name(b->ledger),
        .work_dir = b->work_dir,
        .log_dir = b->log_dir,
    };
    b->run = runfile_open(store, &info, b->ledger, err);
    return b->run != NULL;
}

bool dirs_make(struct build *b, const char *store, struct dirs *out, struct error **err)
{
    char id[ULID_SIZE];
    hash_ulid(id);
    *out = (struct dirs){.events = b->events};
    b->work_dir = arena_fmt(b->arena, "%s/work/%s", store, id);
    b->log_dir = arena_fmt(b->arena, "%s/logs/%s-%s", store, b->name, id);
    if (!ledger_add(b->ledger, "tree", b->log_dir, &out->logs, err) ||
        !ledger_add(b->ledger, "tree", b->work_dir, &out->work, err) ||
        !io_mkdir_p(b->work_dir, 0711, err) || !io_mkdir_p(b->log_dir, 0711, err) ||
        !announce(b, store, id, err))
        return false;
    out->recorder = recorder_new(b->log_dir, b->events);
    if (out->recorder != NULL)
        b->events = recorder_sink(out->recorder);
    return true;
}

static void tell_kept(struct build *b)
{
    ledger_keep(b->ledger);
    build_sayf(b,
               "It is kept as it was, files in %s: `imgfac ps` lists it, `imgfac ssh %s` and "
               "`imgfac attach %s` look into it, `imgfac gc -kept %s` removes it.",
               b->work_dir, b->name, b->name, b->name);
}

/* The guest may have printed what it was given. */
static void redact_console(struct build *b)
{
    AUTO(error) struct error *e = NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(CONSOLE_MAX), clean = STRBUF_INIT;
    if (b->console_log == NULL || !io_read_tail(b->console_log, CONSOLE_MAX, &text, &e))
        return;
    redact_add(&clean, strbuf_str(&text));
    if (!str_eq(strbuf_str(&clean), strbuf_str(&text)))
        io_write_file(b->console_log, strbuf_str(&clean), 0600, &e);
}

static void write_cause(struct build *b, const struct error *e)
{
    AUTO(error) struct error *ignored = NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    for (const struct error *c = e; c != NULL; c = c->cause)
        strbuf_addf(&text, "%s%s (%s)\n", c == e ? "" : "because: ", c->msg,
                    error_code_name(c->code));
    if (error_first_hint(e) != NULL)
        strbuf_addf(&text, "%s\n", error_first_hint(e));
    autofree char *clean = redact_dup(text.buf);
    autofree char *path = io_path_join(b->log_dir, "cause.txt");
    io_write_file(path, str_from(clean), 0600, &ignored);
}

static void settle_logs(struct build *b, struct dirs *d, const struct error *e, bool left)
{
    AUTO(error) struct error *ignored = NULL;
    if (e == NULL)
        io_remove_tree(b->log_dir, &ignored);
    else if (io_is_dir(b->log_dir))
        write_cause(b, e);
    if (left)
        return; /* the guest goes on writing there */
    redact_console(b);
    ledger_strike(b->ledger, d->logs);
}

void dirs_settle(struct build *b, struct dirs *d, const struct error *e, bool left)
{
    AUTO(error) struct error *ignored = NULL;
    runfile_close(steal(&b->run), left);
    if (left)
        tell_kept(b);
    else if (io_remove_tree(b->work_dir, &ignored))
        ledger_strike(b->ledger, d->work);
    b->events = d->events;
    recorder_free(steal(&d->recorder));
    settle_logs(b, d, e, left);
}
