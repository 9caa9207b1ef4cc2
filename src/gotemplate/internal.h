/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_GOTEMPLATE_INTERNAL_H
#define IMGFAC_GOTEMPLATE_INTERNAL_H

/* What parser, evaluator and functions of Go templates share beside the tree.
 * Everything lives in the arena of one rendering. */

#include "base/strbuf.h"
#include "gotemplate/tree.h"

/* "template: LINE:COLUMN: " MESSAGE for offset POS. */
bool gt_error_at(str text, size_t pos, struct error **err, const char *fmt, ...) ATTR_PRINTF(4, 5);

/* --- values --- */
bool gt_truth(struct gt_value v, const struct gotmpl_data *data);
/* As {{ }} prints it. */
void gt_print(struct strbuf *sb, struct gt_value v, const struct gotmpl_data *data);
const char *gt_kind_name(enum gt_kind kind);

/* --- functions --- */
struct gt_call {
    struct arena *arena;
    const struct gotmpl_data *data;
    const struct gt_value *args;
    size_t count;
    bool *too_large; /* set when the result did not fit GT_TEXT_MAX */
};
/* Largest text made by a function, by all calls together, or by the whole. */
#define GT_TEXT_MAX ((size_t)4 << 20)
struct gt_func {
    const char *name;
    int min, max; /* arguments; max -1: any number */
    /* False with *ERR: the bare reason. */
    bool (*run)(const struct gt_call *c, struct gt_value *out, struct error **err);
};
const struct gt_func *gt_find_func(str name);
bool gt_printf(const struct gt_call *c, struct strbuf *sb, struct error **err);
/* Go's time layouts, in UTC. */
void gt_format_time(struct strbuf *sb, str layout, int64_t wall_ns);

#endif
