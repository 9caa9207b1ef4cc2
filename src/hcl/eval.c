/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval.h"

#include "base/map.h"
#include "hcl/convert.h"
#include "hcl/eval_internal.h"
#include "hcl/func.h"
#include "hcl/refs.h"
#include "hcl/source.h"

/* --- scopes --- */

struct scope *scope_new(struct arena *a, const struct scope *parent)
{
    struct scope *s = arena_new_object(a, struct scope);
    s->parent = parent;
    return s;
}

struct scope *scope_new_root(struct arena *a, const char *base_dir)
{
    struct scope *s = scope_new(a, NULL);
    s->funcs = &func_table_all;
    s->base_dir = arena_strdup(a, base_dir);
    s->names = arena_new_object(a, struct map);
    map_init(s->names, a);
    return s;
}

void scope_set(struct arena *a, struct scope *s, const char *name, value v)
{
    if (s->names == NULL) {
        s->names = arena_new_object(a, struct map);
        map_init(s->names, a);
    }
    map_set(s->names, str_from(name), arena_memdup(a, &v, sizeof(v)));
}

bool scope_find(const struct scope *s, str name, value *out)
{
    for (; s != NULL; s = s->parent) {
        for (size_t i = 0; i < ARRAY_SIZE(s->bound); i++)
            if (s->bound[i].name.len > 0 && str_eq(s->bound[i].name, name)) {
                *out = s->bound[i].val;
                return true;
            }
        const value *v = s->names == NULL ? NULL : map_get(s->names, name);
        if (v != NULL) {
            *out = *v;
            return true;
        }
    }
    return false;
}

const struct func_table *scope_funcs(const struct scope *s)
{
    while (s != NULL && s->funcs == NULL)
        s = s->parent;
    return s == NULL ? NULL : s->funcs;
}

const char *scope_base_dir(const struct scope *s)
{
    while (s != NULL && s->base_dir == NULL)
        s = s->parent;
    return s == NULL ? "." : s->base_dir;
}

/* --- errors --- */

struct eval_mark eval_mark(const struct eval *ev)
{
    return (struct eval_mark){ev->d->list.len, ev->d->errors, ev->d->warnings, ev->d->dropped};
}

void eval_forget(struct eval *ev, struct eval_mark from, struct eval_mark to)
{
    struct diags *d = ev->d;
    size_t tail = d->list.len - to.len;
    if (to.len > from.len && tail > 0)
        memmove(&d->list.ptr[from.len], &d->list.ptr[to.len], tail * sizeof(*d->list.ptr));
    d->list.len = from.len + tail;
    d->errors -= to.errors - from.errors;
    d->warnings -= to.warnings - from.warnings;
    d->dropped -= to.dropped - from.dropped;
}

value eval_error(struct eval *ev, struct range subject, struct range context,
                 const struct expr *about, const char *summary, const char *detail, ...)
{
    ev->budget->steps -= EVAL_ERROR_COST;
    if (ev->quiet) {
        ev->d->errors++;
        ev->d->dropped++;
        return value_dynamic();
    }
    va_list ap;
    va_start(ap, detail);
    const char *text = arena_vfmt(ev->a, detail, ap);
    va_end(ap);
    struct diag *diag = diags_add(ev->d, DIAG_ERROR, subject, summary, "%s", text);
    diag->context = context;
    if (about != NULL && ev->d->list.len < DIAGS_MAX)
        eval_add_values(ev->a, ev->scope, about, ev->d, diag);
    return value_dynamic();
}

bool eval_charge(struct eval *ev, long count, struct range range)
{
    struct eval_budget *b = ev->budget;
    if (b->exhausted)
        return false;
    b->steps -= count;
    size_t used = arena_used(ev->a);
    if (b->steps >= 0 && used - MIN(used, b->start_bytes) <= EVAL_MAX_BYTES &&
        used <= EVAL_MAX_ARENA)
        return true;
    b->exhausted = true;
    diags_error(ev->d, range, "Expression too expensive",
                "Evaluating this expression takes more time or memory than is allowed (%ld steps, "
                "%zu MiB). Make the collections or strings in it smaller.",
                EVAL_MAX_STEPS, EVAL_MAX_BYTES >> 20);
    return false;
}

/* --- nodes --- */

/* Where names may be used, a string of a JSON file is a template. */
static value eval_string(struct eval *ev, const struct expr *e)
{
    const struct expr *parsed =
        e->from_json && ev->scope != NULL ? expr_json_template(ev->a, e, ev->d) : e;
    return parsed == e ? value_string(ev->a, e->literal.text) : eval_node(ev, parsed);
}

static value eval_literal(struct eval *ev, const struct expr *e)
{
    const struct literal *lit = &e->literal;
    const struct number *n;
    switch (lit->kind) {
    case LITERAL_NULL: return value_null(&type_dynamic);
    case LITERAL_BOOL: return value_bool(lit->boolean);
    case LITERAL_STRING: return eval_string(ev, e);
    case LITERAL_NUMBER: break;
    }
    if (number_parse(ev->a, lit->text, &n) == NUMBER_OK)
        return value_number(n);
    return eval_error(ev, e->range, RANGE_NONE, NULL, "Number out of range",
                      "The exponent of a number may have at most %d in absolute value.",
                      NUMBER_MAX_EXP10);
}

static value eval_tuple(struct eval *ev, const struct expr *e)
{
    value *items = arena_new_array(ev->a, value, e->tuple.count + 1);
    for (size_t i = 0; i < e->tuple.count; i++)
        items[i] = eval_node(ev, e->tuple.items[i]);
    return value_tuple(ev->a, items, e->tuple.count);
}

