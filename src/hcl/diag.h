/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_DIAG_H
#define IMGFAC_HCL_DIAG_H

/* What is wrong with what the user wrote: a list that functions add to and go
 * on, each entry with its place, a summary and a detail that says what to do.
 * Nothing is printed where it is found; hcl/diag_print.h does that.  The list
 * and all its texts live in one arena.  Not thread-safe. */

#include "base/arena.h"
#include "base/range.h"
#include "base/vec.h"

struct error;

enum diag_severity {
    DIAG_ERROR,
    DIAG_WARNING,
};

/* One value that took part: "var.size" "is 12". */
struct diag_value {
    const char *name; /* "var.size", as written in the template */
    const char *text; /* "is 12", "is a list of 3 strings"; never a secret */
};
DEFINE_ARENA_VEC(diag_values, struct diag_value);

struct diag {
    enum diag_severity severity;
    const char *summary;   /* one line, no full stop: "Unsupported argument" */
    const char *detail;    /* sentences; "" when there is nothing to add */
    struct range subject;  /* underlined; unknown for a diagnostic without a place */
    struct range context;  /* shown around it; unknown: the subject's lines */
    const char *file_name; /* when there is no range: what it is about, or NULL */
    struct diag_values values;
};
DEFINE_ARENA_VEC(diag_list, struct diag *);

/* More than this many entries are counted, not kept. */
#define DIAGS_MAX 1000

struct diags {
    struct arena *arena;
    struct diag_list list;
    size_t errors, warnings; /* all, kept or not */
    size_t dropped;
};

void diags_init(struct diags *d, struct arena *a);
static inline bool diags_ok(const struct diags *d)
{
    return d->errors == 0;
}

/* SUMMARY is copied; DETAIL is a format ("%s", "" for none).  The entry may
 * be completed by the functions below; it is valid (though not kept) also past
 * DIAGS_MAX. */
struct diag *diags_add(struct diags *d, enum diag_severity severity, struct range subject,
                       const char *summary, const char *detail, ...)
    ATTR_PRINTF(5, 6) ATTR_RETURNS_NONNULL;
/* An error; returns false, so that `return diags_error(...)` is one line. */
bool diags_error(struct diags *d, struct range subject, const char *summary, const char *detail,
                 ...) ATTR_PRINTF(4, 5);
void diags_warning(struct diags *d, struct range subject, const char *summary, const char *detail,
                   ...) ATTR_PRINTF(4, 5);
/* An error about a whole file or a source without text ("command line"). */
bool diags_file_error(struct diags *d, const char *file_name, const char *summary,
                      const char *detail, ...) ATTR_PRINTF(4, 5);

/* NAME and TEXT are copied. */
void diag_add_value(struct diags *d, struct diag *diag, const char *name, const char *text);

/* An operation's error as a diagnostic: its own range if it has one, else
 * RANGE; summary is the top message, detail the causes and the hint.  E is
 * borrowed.  Returns false. */
bool diags_add_error(struct diags *d, struct range range, const struct error *e);
/* Copy every entry of SRC (whose arena may go away; source files may not). */
void diags_append(struct diags *d, const struct diags *src);
/* Forget the entries from index LEN on: for a trial that failed.  LEN is an
 * earlier d->list.len with nothing dropped since. */
void diags_truncate(struct diags *d, size_t len);
/* By file order of first appearance, then by place; stable. */
void diags_sort(struct diags *d);

#endif
