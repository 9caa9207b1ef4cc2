/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include "base/clock.h"
#include "ui/ui_internal.h"

/* One JSON object per line: {"at","event","build","step","text",...}.  Members
 * that do not apply are left out; the set of names only ever grows. */

static void add_member(struct strbuf *out, const char *name, str value)
{
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json_quoted(out, value);
}

static void add_outcome(const struct event *e, struct strbuf *out)
{
    if (e->kind == EVENT_BUILD_END || e->kind == EVENT_STEP_END)
        strbuf_addf(out, ",\"ok\":%s,\"seconds\":%.3f", e->ok ? "true" : "false",
                    (double)e->duration_ns / (double)NS_PER_S);
    if (e->kind == EVENT_PROGRESS || e->kind == EVENT_ARTIFACT || e->kind == EVENT_SUMMARY)
        strbuf_addf(out, ",\"done\":%llu,\"total\":%llu", (unsigned long long)e->done,
                    (unsigned long long)e->total);
}

static void json_event(struct ui *ui, const struct event *e)
{
    char at[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall(), at);
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    strbuf_addf(&out, "{\"at\":\"%s\",\"event\":\"%s\"", at, event_kind_name(e->kind));
    if (e->build != NULL)
        add_member(&out, "build", str_from(e->build));
    if (e->step != NULL)
        add_member(&out, "step", str_from(e->step));
    if (e->text.len > 0)
        add_member(&out, "text", e->text);
    if (e->path != NULL)
        add_member(&out, "path", str_from(e->path));
    if (e->id != NULL)
        add_member(&out, "id", str_from(e->id));
    add_outcome(e, &out);
    strbuf_adds(&out, "}\n");
    fwrite(out.buf, 1, out.len, ui->options.out);
    fflush(ui->options.out);
}

const struct ui_type ui_json = {
    .name = "json",
    .event = json_event,
};
