/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_GOTEMPLATE_INTERNAL_H
#define IMGFAC_GOTEMPLATE_INTERNAL_H

/* Syntax tree and values of Go templates, between parser, evaluator and
 * functions.  Everything lives in the arena of one rendering; texts are slices
 * of the template. */

#include "base/strbuf.h"
#include "base/vec.h"
#include "gotemplate/gotemplate.h"

/* --- values --- */
enum gt_kind { GT_NIL, GT_STR, GT_INT, GT_FLOAT, GT_BOOL, GT_ROOT };
struct gt_value {
    enum gt_kind kind;
    union {
        str s;
        int64_t i;
        double f;
        bool b;
    };
};
static inline struct gt_value gt_str(str s)
{
    return (struct gt_value){.kind = GT_STR, .s = s};
}
static inline struct gt_value gt_int(int64_t i)
{
    return (struct gt_value){.kind = GT_INT, .i = i};
}
static inline struct gt_value gt_bool(bool b)
{
    return (struct gt_value){.kind = GT_BOOL, .b = b};
}

/* --- tree --- */
struct gt_pipe;
DEFINE_ARENA_VEC(gt_names, str);

enum gt_operand_kind {
    GT_OP_VALUE,    /* a constant */
    GT_OP_DOT,      /* . and .Field.Field */
    GT_OP_VARIABLE, /* $x.Field */
    GT_OP_FUNCTION,
    GT_OP_PIPE, /* (pipeline).Field */
};
struct gt_func;
struct gt_operand {
    enum gt_operand_kind kind;
    size_t pos;
    struct gt_value value;
    str name; /* of the variable, with $ */
    const struct gt_func *func;
    struct gt_pipe *pipe;
    struct gt_names fields;
};
DEFINE_ARENA_VEC(gt_command, struct gt_operand);
DEFINE_ARENA_VEC(gt_commands, struct gt_command);
struct gt_pipe {
    size_t pos;
    struct gt_names vars; /* at most two: {{ range $i, $v := ... }} */
    bool assigns;         /* = instead of := */
    struct gt_commands commands;
};

enum gt_node_kind { GT_TEXT, GT_ACTION, GT_IF, GT_WITH, GT_RANGE, GT_BREAK, GT_CONTINUE };
struct gt_node;
DEFINE_ARENA_VEC(gt_list, struct gt_node *);
struct gt_node {
    enum gt_node_kind kind;
    size_t pos;
    str text;
    struct gt_pipe *pipe;
    struct gt_list body, other;
};

/* False with the error "template: LINE:COLUMN: ...". */
bool gt_parse(struct arena *a, str text, struct gt_list *out, struct error **err);
/* "template: LINE:COLUMN: " MESSAGE for offset POS. */
bool gt_error_at(str text, size_t pos, struct error **err, const char *fmt, ...) ATTR_PRINTF(4, 5);

/* --- functions --- */
struct gt_call {
    struct arena *arena;
    const struct gotmpl_data *data;
    const struct gt_value *args;
    size_t count;
    bool *too_large; /* set when the result did not fit GT_TEXT_MAX */
};
/* Largest text made by a function, by all calls together, or by the whole. */
#define GT_TEXT_MAX ((size_t)16 << 20)
struct gt_func {
    const char *name;
    int min, max; /* arguments; max -1: any number */
    /* False with *ERR: the bare reason. */
    bool (*run)(const struct gt_call *c, struct gt_value *out, struct error **err);
};
const struct gt_func *gt_find_func(str name);
bool gt_truth(struct gt_value v, const struct gotmpl_data *data);
/* As {{ }} prints it. */
void gt_print(struct strbuf *sb, struct gt_value v, const struct gotmpl_data *data);
const char *gt_kind_name(enum gt_kind kind);
bool gt_printf(const struct gt_call *c, struct strbuf *sb, struct error **err);
/* Go's time layouts, in UTC. */
void gt_format_time(struct strbuf *sb, str layout, int64_t wall_ns);

#endif
