/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include "base/clock.h"
#include "ui/ui_internal.h"

/* Packer's -machine-readable lines: "<unix seconds>,<target>,<type>,<data...>".
 * In data a comma is written %!(PACKER_COMMA), CR and LF as \r and \n. */

static void add_data(struct strbuf *out, str data)
{
    strbuf_addc(out, ',');
    for (size_t i = 0; i < data.len; i++) {
        switch (data.ptr[i]) {
        case ',': strbuf_adds(out, "%!(PACKER_COMMA)"); break;
        case '\r': strbuf_adds(out, "\\r"); break;
        case '\n': strbuf_adds(out, "\\n"); break;
        default: strbuf_addc(out, data.ptr[i]);
        }
    }
}

static void begin(struct strbuf *out, const char *target, const char *type)
{
    strbuf_addf(out, "%lld,%s,%s", (long long)(clock_wall() / NS_PER_S),
                target == NULL ? "" : target, type);
}

static const char *say_word(enum event_kind kind)
{
    if (kind == EVENT_ERROR || kind == EVENT_OUTPUT_ERR)
        return "error";
    return kind == EVENT_OUTPUT ? "message" : "say";
}

void ui_machine_record(struct strbuf *out, const char *type, const char *const *data, size_t count)
{
    begin(out, NULL, type);
    for (size_t i = 0; i < count; i++)
        add_data(out, str_from(data[i]));
    strbuf_addc(out, '\n');
}

void ui_machine_message(struct strbuf *out, const char *word, str text)
{
    begin(out, NULL, "ui");
    add_data(out, str_from(word));
    add_data(out, text);
    strbuf_addc(out, '\n');
}

/* One record for a message, however many lines it has. */
static void add_ui_lines(struct ui *ui, const struct event *e, struct strbuf *out)
{
    AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
    ui_lines(ui, e, &lines);
    str text = strbuf_str(&lines);
    if (text.len == 0)
        return;
    ui_machine_message(out, say_word(e->kind), str_sub(text, 0, text.len - 1));
}

/* "<time>,<build>,artifact,0,<name>,<value>"; a build has one artifact. */
static void add_field(const struct event *e, const char *name, str value, struct strbuf *out)
{
    begin(out, e->build, "artifact,0,");
    strbuf_adds(out, name);
    if (value.ptr != NULL)
        add_data(out, value);
    strbuf_addc(out, '\n');
}

static void add_artifact(const struct event *e, struct strbuf *out)
{
    begin(out, e->build, "artifact-count,1\n");
    add_field(e, "builder-id", STR("imgfac.image"), out);
    add_field(e, "id", e->id != NULL ? str_from(e->id) : STR("VM"), out);
    add_field(e, "string", e->text, out);
    add_field(e, "files-count", e->path != NULL ? STR("1") : STR("0"), out);
    if (e->path != NULL)
        add_field(e, "file,0", str_from(e->path), out);
    add_field(e, "end", (str){0}, out);
}

static void machine_event(struct ui *ui, const struct event *e)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (e->kind == EVENT_BUILD_END && !e->ok) {
        begin(&out, e->build, "error");
        add_data(&out, e->text);
        strbuf_addc(&out, '\n');
    }
    if (e->kind == EVENT_ARTIFACT)
        add_artifact(e, &out);
    if (e->kind == EVENT_SUMMARY && e->done < e->total) {
        begin(&out, NULL, "error-count");
        strbuf_addf(&out, ",%llu\n", (unsigned long long)(e->total - e->done));
    }
    add_ui_lines(ui, e, &out);
    fwrite(out.buf, 1, out.len, ui->options.out);
    fflush(ui->options.out);
}

const struct ui_type ui_machine = {
    .name = "machine",
    .event = machine_event,
};
