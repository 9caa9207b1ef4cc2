/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_REDACT_H
#define IMGFAC_BASE_REDACT_H

/* The one redactor in front of every sink (log, events, machine output): each
 * registered secret is replaced by "<sensitive>", in its raw, JSON-, shell-,
 * URL-, XML- and base64-encoded forms, and each line of at least four bytes of
 * a multi-line secret (and its CRLF form) by itself.  A secret of one to three
 * bytes is hidden where it is a whole line or a whole value behind "=" or ":",
 * else it would blank parts of words and file names.  Secrets are copied, kept for the life
 * of the process and wiped at exit.  Thread-safe. */

#include "base/str.h"
#include "base/strbuf.h"

/* Empty secrets, and those of white space alone, are ignored. */
void redact_register(str secret);
/* Add TEXT to OUT with every secret replaced; the longest match wins. */
void redact_add(struct strbuf *out, str text);
/* Heap copy of TEXT, redacted. */
char *redact_dup(const char *text) ATTR_RETURNS_NONNULL;

/* For text that arrives in chunks: a secret may lie across the border. */
struct redact_stream {
    struct strbuf held; /* what was given out last, then what waits */
    size_t context;     /* bytes of the former */
};
#define REDACT_STREAM_INIT                                                                         \
    {                                                                                              \
        .held = STRBUF_INIT                                                                        \
    }
void redact_stream_add(struct redact_stream *rs, str chunk, struct strbuf *out);
void redact_stream_end(struct redact_stream *rs, struct strbuf *out);

/* Forget everything; for tests and at exit. */
void redact_reset(void);

#endif
