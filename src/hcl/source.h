/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_SOURCE_H
#define IMGFAC_HCL_SOURCE_H

/* A text that the user wrote, with the map from byte offsets to lines and
 * columns.  A source file lives in an arena and must outlive every range that
 * points to it.  Immutable once it is parsed, so it may then be read by any
 * number of threads. */

#include "base/arena.h"
#include "base/range.h"
#include "base/str.h"

struct error;

/* Larger files are refused by source_load() and by the parsers. */
#define SOURCE_MAX_BYTES ((size_t)4 << 20)

/* A block of the file, for "in source "qemu" "ubuntu"" of a diagnostic. */
struct source_block {
    uint32_t start, end; /* whole block, from type word to closing brace */
    const char *header;  /* source "qemu" "ubuntu" */
};

/* Where a piece of a text that was made from another file comes from. */
struct source_origin {
    uint32_t start, end; /* of the piece in the made text */
    struct range range;  /* in the file the user wrote */
    bool verbatim;       /* the same bytes: offsets can be told, too */
};

/* Offsets where a token begins with a character that would otherwise continue
 * a grapheme cluster: it gets a column of its own. */
struct source_breaks {
    const uint32_t *ptr; /* ascending */
    size_t len;
};

struct source_file {
    const char *name; /* as the user knows it: a path, or "<value for var.x>" */
    str text;         /* NUL-terminated copy in the arena, BOM included */
    uint32_t *line_starts;
    uint32_t line_count;  /* at least 1 */
    uint32_t base_line;   /* number of the first line: 1, or where a piece of a file began */
    uint32_t base_column; /* column of its first character: 1 */
    struct source_breaks *breaks; /* never NULL; set by the parser */
    struct source_block *blocks;  /* outermost ones, in order; set by the parser */
    uint32_t block_count;
    const struct source_origin *origins; /* of a made text, in order of start; else NULL */
    size_t origin_count;
};

/* Line and column count from 1; columns are grapheme clusters; a BOM has none. */
struct source_pos {
    uint32_t line, column;
    uint32_t byte;
};

/* TEXT and NAME are copied.  TEXT longer than UINT32_MAX - 1 is a BUG: limit
 * it before. */
struct source_file *source_file_new(struct arena *a, const char *name,
                                    str text) ATTR_RETURNS_NONNULL;
/* Read the file at PATH, named PATH ("-" reads standard input, "<stdin>"). */
struct source_file *source_load(struct arena *a, const char *path, struct error **err);

struct source_pos source_pos(const struct source_file *f, uint32_t offset);
/* Text of line LINE (from 1) without its line end. */
str source_line(const struct source_file *f, uint32_t line);
/* Offset of the first byte of line LINE (from 1). */
uint32_t source_line_start(const struct source_file *f, uint32_t line);
/* The text of a range; empty when it has no file. */
str source_text(struct range r);
/* Outermost block around OFFSET, or NULL. */
const struct source_block *source_block_at(const struct source_file *f, uint32_t offset);
/* "main.pkr.hcl:3,5-9": as in messages that name another place. */
char *source_range_text(struct arena *a, struct range r) ATTR_RETURNS_NONNULL;

/* The place that the user knows: that of the smallest origin around R when its
 * file was made from another one, else R. */
struct range source_origin(struct range r);

/* From the start of A to the end of B (same file); when one has no file, the
 * other. */
struct range range_between(struct range a, struct range b);
/* Zero-length range at the start, at the end. */
struct range range_start(struct range r);
struct range range_end(struct range r);
static inline bool range_known(struct range r)
{
    return r.file != NULL;
}

#endif
