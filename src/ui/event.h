/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_UI_EVENT_H
#define IMGFAC_UI_EVENT_H

/* What a build tells the world while it runs.  Producers (core, builders,
 * provisioners) emit events; one sink (src/ui) turns them into terminal bars,
 * plain lines, machine-readable lines or JSON.  Nothing else prints.  Emitting
 * is thread-safe, copies what it keeps, and passes every text through the
 * redactor. */

#include "base/cleanup.h"
#include "base/str.h"

enum event_kind {
    EVENT_BUILD_START,
    EVENT_BUILD_END,  /* text: error line or empty; ok; duration */
    EVENT_STEP_START, /* step */
    EVENT_STEP_END,   /* step, ok, duration */
    EVENT_SAY,        /* text: what is being done, for the user */
    EVENT_OUTPUT,     /* text: one line of standard output of guest or tool */
    EVENT_OUTPUT_ERR, /* the same of standard error */
    EVENT_WARNING,
    EVENT_ERROR,
    EVENT_PROGRESS, /* text: what; done of total (total 0: unknown) */
    EVENT_ARTIFACT, /* text: one line; id, path, bytes */
    EVENT_SUMMARY,  /* the run is over: done of total builds succeeded */
};

struct event {
    enum event_kind kind;
    const char *build; /* "qemu.golden"; NULL: of the whole run */
    const char *step;  /* "connect"; NULL: none */
    str text;
    const char *path;
    const char *id; /* of an artifact: the fingerprint of its version; NULL: none */
    uint64_t done, total;
    int64_t duration_ns;
    bool ok;
};

struct event_sink {
    void (*emit)(struct event_sink *sink, const struct event *e);
};

void event_emit(struct event_sink *sink, const struct event *e);
void event_sayf(struct event_sink *sink, enum event_kind kind, const char *build, const char *fmt,
                ...) ATTR_PRINTF(4, 5);
/* "event" names used by JSON output: "step_start", "output" ... */
const char *event_kind_name(enum event_kind kind);

#endif
