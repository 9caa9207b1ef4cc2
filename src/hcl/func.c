/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "hcl/func_internal.h"

/* --- tables --- */

static const struct func *const groups_all[] = {
    funcs_string, funcs_format,   funcs_regex,  funcs_number, funcs_list,   funcs_map,
    funcs_set,    funcs_encoding, funcs_yaml,   funcs_time,   funcs_crypto, funcs_net,
    funcs_fs,     funcs_try,      funcs_remote, NULL,
};
const struct func_table func_table_all = {groups_all};

static const struct func *const groups_env[] = {funcs_env, NULL};
const struct func_table func_table_env = {groups_env};

const struct func *func_find(const struct func_table *t, str name)
{
    for (const struct func *const *g = t->groups; *g != NULL; g++)
        for (const struct func *f = *g; f->name != NULL; f++)
            if (str_eqz(name, f->name))
                return f;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct func *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void func_each(const struct func_table *t, void (*fn)(const struct func *f, void *arg), void *arg)
{
    size_t count = 0, len = 0;
    for (const struct func *const *g = t->groups; *g != NULL; g++)
        for (const struct func *f = *g; f->name != NULL; f++)
            count++;
    autofree const struct func **all = xcalloc(count + 1, sizeof(*all));
    for (const struct func *const *g = t->groups; *g != NULL; g++)
        for (const struct func *f = *g; f->name != NULL; f++)
            all[len++] = f;
    qsort(all, len, sizeof(*all), by_name);
    for (size_t i = 0; i < len; i++)
        fn(all[i], arg);
}

static size_t param_count(const struct func *f)
{
    size_t n = 0;
    while (n < FUNC_MAX_PARAMS && f->params[n].name != NULL)
        n++;
    return n;
}

char *func_signature(struct arena *a, const struct func *f)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    size_t n = param_count(f);
    strbuf_addf(&sb, "%s(", f->name);
    for (size_t i = 0; i < n; i++) {
        bool optional = i >= n - f->optional;
        strbuf_addf(&sb, "%s%s%s%s", optional ? "[" : "", i > 0 ? ", " : "", f->params[i].name,
                    optional ? "]" : "");
    }
    if (f->variadic.name != NULL)
        strbuf_addf(&sb, "%s%s...", n > 0 ? ", " : "", f->variadic.name);
    strbuf_addc(&sb, ')');
    return arena_strndup(a, sb.buf, sb.len);
}

/* --- errors and helpers --- */

bool func_error(struct func_call *call, ptrdiff_t arg, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    call->error = arena_vfmt(call->arena, fmt, ap);
    va_end(ap);
    call->error_arg = arg;
    return false;
}

bool arg_int(struct func_call *call, size_t i, int64_t *out)
{
    const struct number *n = value_as_number(call->args[i]);
    if (number_to_i64(n, out))
        return true;
    if (!number_is_int(n))
        return func_error(call, (ptrdiff_t)i, "a whole number is required");
    return func_error(call, (ptrdiff_t)i, "the number is too large");
}

bool result_string(struct func_call *call, const struct strbuf *sb, value *out)
{
    if (sb->truncated)
        return func_error(call, -1, "the result would be longer than %zu MiB",
                          EVAL_MAX_STRING >> 20);
    *out = value_string(call->arena, strbuf_str(sb));
    return true;
}

bool result_bool(value *out, bool b)
{
    *out = value_bool(b);
    return true;
}

bool result_int(struct func_call *call, value *out, int64_t n)
{
    *out = value_int(call->arena, n);
    return true;
}

bool func_reserve(struct func_call *call, size_t count, size_t size)
{
    size_t bytes, used = arena_used(call->arena);
    if (ckd_mul_ok(count, size, &bytes) && bytes <= EVAL_MAX_BYTES / 2 &&
        used + bytes <= EVAL_MAX_ARENA)
        return true;
    return func_error(call, -1, "the result would have too many elements");
}

bool func_charge(struct func_call *call, long steps)
{
    if (call->eval == NULL || eval_charge(call->eval, steps, call->range))
        return true;
    return func_error(call, -1, "the call takes too long");
}

/* --- calling --- */

static const struct func_param *param_at(const struct func *f, size_t i)
{
    size_t n = param_count(f);
    return i < n ? &f->params[i] : &f->variadic;
}

static bool check_count(const struct func *f, struct func_call *call, size_t len)
{
    size_t most = param_count(f), least = most - f->optional;
    if (len < least)
        return func_error(call, -1, "it expects%s %zu argument%s, missing value for \"%s\"",
                          f->variadic.name != NULL || f->optional > 0 ? " at least" : "", least,
                          least == 1 ? "" : "s", f->params[len].name);
    if (len > most && f->variadic.name == NULL)
        return func_error(call, (ptrdiff_t)most, "it expects only %zu argument%s", most,
                          most == 1 ? "" : "s");
    return true;
}

/* What the arguments together mean for the result. */
struct prepared {
    value *args;
    bool unknown; /* the function is not run */
    bool sensitive;
};

static bool prepare(struct func_call *call, const struct func_param *p, size_t i,
                    struct prepared *prep)
{
    value v = prep->args[i];
    bool opaque = (call->func->flags & FUNC_OPAQUE) != 0;
    const char *why;
    if ((p->flags & PARAM_LAZY) != 0)
        return true;
    if (!convert(call->arena, v, p->type, &v, &why))
        return func_error(call, (ptrdiff_t)i, "%s", why);
    if (value_is_null(v) && (p->flags & PARAM_NULL) == 0)
        return func_error(call, (ptrdiff_t)i, "argument must not be null");
    if (value_is_null(v) && v.type->kind == TYPE_DYNAMIC && (p->flags & PARAM_DYNAMIC) == 0)
        prep->unknown = true;
    bool known = opaque ? value_is_known(v) : value_is_wholly_known(v);
    if (!known && (p->flags & PARAM_UNKNOWN) == 0)
        prep->unknown = true;
    if (opaque) {
        prep->sensitive |= v.sensitive;
        v.sensitive = false;
    } else {
        prep->sensitive |= value_is_sensitive_deep(v);
        v = value_unmark_deep(call->arena, v);
    }
    prep->args[i] = v;
    return true;
}

bool func_call_values(const struct func *f, struct func_call *call, const value *args, size_t len,
                      value *out)
{
    struct prepared prep = {.args = arena_new_array(call->arena, value, len + 1)};
    call->func = f;
    call->error_arg = -1;
    if (!check_count(f, call, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        prep.args[i] = args[i];
        if (!prepare(call, param_at(f, i), i, &prep))
            return false;
    }
    call->args = prep.args;
    call->len = len;
    value v = value_unknown(f->returns != NULL ? f->returns : &type_dynamic);
    if (!prep.unknown && !f->impl(call, &v))
        return false;
    *out = value_mark(v, prep.sensitive);
    return true;
}
