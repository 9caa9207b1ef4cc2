/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_JSON_READ_H
#define IMGFAC_HCL_JSON_READ_H

/* A strict JSON reader (RFC 8259) that keeps what other libraries drop: the
 * exact text of numbers and the range of every value and name.  Nodes live in
 * the arena and are immutable.  Used by the JSON syntax of HCL and by
 * jsondecode(). */

#include "base/arena.h"
#include "base/range.h"
#include "base/str.h"

struct diags;
struct source_file;

#define JSON_MAX_DEPTH 1000
#define JSON_MAX_BYTES ((size_t)4 << 20) /* longer texts are an error */

enum json_kind {
    JSON_IS_NULL,
    JSON_IS_BOOL,
    JSON_IS_NUMBER,
    JSON_IS_STRING,
    JSON_IS_ARRAY,
    JSON_IS_OBJECT,
};

struct json_member {
    str name; /* decoded */
    struct range name_range;
    const struct json_node *value;
};

struct json_node {
    enum json_kind kind;
    bool boolean;
    str text;           /* number: as written, "-" allowed in front; string: decoded */
    struct range range; /* with quotes or brackets; file NULL without a source */
    struct range open_range, close_range; /* array, object: the brackets */
    const struct json_node *const *items;
    const struct json_member *members; /* in source order, duplicates kept */
    size_t count;                      /* items or members */
};

/* What is wrong with a text that has no source file. */
struct json_error {
    const char *message; /* in the arena: "a comma is missing" */
    size_t offset;
};

/* Read the whole of TEXT; NULL fills *ERR.  Ranges have no file but right
 * offsets.  Lone surrogates become U+FFFD, as Go does. */
const struct json_node *json_read(struct arena *a, str text, struct json_error *err);
/* Read a file with ranges; a BOM is allowed; NULL after reporting. */
const struct json_node *json_read_source(struct arena *a, const struct source_file *f,
                                         struct diags *d);

#endif
