/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_UPGRADE_INTERNAL_H
#define IMGFAC_UPGRADE_INTERNAL_H

/* What the files of upgrade/ share: the writer of HCL text that remembers
 * where each piece came from, and the translation of {{ }} calls. */

#include "base/strbuf.h"
#include "gotemplate/tree.h"
#include "hcl/diag.h"
#include "schema/schema.h"
#include "upgrade/upgrade.h"

DEFINE_ARENA_VEC(upgrade_origins, struct source_origin);
DEFINE_ARENA_VEC(upgrade_members, const struct json_member *);

/* Where a text stands decides which names an expression may use. */
enum upgrade_place {
    UPGRADE_DEFAULT, /* of a variable: env() alone */
    UPGRADE_LOCAL,   /* a variable that became a local */
    UPGRADE_SOURCE,
    UPGRADE_STEP, /* provisioner, post-processor: build.* too */
};

struct upgrade_writer {
    struct arena *arena;
    struct upgrade_legacy *legacy;
    const struct upgrade_options *options;
    struct diags *diags;
    struct strbuf out;
    struct upgrade_origins origins;
    unsigned depth; /* of the block being written */
    bool commented; /* the comment of the next block was written */
    enum upgrade_place place;
    const struct opt *rows;     /* of the block being written; NULL: unknown */
    const char *timestamp_name; /* of our own local */
};

/* The piece from START to here came from RANGE. */
void upgrade_mark(struct upgrade_writer *w, size_t start, struct range range, bool verbatim);
void upgrade_indent(struct upgrade_writer *w);
/* `type "label" "label" {` with where they come from. */
void upgrade_open_block(struct upgrade_writer *w, const char *type, const struct upgrade_item *item,
                        struct range range);
void upgrade_close_block(struct upgrade_writer *w);
/* A comment, wrapped, when annotations are wanted. */
void upgrade_annotate(struct upgrade_writer *w, const char *text);

/* write_value.c: TEXT as the inside of an HCL string. */
void upgrade_add_text(struct strbuf *out, str text);
/* A JSON value as an expression. */
void upgrade_add_value(struct upgrade_writer *w, const struct json_node *n);
/* An option: NAME = VALUE or block(s), as its row (or else a guess) says. */
void upgrade_add_option(struct upgrade_writer *w, const struct json_member *m);
/* NAME = VALUE inside an object. */
void upgrade_add_member(struct upgrade_writer *w, const struct json_member *m);
void upgrade_begin_attribute(struct upgrade_writer *w, str name, struct range range);

/* calls.c: the text of a JSON string as an HCL string, calls translated. */
void upgrade_add_string(struct upgrade_writer *w, const struct json_node *n);
/* The text calls a function that a default in HCL may not. */
bool upgrade_needs_local(struct arena *a, str text);
/* First arguments of the calls {{ NAME `...` }} in TEXT. */
DEFINE_ARENA_VEC(upgrade_names, str);
void upgrade_find_constants(struct arena *a, str text, const char *name, struct upgrade_names *out);
/* The text calls {{ NAME }}. */
bool upgrade_calls(struct arena *a, str text, const char *name);

/* fix.c: the options of a builder, sorted; old names and forms replaced by
 * those of today, as `packer fix` does. */
void upgrade_fixed_members(struct upgrade_writer *w, const struct json_node *node,
                           struct upgrade_members *out);

/* read.c */
struct upgrade_variable *upgrade_find_variable(const struct upgrade_legacy *l, str name);
const struct upgrade_item *upgrade_find_builder(const struct upgrade_legacy *l, str name);
/* Letters, digits, "_" and "-" alone. */
const char *upgrade_identifier(struct arena *a, str name);
/* The last member of that name, as Go reads it; NULL: none. */
const struct json_member *upgrade_member(const struct json_node *object, str name);
/* Members of an object sorted by name, the last of each alone. */
void upgrade_sorted(struct arena *a, const struct json_node *object, struct upgrade_members *out);

#endif
