/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval_internal.h"

#include "hcl/func.h"
#include "hcl/source.h"
#include "hcl/suggest.h"

/* Functions that people know from Terraform or from other places in a
 * template, and what to write here. */
static const struct {
    const char *name, *advice;
} known_elsewhere[] = {
    {"tostring", "Use convert(value, string)."},
    {"tonumber", "Use convert(value, number)."},
    {"tobool", "Use convert(value, bool)."},
    {"tolist", "Use convert(value, list(any))."},
    {"toset", "Use convert(value, set(any))."},
    {"tomap", "Use convert(value, map(any))."},
    {"uuid", "Use uuidv4()."},
    {"isotime", "Use formatdate() with timestamp(), or legacy_isotime()."},
    {"strftime", "Use formatdate(), or legacy_strftime()."},
    {"clean_resource_name", "Use regex_replace() to remove unwanted characters."},
    {"env", "It can be called only in the default of a variable: declare a variable with "
            "default = env(\"NAME\") and refer to that."},
};

static void offer(const struct func *f, void *arg)
{
    suggest_offer(arg, str_from(f->name));
}

static value unknown_function(struct eval *ev, const struct expr *e, const struct func_table *t)
{
    str name = e->call.name;
    const char *advice = "";
    for (size_t i = 0; i < ARRAY_SIZE(known_elsewhere); i++)
        if (str_eqz(name, known_elsewhere[i].name))
            advice = arena_fmt(ev->a, " %s", known_elsewhere[i].advice);
    if (t == &func_table_env) {
        advice = " The default of a variable may call env() and nothing else: it is computed "
                 "before everything. Use a local for more.";
    } else if (advice[0] == '\0') {
        struct suggest s;
        suggest_init(&s, name);
        func_each(t, offer, &s);
        advice = suggest_text(ev->a, &s);
    }
    return eval_error(ev, e->call.name_range, e->range, NULL, "Call to unknown function",
                      "There is no function named \"%.*s\".%s", STR_FMT(name), advice);
}

/* The arguments of one call, with `...` expanded. */
struct call_args {
    value *vals;
    const struct expr **exprs; /* NULL: expanded */
    size_t len;
};

static bool is_lazy(const struct func *f, size_t i)
{
    size_t n = 0;
    while (n < FUNC_MAX_PARAMS && f->params[n].name != NULL && n < i)
        n++;
    const struct func_param *p =
        n < FUNC_MAX_PARAMS && f->params[n].name != NULL ? &f->params[n] : &f->variadic;
    return (p->flags & PARAM_LAZY) != 0;
}

static bool bad_expansion(struct eval *ev, const struct expr *e, const struct expr *arg,
                          const char *detail)
{
    eval_error(ev, arg->range, e->range, arg, "Invalid expanding argument value",
               "The expanding argument (indicated by ...) %s.", detail);
    return false;
}

/* What `...` expands; false: reported, or unknown. */
static bool expansion(struct eval *ev, const struct expr *e, value *out)
{
    const struct expr *arg = e->call.args[e->call.arg_count - 1];
    size_t errors = eval_errors(ev);
    value v = *out = eval_node(ev, arg);
    if (eval_errors(ev) != errors)
        return false;
    if (value_is_null(v))
        return bad_expansion(ev, e, arg, "must not be null");
    if (v.type->kind == TYPE_DYNAMIC)
        return false;
    if (!value_is_list_like(v))
        return bad_expansion(ev, e, arg, "must be of a tuple, list, or set type");
    return value_is_known(v);
}

