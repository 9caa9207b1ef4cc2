/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_FUNC_H
#define IMGFAC_HCL_FUNC_H

/* The function table: one row per function with its parameters, a sentence of
 * documentation and an example that the tests run.  To add a function, write
 * a row in one of the func_*.c tables.  Implementations get arguments that
 * are converted, known and not null unless the parameter says otherwise, and
 * report failure with func_error().  Thread-safe. */

#include "hcl/eval.h"
#include "base/range.h"

enum func_param_flags {
    PARAM_NULL = 1 << 0,    /* null is allowed */
    PARAM_UNKNOWN = 1 << 1, /* unknown (also inside) is passed on to the function */
    PARAM_LAZY = 1 << 2,    /* not evaluated: the expression is in call->exprs */
    PARAM_DYNAMIC = 1 << 3, /* with PARAM_NULL: also a null without a type */
};

enum func_flags {
    /* Elements are only moved about: unknown and sensitive ones inside the
     * arguments stay what they are.  Otherwise anything unknown inside makes
     * the result unknown, and anything sensitive makes it sensitive. */
    FUNC_OPAQUE = 1 << 0,
};

struct func_param {
    const char *name;
    const struct type *type; /* &type_dynamic: anything */
    unsigned flags;
};

#define FUNC_MAX_PARAMS 4

struct func_call {
    struct arena *arena;
    const struct func *func;
    const struct scope *scope;
    struct eval *eval; /* the evaluation this is part of; NULL: none */
    const value *args;
    const struct expr *const *exprs; /* the argument expressions; NULL: none, or its value was
                                      * expanded from `...` */
    size_t len;
    struct range range;  /* of the whole call */
    const char *error;   /* set by func_error() */
    ptrdiff_t error_arg; /* the argument to blame, or -1 */
};

typedef bool func_impl(struct func_call *call, value *out);

struct func {
    const char *name;
    struct func_param params[FUNC_MAX_PARAMS]; /* ends at name NULL */
    struct func_param variadic;                /* name NULL: none */
    size_t optional;                           /* the last so many of params may be left out */
    unsigned flags;
    const struct type *returns; /* when known beforehand: of an unknown result */
    func_impl *impl;
    const char *group;    /* "string", "collection", ...: chapters of the manual */
    const char *doc;      /* one or two sentences */
    const char *example;  /* an expression */
    const char *expected; /* its compact JSON; "!error"; NULL: only must not fail */
};

struct func_table {
    const struct func *const *groups; /* arrays that end with name NULL; ends with NULL */
};

/* Every function of the language. */
extern const struct func_table func_table_all;
/* `env` alone: defaults of variables. */
extern const struct func_table func_table_env;

const struct func *func_find(const struct func_table *t, str name);
/* Call FN for each function in order of name. */
void func_each(const struct func_table *t, void (*fn)(const struct func *f, void *arg), void *arg);
/* "substr(string, offset, length)". */
char *func_signature(struct arena *a, const struct func *f) ATTR_RETURNS_NONNULL;
/* Set the message (no full stop) and the argument to blame (-1: none); false. */
bool func_error(struct func_call *call, ptrdiff_t arg, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Call with ARGS: checks their number, converts, runs.  False with call->error
 * set.  CALL needs arena and scope. */
bool func_call_values(const struct func *f, struct func_call *call, const value *args, size_t len,
                      value *out);

#endif
