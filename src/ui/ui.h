/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_UI_UI_H
#define IMGFAC_UI_UI_H

/* The event sinks that people and programs see: live bars on a terminal, plain
 * lines in a pipe, Packer's machine-readable lines, JSON lines.  Each format
 * is one file exporting one constant struct, listed in ui.c.  A ui serialises
 * events of all threads; what it prints is already redacted. */

#include <stdio.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "ui/event.h"

struct ui;

struct ui_type {
    const char *name; /* "plain" */
    void (*event)(struct ui *ui, const struct event *e);
    /* About ten times a second from a thread of the ui; NULL: no ticks. */
    void (*tick)(struct ui *ui);
    /* Before the memory goes; may be NULL. */
    void (*end)(struct ui *ui);
};

extern const struct ui_type ui_plain, ui_tty, ui_machine, ui_json;

/* A record of machine-readable output: "<unix seconds>,,TYPE,DATA...", and
 * "<unix seconds>,,ui,WORD,TEXT", where WORD is "say" or "error". */
void ui_machine_record(struct strbuf *out, const char *type, const char *const *data, size_t count);
void ui_machine_message(struct strbuf *out, const char *word, str text);

struct ui_options {
    FILE *out;
    bool color;
    bool timestamps; /* -timestamp-ui: each line begins with the local RFC 3339 time */
};

struct ui *ui_new(const struct ui_type *type,
                  const struct ui_options *options) ATTR_RETURNS_NONNULL;
void ui_free(struct ui *ui);
DEFINE_AUTO(ui, struct ui *, ui_free);
struct event_sink *ui_sink(struct ui *ui);
/* NULL when there is no such format. */
const struct ui_type *ui_find(str name);

#endif