/* False after an error, or (without one) when the arguments are unknown. */
static bool collect(struct eval *ev, const struct expr *e, const struct func *f,
                    struct call_args *args)
{
    value more = value_tuple(ev->a, NULL, 0);
    if (e->call.expand_final && !expansion(ev, e, &more))
        return false;
    size_t fixed = e->call.arg_count - (e->call.expand_final ? 1 : 0);
    size_t errors = eval_errors(ev), n = value_len(more);
    args->vals = arena_new_array(ev->a, value, fixed + n + 1);
    args->exprs = arena_new_array(ev->a, const struct expr *, fixed + n + 1);
    for (size_t i = 0; i < fixed; i++) {
        args->exprs[i] = e->call.args[i];
        args->vals[i] = is_lazy(f, i) ? value_dynamic() : eval_node(ev, e->call.args[i]);
    }
    for (size_t i = 0; i < n; i++)
        args->vals[fixed + i] = value_at(more, i);
    args->len = fixed + n;
    return eval_errors(ev) == errors;
}

static const char *param_name(const struct func *f, size_t i)
{
    for (size_t n = 0; n < FUNC_MAX_PARAMS && f->params[n].name != NULL; n++)
        if (n == i)
            return f->params[n].name;
    return f->variadic.name;
}

static size_t param_max(const struct func *f)
{
    size_t n = 0;
    while (n < FUNC_MAX_PARAMS && f->params[n].name != NULL)
        n++;
    return n;
}

/* The wrong number of arguments is reported before they are evaluated. */
static bool count_fits(struct eval *ev, const struct expr *e, const struct func *f, size_t len)
{
    size_t most = param_max(f), least = most - f->optional;
    const char *sig = func_signature(ev->a, f);
    if (len < least) {
        eval_error(ev, e->call.close_range, e->range, NULL, "Not enough function arguments",
                   "Function \"%s\" expects%s %zu argument(s). Missing value for \"%s\". It is "
                   "called as %s.",
                   f->name, f->variadic.name != NULL || f->optional > 0 ? " at least" : "", least,
                   f->params[len].name, sig);
        return false;
    }
    if (f->variadic.name == NULL && len > most) {
        const struct expr *extra = most < e->call.arg_count ? e->call.args[most] : e;
        eval_error(ev, expr_start_range(extra), e->range, NULL, "Too many function arguments",
                   "Function \"%s\" expects only %zu argument(s). It is called as %s.", f->name,
                   most, sig);
        return false;
    }
    return true;
}

static value call_failed(struct eval *ev, const struct expr *e, const struct func_call *call,
                         const struct call_args *args)
{
    ptrdiff_t i = call->error_arg;
    if (i < 0 || (size_t)i >= args->len)
        return eval_error(ev, expr_start_range(e), e->range, e, "Error in function call",
                          "Call to function \"%s\" failed: %s.", call->func->name, call->error);
    const struct expr *arg = args->exprs[i];
    if (arg == NULL)
        arg = e->call.args[e->call.arg_count - 1];
    return eval_error(ev, expr_start_range(arg), e->range, arg, "Invalid function argument",
                      "Invalid value for \"%s\" parameter: %s.", param_name(call->func, (size_t)i),
                      call->error);
}

value eval_call(struct eval *ev, const struct expr *e)
{
    const struct func_table *t = scope_funcs(ev->scope);
    if (t == NULL)
        return eval_error(ev, e->range, RANGE_NONE, NULL, "Function calls not allowed",
                          "Functions may not be called here.");
    const struct func *f = func_find(t, e->call.name);
    if (f == NULL)
        return unknown_function(ev, e, t);
    size_t errors = eval_errors(ev);
    struct call_args args = {0};
    if (!e->call.expand_final && !count_fits(ev, e, f, e->call.arg_count))
        return value_dynamic();
    if (!collect(ev, e, f, &args))
        return value_dynamic();
    if (e->call.expand_final && !count_fits(ev, e, f, args.len))
        return value_dynamic();
    struct func_call call = {
        .arena = ev->a,
        .func = f,
        .scope = ev->scope,
        .eval = ev,
        .exprs = args.exprs,
        .range = e->range,
        .error_arg = -1,
    };
    value out;
    if (func_call_values(f, &call, args.vals, args.len, &out))
        return out;
    /* A lazy function may have reported by itself. */
    return eval_errors(ev) == errors ? call_failed(ev, e, &call, &args) : value_dynamic();
}
