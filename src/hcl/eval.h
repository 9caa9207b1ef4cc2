/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_EVAL_H
#define IMGFAC_HCL_EVAL_H

/* Evaluation of expressions.  A scope gives names their values and says which
 * functions may be called; scopes nest, an inner name hides an outer one.
 * Results live in the arena given; they may share values of the scope, which
 * must live as long.  Errors go to diags with exact ranges and the values of
 * the variables involved.  Work is bounded: nesting, number of elements and
 * size of strings have limits that give an error.  An evaluation uses one
 * thread; scopes may be shared by threads once filled. */

#include "hcl/value.h"

struct diag;
struct diags;
struct expr;
struct func_table;
struct map;

struct scope {
    const struct scope *parent;     /* NULL: outermost */
    struct map *names;              /* root name -> const value *; NULL: none */
    const struct func_table *funcs; /* NULL: that of the parent; none at all: "Function calls
                                       not allowed".  &func_table_env for defaults of variables */
    const char *base_dir;           /* of file(), templatefile()...; NULL: that of the parent */
    struct {                        /* the variables of a `for` */
        str name;                   /* len 0: none */
        value val;
    } bound[2];
};

/* A scope in the arena, to be filled with scope_set(). */
struct scope *scope_new(struct arena *a, const struct scope *parent) ATTR_RETURNS_NONNULL;
/* Outermost scope with every function and BASE_DIR (copied). */
struct scope *scope_new_root(struct arena *a, const char *base_dir) ATTR_RETURNS_NONNULL;
/* Bind the root NAME ("var", "local", "each"); replaces. */
void scope_set(struct arena *a, struct scope *s, const char *name, value v);
/* Value of NAME here or in a parent. */
bool scope_find(const struct scope *s, str name, value *out);
const struct func_table *scope_funcs(const struct scope *s);
const char *scope_base_dir(const struct scope *s) ATTR_RETURNS_NONNULL;

/* Evaluate E.  SCOPE may be NULL: then neither variables nor functions are
 * allowed.  On errors returns false, *OUT is value_dynamic(). */
bool eval_expr(const struct expr *e, const struct scope *scope, struct arena *a, value *out,
               struct diags *diags);
/* The same, then converted to TYPE; a failure says "Incorrect value type" with
 * the expression's range. */
bool eval_expr_as(const struct expr *e, const struct type *type, const struct scope *scope,
                  struct arena *a, value *out, struct diags *diags);
/* Show beside DIAG, an entry of D, the values of what ABOUT refers to in SCOPE:
 * "var.x" "is 12"; secrets and what is not known yet only as such. */
void eval_add_values(struct arena *a, const struct scope *scope, const struct expr *about,
                     struct diags *d, struct diag *diag);

#endif
