/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/event.h"

#include <stdarg.h>

#include "base/redact.h"
#include "base/strbuf.h"

static const char *const kind_names[] = {
    [EVENT_BUILD_START] = "build_start",
    [EVENT_BUILD_END] = "build_end",
    [EVENT_STEP_START] = "step_start",
    [EVENT_STEP_END] = "step_end",
    [EVENT_SAY] = "say",
    [EVENT_OUTPUT] = "output",
    [EVENT_OUTPUT_ERR] = "output_err",
    [EVENT_WARNING] = "warning",
    [EVENT_ERROR] = "error",
    [EVENT_PROGRESS] = "progress",
    [EVENT_ARTIFACT] = "artifact",
    [EVENT_SUMMARY] = "summary",
};

const char *event_kind_name(enum event_kind kind)
{
    return kind_names[kind];
}

void event_emit(struct event_sink *sink, const struct event *e)
{
    AUTO(strbuf) struct strbuf clean = STRBUF_INIT;
    redact_add(&clean, e->text);
    struct event redacted = *e;
    redacted.text = strbuf_str(&clean);
    sink->emit(sink, &redacted);
}

void event_sayf(struct event_sink *sink, enum event_kind kind, const char *build, const char *fmt,
                ...)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&text, fmt, ap);
    va_end(ap);
    event_emit(sink, &(struct event){.kind = kind, .build = build, .text = strbuf_str(&text)});
}
