/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/build.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/strbuf.h"

/* Without a sink (tests, tools) nothing is said. */
static void emit(struct build *b, enum event_kind kind, str text)
{
    if (b->events == NULL)
        return;
    struct event e = {.kind = kind, .build = b->name, .text = text};
    event_emit(b->events, &e);
}

static void emitf(struct build *b, enum event_kind kind, const char *fmt, va_list ap)
    ATTR_PRINTF(3, 0);
static void emitf(struct build *b, enum event_kind kind, const char *fmt, va_list ap)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_vaddf(&sb, fmt, ap);
    emit(b, kind, strbuf_str(&sb));
}

void build_sayf(struct build *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emitf(b, EVENT_SAY, fmt, ap);
    va_end(ap);
}

void build_warnf(struct build *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emitf(b, EVENT_WARNING, fmt, ap);
    va_end(ap);
}

void build_output(struct build *b, bool is_stderr, str line)
{
    emit(b, is_stderr ? EVENT_OUTPUT_ERR : EVENT_OUTPUT, line);
}

void build_progress(struct build *b, const char *what, uint64_t done, uint64_t total)
{
    if (b->events == NULL)
        return;
    struct event e = {.kind = EVENT_PROGRESS,
                      .build = b->name,
                      .text = str_from(what),
                      .done = done,
                      .total = total};
    event_emit(b->events, &e);
}