/* False (reported, unless it is only unknown) when there is no key. */
static bool object_key(struct eval *ev, const struct object_item *item, str *out, bool *sensitive)
{
    const struct expr *e = item->key;
    if (item->key_is_ambiguous) {
        eval_error(ev, e->range, RANGE_NONE, NULL, "Ambiguous attribute key",
                   "If this expression is intended to be a reference, wrap it in parentheses. If "
                   "it's instead intended as a literal name containing periods, wrap it in quotes "
                   "to create a string literal.");
        return false;
    }
    size_t errors = eval_errors(ev);
    const char *why;
    value key = eval_node(ev, e);
    if (eval_errors(ev) != errors)
        return false;
    if (value_is_null(key)) {
        eval_error(ev, e->range, RANGE_NONE, e, "Null value as key",
                   "Can't use a null value as a key.");
        return false;
    }
    if (!convert_to_string(ev->a, key, &key, &why)) {
        eval_error(ev, e->range, RANGE_NONE, e, "Incorrect key type",
                   "Can't use this value as a key: %s.", why);
        return false;
    }
    *sensitive |= key.sensitive;
    if (!value_is_known(key))
        return false;
    *out = value_as_str(key);
    return true;
}

static value eval_object(struct eval *ev, const struct expr *e)
{
    struct value_entry *entries = arena_new_array(ev->a, struct value_entry, e->object.count + 1);
    bool known = true, sensitive = false;
    size_t len = 0;
    for (size_t i = 0; i < e->object.count; i++) {
        str key;
        bool has_key = object_key(ev, &e->object.items[i], &key, &sensitive);
        value v = eval_node(ev, e->object.items[i].value);
        if (has_key)
            entries[len++] = (struct value_entry){key, v};
        known &= has_key;
    }
    value out = known ? value_object(ev->a, entries, len) : value_dynamic();
    return value_mark(out, sensitive);
}

static value eval_splat_item(const struct eval *ev, const struct expr *e)
{
    for (const struct splat_item *s = ev->items; s != NULL; s = s->outer)
        if (s->node == e)
            return s->val;
    return value_dynamic();
}

static value dispatch(struct eval *ev, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_LITERAL: return eval_literal(ev, e);
    case EXPR_TEMPLATE: return eval_template(ev, e);
    case EXPR_TEMPLATE_JOIN: return eval_template_join(ev, e);
    case EXPR_TEMPLATE_WRAP:
    case EXPR_PARENS: return eval_node(ev, e->inner);
    case EXPR_TUPLE: return eval_tuple(ev, e);
    case EXPR_OBJECT: return eval_object(ev, e);
    case EXPR_FOR: return eval_for(ev, e);
    case EXPR_CALL: return eval_call(ev, e);
    case EXPR_TRAVERSAL:
    case EXPR_RELATIVE_TRAVERSAL: return eval_traversal(ev, e);
    case EXPR_INDEX: return eval_index(ev, e);
    case EXPR_SPLAT: return eval_splat(ev, e);
    case EXPR_SPLAT_ITEM: return eval_splat_item(ev, e);
    case EXPR_UNARY: return eval_unary(ev, e);
    case EXPR_BINARY: return eval_binary(ev, e);
    case EXPR_CONDITIONAL: return eval_conditional(ev, e);
    case EXPR_ERROR: break;
    }
    return value_dynamic();
}

value eval_node(struct eval *ev, const struct expr *e)
{
    if (!eval_charge(ev, 1, e->range))
        return value_dynamic();
    if (ev->depth >= EVAL_MAX_DEPTH)
        return eval_error(ev, e->range, RANGE_NONE, NULL, "Expression nested too deeply",
                          "Expressions may be nested at most %d levels deep.", EVAL_MAX_DEPTH);
    ev->depth++;
    value v = dispatch(ev, e);
    ev->depth--;
    if (v.type->depth > TYPE_MAX_DEPTH)
        return eval_error(ev, e->range, RANGE_NONE, NULL, "Value nested too deeply",
                          "Values may be nested at most %d levels deep.", TYPE_MAX_DEPTH);
    if (v.weight > VALUE_MAX_WEIGHT)
        return eval_error(ev, e->range, RANGE_NONE, NULL, "Value too large",
                          "A value may have at most %d elements, all levels together.",
                          VALUE_MAX_WEIGHT);
    return v;
}

/* --- the public face --- */

bool eval_expr(const struct expr *e, const struct scope *scope, struct arena *a, value *out,
               struct diags *diags)
{
    struct eval_budget budget = {.steps = EVAL_MAX_STEPS, .start_bytes = arena_used(a)};
    struct eval ev = {.a = a, .scope = scope, .d = diags, .budget = &budget};
    size_t errors = diags->errors;
    *out = eval_node(&ev, e);
    /* EXPR_ERROR was reported by the parser, perhaps to another list. */
    if (diags->errors != errors || e->kind == EXPR_ERROR) {
        *out = value_dynamic();
        return false;
    }
    return true;
}

bool eval_expr_as(const struct expr *e, const struct type *type, const struct scope *scope,
                  struct arena *a, value *out, struct diags *diags)
{
    struct eval_budget budget = {.steps = EVAL_MAX_STEPS, .start_bytes = arena_used(a)};
    struct eval ev = {.a = a, .scope = scope, .d = diags, .budget = &budget};
    const char *why;
    if (!eval_expr(e, scope, a, out, diags))
        return false;
    if (convert(a, *out, type, out, &why))
        return true;
    *out = eval_error(&ev, e->range, RANGE_NONE, e, "Incorrect value type",
                      "Inappropriate value: %s.", why);
    return false;
}
