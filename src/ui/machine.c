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

static void add_ui_lines(struct ui *ui, const struct event *e, struct strbuf *out)
{
    AUTO(strbuf) struct strbuf lines = STRBUF_INIT;
    ui_lines(ui, e, &lines);
    str rest = strbuf_str(&lines);
    while (rest.ptr != NULL && rest.len > 0) {
        str line = str_next_line(&rest);
        begin(out, NULL, "ui");
        add_data(out, str_from(say_word(e->kind)));
        add_data(out, line);
        strbuf_addc(out, '\n');
    }
}

static void add_artifact(const struct event *e, struct strbuf *out)
{
    static const char *const fields[] = {"builder-id", "string", "file"};
    const char *const values[] = {"imgfac.image", NULL, e->path};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (i == 2 && e->path == NULL)
            continue;
        begin(out, e->build, "artifact");
        add_data(out, STR("0"));
        add_data(out, str_from(fields[i]));
        if (i == 2)
            add_data(out, STR("0"));
        add_data(out, values[i] == NULL ? e->text : str_from(values[i]));
        strbuf_addc(out, '\n');
    }
    begin(out, e->build, "artifact");
    strbuf_adds(out, ",0,end\n");
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
    add_ui_lines(ui, e, &out);
    fwrite(out.buf, 1, out.len, ui->options.out);
    fflush(ui->options.out);
}

const struct ui_type ui_machine = {
    .name = "machine",
    .event = machine_event,
};
