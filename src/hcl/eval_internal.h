/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_EVAL_INTERNAL_H
#define IMGFAC_HCL_EVAL_INTERNAL_H

/* What the eval_*.c files share.  An eval is on the stack of one evaluation;
 * its children (another scope, a splat's element) point to the same budget.
 * Every function here returns a value also after errors, mostly
 * value_dynamic(): the caller looks at eval_errors() when it matters. */

#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/eval.h"

/* Bounds on the work of one evaluation. */
#define EVAL_MAX_STEPS  10000000L
#define EVAL_MAX_BYTES  ((size_t)256 << 20)
#define EVAL_MAX_ARENA  ((size_t)640 << 20) /* all evaluations in one arena */
#define EVAL_MAX_STRING ((size_t)32 << 20)
#define EVAL_MAX_DEPTH  1500
#define EVAL_ERROR_COST 200 /* steps: an error costs memory though it may be discarded */

struct eval_budget {
    long steps;
    size_t start_bytes;
    bool exhausted; /* reported; everything is skipped now */
};

/* The current element of a splat. */
struct splat_item {
    const struct expr *node; /* EXPR_SPLAT_ITEM */
    value val;
    const struct splat_item *outer;
};

struct eval {
    struct arena *a;
    const struct scope *scope;
    struct diags *d;
    struct eval_budget *budget;
    const struct splat_item *items;
    unsigned depth;
    bool quiet; /* errors are only counted: nobody will read them */
};

value eval_node(struct eval *ev, const struct expr *e);

/* Charge COUNT steps and check the memory; false when the budget is spent
 * (then it is reported, at RANGE). */
bool eval_charge(struct eval *ev, long count, struct range range);

/* Number of errors so far, quiet ones included. */
static inline size_t eval_errors(const struct eval *ev)
{
    return ev->d->errors;
}

/* Report an error at SUBJECT with the values of what ABOUT (may be NULL)
 * refers to; returns value_dynamic(). */
value eval_error(struct eval *ev, struct range subject, struct range context,
                 const struct expr *about, const char *summary, const char *detail, ...)
    ATTR_PRINTF(6, 7);

/* A place in the list of diagnostics. */
struct eval_mark {
    size_t len, errors, warnings, dropped;
};
struct eval_mark eval_mark(const struct eval *ev);
/* Forget what was reported between FROM and TO. */
void eval_forget(struct eval *ev, struct eval_mark from, struct eval_mark to);

/* eval_op.c */
value eval_unary(struct eval *ev, const struct expr *e);
value eval_binary(struct eval *ev, const struct expr *e);
value eval_conditional(struct eval *ev, const struct expr *e);
/* eval_for.c */
value eval_for(struct eval *ev, const struct expr *e);
value eval_splat(struct eval *ev, const struct expr *e);
/* eval_template.c */
value eval_template(struct eval *ev, const struct expr *e);
value eval_template_join(struct eval *ev, const struct expr *e);
/* eval_step.c */
value eval_traversal(struct eval *ev, const struct expr *e);
value eval_index(struct eval *ev, const struct expr *e);
/* The value of a reference in SCOPE without any report; false when it has none. */
bool eval_peek(struct arena *a, const struct scope *scope, const struct expr *ref, value *out);
/* eval_call.c */
value eval_call(struct eval *ev, const struct expr *e);

#endif
