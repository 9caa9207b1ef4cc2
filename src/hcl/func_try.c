/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include "hcl/ast.h"

/* Functions whose arguments are evaluated, or read, by the function itself. */

/* Argument I evaluated; false when that gave errors.  QUIET drops them. */
static bool attempt(struct func_call *call, size_t i, bool quiet, value *out)
{
    struct eval *ev = call->eval;
    if (call->exprs[i] == NULL) { /* came from `...` */
        *out = call->args[i];
        return true;
    }
    bool was_quiet = ev->quiet;
    struct eval_mark start = eval_mark(ev);
    ev->quiet |= quiet;
    *out = eval_node(ev, call->exprs[i]);
    ev->quiet = was_quiet;
    if (ev->budget->exhausted)
        return false;
    bool ok = eval_errors(ev) == start.errors;
    if (!ok && quiet)
        eval_forget(ev, start, eval_mark(ev));
    return ok;
}

static bool fn_try(struct func_call *call, value *out)
{
    if (call->len == 0)
        return func_error(call, -1, "at least one argument is required");
    for (size_t i = 0; i < call->len; i++) {
        if (!attempt(call, i, true, out))
            continue;
        if (!value_is_wholly_known(*out))
            *out = value_mark(value_dynamic(), value_is_sensitive_deep(*out));
        return true;
    }
    if (call->eval->budget->exhausted)
        return false;
    /* Once more, to say what is wrong with each of them. */
    for (size_t i = 0; !call->eval->quiet && i < call->len; i++)
        attempt(call, i, false, out);
    return func_error(call, -1,
                      "no expression succeeded: every argument of try() failed, the last one "
                      "should be a value that cannot");
}

static bool fn_can(struct func_call *call, value *out)
{
    value v;
    bool ok = attempt(call, 0, true, &v);
    if (call->eval->budget->exhausted)
        return false;
    if (ok && !value_is_wholly_known(v))
        *out = value_unknown(&type_bool);
    else
        *out = value_bool(ok);
    return true;
}

static bool fn_convert(struct func_call *call, value *out)
{
    const struct type *type;
    const char *why;
    if (call->exprs[1] == NULL)
        return func_error(call, 1, "a type expression is required here, not a value");
    if (!type_from_expr(call->arena, call->exprs[1], &type, call->eval->d))
        return func_error(call, 1, "it is not a type");
    if (!convert(call->arena, call->args[0], type, out, &why))
        return func_error(call, 0, "%s", why);
    /* The reference converts once more, to the type that came out: optional
     * attributes are therefore not optional here. */
    const struct type *settled = type_without_optional(call->arena, out->type);
    if (!convert(call->arena, call->args[0], settled, out, &why))
        return func_error(call, 0, "%s", why);
    return true;
}

const struct func funcs_try[] = {
    {
        .name = "can",
        .params = {{"expression", &type_dynamic, PARAM_LAZY}},
        .returns = &type_bool,
        .impl = fn_can,
        .group = "evaluation",
        .doc = "Whether the expression can be evaluated without an error. Useful in the condition "
               "of a validation block.",
        .example = "can(regex(\"^v\", \"1.2\"))",
        .expected = "false",
    },
    {
        .name = "convert",
        .params = {{"value", &type_dynamic, PARAM_NULL | PARAM_UNKNOWN | PARAM_DYNAMIC},
                   {"type", &type_dynamic, PARAM_LAZY}},
        .flags = FUNC_OPAQUE,
        .impl = fn_convert,
        .group = "evaluation",
        .doc = "The value converted to a type, which is written as in the type of a variable.",
        .example = "convert([\"b\", \"a\", \"b\"], set(string))",
        .expected = "[\"a\",\"b\"]",
    },
    {
        .name = "try",
        .variadic = {"expressions", &type_dynamic, PARAM_LAZY},
        .impl = fn_try,
        .group = "evaluation",
        .doc = "The first of the expressions that can be evaluated without an error.",
        .example = "try({ a = 1 }.b, \"fallback\")",
        .expected = "\"fallback\"",
    },
    {.name = NULL},
};
