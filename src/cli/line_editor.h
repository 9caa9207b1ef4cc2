/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_LINE_EDITOR_H
#define IMGFAC_CLI_LINE_EDITOR_H

/* Lines from a person at a terminal: editing as in emacs, a history kept in a
 * file, completion with Tab.  Ctrl-C gives up what was typed so far.  Not
 * thread-safe; one at a time. */

#include "base/cleanup.h"
#include "base/str.h"
#include "schema/schema.h"

struct line_editor;

enum line_result {
    LINE_READ,
    LINE_INTERRUPTED, /* Ctrl-C; what was typed is gone */
    LINE_END,         /* Ctrl-C or Ctrl-D on an empty line, or the terminal is gone */
};

/* HISTORY_FILE may be NULL; WORDS, what Tab completes, is borrowed. */
struct line_editor *line_editor_new(const char *history_file, const struct opt_strings *words);
void line_editor_free(struct line_editor *ed); /* saves the history */
DEFINE_AUTO(line_editor, struct line_editor *, line_editor_free);
/* *OUT is the line without its end, valid until the next call. */
enum line_result line_editor_read(struct line_editor *ed, const char *prompt, str *out);
/* Remember TEXT, which may have several lines. */
void line_editor_remember(struct line_editor *ed, str text);

#endif
