/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_GOTEMPLATE_TREE_H
#define IMGFAC_GOTEMPLATE_TREE_H

/* Syntax tree of Go templates, for the evaluator and for who turns templates
 * into another language.  Everything lives in the arena given to gt_parse();
 * texts are slices of the template. */

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
    size_t pos;        /* of what stands behind {{ */
    size_t start, end; /* of an action, from {{ to behind the }} that belongs to it */
    str text;
    struct gt_pipe *pipe;
    struct gt_list body, other;
};

/* False with the error "template: LINE:COLUMN: ...". */
bool gt_parse(struct arena *a, str text, struct gt_list *out, struct error **err);
/* The same, but any name may be a function: its .func is then NULL. */
bool gt_parse_any(struct arena *a, str text, struct gt_list *out, struct error **err);
#endif
