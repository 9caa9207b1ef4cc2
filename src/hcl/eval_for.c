/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval_internal.h"

#include "base/map.h"
#include "base/vec.h"
#include "hcl/convert.h"
#include "hcl/source.h"

DEFINE_ARENA_VEC(values, value);
DEFINE_ARENA_VEC(value_entries, struct value_entry);

/* --- for --- */

/* One `for` being evaluated. */
struct loop {
    struct eval *ev;
    const struct expr *e;
    struct scope scope; /* with the loop's variables */
    bool known;         /* the result can still be known */
    bool sensitive;
    struct values items;          /* of a tuple */
    struct value_entries entries; /* of an object */
    struct map seen;              /* keys -> index of the entry, plus 1 */
    struct values *groups;        /* by entry, when grouping */
    size_t group_cap;
};

static value in_loop(struct loop *l, const struct expr *e)
{
    const struct scope *outer = l->ev->scope;
    l->ev->scope = &l->scope;
    value v = eval_node(l->ev, e);
    l->ev->scope = outer;
    return v;
}

/* Report only the first such mistake of a loop, not one per element. */
static void loop_error(struct loop *l, const struct expr *at, const char *summary,
                       const char *detail)
{
    const struct scope *outer = l->ev->scope;
    if (!l->known)
        return;
    l->ev->scope = &l->scope;
    eval_error(l->ev, at->range, l->e->range, at, summary, "%s", detail);
    l->ev->scope = outer;
}

static void bind(struct loop *l, value key, value val)
{
    l->scope.bound[0].name = l->e->for_.key_name;
    l->scope.bound[0].val = key;
    l->scope.bound[1].name = l->e->for_.value_name;
    l->scope.bound[1].val = val;
}

/* Does the `if` clause let this element through? */
static bool passes(struct loop *l)
{
    const struct expr *c = l->e->for_.condition;
    const char *why;
    if (c == NULL)
        return true;
    size_t errors = eval_errors(l->ev);
    value v = in_loop(l, c);
    if (eval_errors(l->ev) != errors) {
        l->known = false;
        return false;
    }
    l->sensitive |= v.sensitive;
    if (value_is_null(v)) {
        loop_error(l, c, "Invalid 'for' condition",
                   "The value of the 'if' clause must not be null.");
        l->known = false;
        return false;
    }
    if (!convert_to_bool(l->ev->a, v, &v, &why)) {
        loop_error(l, c, "Invalid 'for' condition",
                   arena_fmt(l->ev->a, "The 'if' clause value is invalid: %s.", why));
        l->known = false;
        return false;
    }
    l->known &= value_is_known(v);
    return value_is_known(v) && v.b;
}

static bool loop_key(struct loop *l, str *out)
{
    const struct expr *k = l->e->for_.key;
    const char *why;
    size_t errors = eval_errors(l->ev);
    value key = in_loop(l, k);
    bool ok = eval_errors(l->ev) == errors;
    l->sensitive |= key.sensitive;
    if (ok && value_is_null(key)) {
        loop_error(l, k, "Invalid object key",
                   "Key expression in 'for' expression must not produce a null value.");
        ok = false;
    } else if (ok && !convert_to_string(l->ev->a, key, &key, &why)) {
        loop_error(l, k, "Invalid object key",
                   arena_fmt(l->ev->a, "The key expression produced an invalid result: %s.", why));
        ok = false;
    }
    if (!ok || !value_is_known(key)) {
        l->known = false;
        return false;
    }
    *out = value_as_str(key);
    return true;
}

static void push_group(struct loop *l, size_t entry, value v)
{
    if (entry >= l->group_cap) {
        size_t cap = l->group_cap == 0 ? 8 : l->group_cap * 2;
        struct values *grown = arena_new_array(l->ev->a, struct values, cap);
        if (l->group_cap > 0)
            memcpy(grown, l->groups, l->group_cap * sizeof(*grown));
        l->groups = grown;
        l->group_cap = cap;
    }
    values_push(l->ev->a, &l->groups[entry], v);
}

static void duplicate_key(struct loop *l, str key)
{
    const struct scope *outer = l->ev->scope;
    const struct expr *k = l->e->for_.key;
    l->ev->scope = &l->scope;
    eval_error(l->ev, k->range, l->e->range, k, "Duplicate object key",
               "Two different items produced the key \"%.*s\" in this 'for' expression. If "
               "duplicates are expected, use the ellipsis (...) after the value expression to "
               "enable grouping by key.",
               STR_FMT(key));
    l->ev->scope = outer;
}

static void add_entry(struct loop *l, str key, value v)
{
    bool grouping = l->e->for_.is_grouping;
    size_t place = (size_t)(uintptr_t)map_get(&l->seen, key);
    if (place == 0) {
        value_entries_push(l->ev->a, &l->entries, (struct value_entry){key, v});
        place = l->entries.len;
        map_set(&l->seen, key, (void *)(uintptr_t)place);
    } else if (!grouping) {
        duplicate_key(l, key);
        return;
    }
    if (grouping)
        push_group(l, place - 1, v);
}

static void loop_once(struct loop *l, value key, value val)
{
    bind(l, key, val);
    if (!passes(l))
        return;
    str k;
    if (l->e->for_.key == NULL)
        values_push(l->ev->a, &l->items, in_loop(l, l->e->for_.value));
    else if (loop_key(l, &k))
        add_entry(l, k, in_loop(l, l->e->for_.value));
}

static value loop_result(struct loop *l)
{
    struct arena *a = l->ev->a;
    if (!l->known)
        return value_dynamic();
    if (l->e->for_.key == NULL)
        return value_tuple(a, l->items.ptr, l->items.len);
    for (size_t i = 0; l->e->for_.is_grouping && i < l->entries.len; i++)
        l->entries.ptr[i].val = value_tuple(a, l->groups[i].ptr, l->groups[i].len);
    return value_object(a, l->entries.ptr, l->entries.len);
}

/* The I-th key as the loop's variable sees it. */
static value key_of(struct arena *a, value coll, size_t i)
{
    if (value_is_map_like(coll))
        return value_string_raw(value_key_at(coll, i));
    if (coll.type->kind == TYPE_SET)
        return coll.items.ptr[i];
    return value_int(a, (int64_t)i);
}

/* An `if` clause that is wrong for any element is reported once. */
static bool check_condition(struct loop *l)
{
    if (l->e->for_.condition == NULL)
        return true;
    size_t errors = eval_errors(l->ev);
    bind(l, value_dynamic(), value_dynamic());
    passes(l);
    l->known = true;
    return eval_errors(l->ev) == errors;
}

value eval_for(struct eval *ev, const struct expr *e)
{
    const struct expr *c = e->for_.collection;
    size_t errors = eval_errors(ev);
    value coll = eval_node(ev, c);
    if (eval_errors(ev) != errors)
        return value_dynamic();
    if (value_is_null(coll))
        return eval_error(ev, c->range, e->range, c, "Iteration over null value",
                          "A null value cannot be used as the collection in a 'for' expression.");
    if (coll.type->kind == TYPE_DYNAMIC)
        return value_mark(value_dynamic(), coll.sensitive);
    if (type_is_primitive(coll.type))
        return eval_error(ev, c->range, e->range, c, "Iteration over non-iterable value",
                          "A value of type %s cannot be used as the collection in a 'for' "
                          "expression.",
                          type_kind_name(coll.type->kind));
    struct loop l = {.ev = ev, .e = e, .known = true, .sensitive = coll.sensitive};
    l.scope.parent = ev->scope;
    map_init(&l.seen, ev->a);
    if (!check_condition(&l))
        return value_dynamic();
    if (!value_is_known(coll))
        return value_mark(value_dynamic(), l.sensitive);
    coll.sensitive = false; /* the mark is on the whole result */
    for (size_t i = 0; i < value_len(coll) && !ev->budget->exhausted; i++)
        loop_once(&l, key_of(ev->a, coll, i), value_at(coll, i));
    return value_mark(loop_result(&l), l.sensitive);
}

/* --- splat --- */

static value each_of(struct eval *ev, const struct expr *e, value item)
{
    struct splat_item s = {.node = e->splat.item, .val = item, .outer = ev->items};
    ev->items = &s;
    value v = eval_node(ev, e->splat.each);
    ev->items = s.outer;
    return v;
}

/* The elements of an unknown sequence give the type of the result. */
static value splat_unknown(struct eval *ev, const struct expr *e, value src)
{
    if (src.type->kind != TYPE_TUPLE) {
        value v = each_of(ev, e, value_unknown(src.type->elem));
        return value_unknown(type_list(ev->a, v.type));
    }
    const struct type **types = arena_new_array(ev->a, const struct type *, src.type->len + 1);
    for (size_t i = 0; i < src.type->len; i++)
        types[i] = each_of(ev, e, value_unknown(src.type->items[i])).type;
    return value_unknown(type_tuple(ev->a, types, src.type->len));
}

static value splat_list(struct eval *ev, const struct expr *e, const struct type *elem,
                        const value *items, size_t len)
{
    if (len == 0)
        return value_list(ev->a, each_of(ev, e, value_unknown(elem)).type, items, 0);
    for (size_t i = 1; i < len; i++)
        if (!type_eq(items[0].type, items[i].type))
            return eval_error(
                ev, e->splat.each->range, e->range, e, "Invalid nested splat expressions",
                "The second level of splat expression produced elements of different "
                "types, so it isn't possible to construct a valid list to represent "
                "the top-level result.\n\nConsider using a for expression instead, to "
                "produce a tuple-typed result which can therefore have "
                "non-homogenous element types.");
    return value_list(ev->a, items[0].type, items, len);
}

static value splat_known(struct eval *ev, const struct expr *e, value src)
{
    size_t len = value_len(src), errors = eval_errors(ev);
    value *items = arena_new_array(ev->a, value, len + 1);
    for (size_t i = 0; i < len && !ev->budget->exhausted; i++)
        items[i] = each_of(ev, e, src.items.ptr[i]);
    if (eval_errors(ev) != errors || ev->budget->exhausted)
        return value_dynamic();
    if (src.type->kind == TYPE_TUPLE)
        return value_tuple(ev->a, items, len);
    return splat_list(ev, e, src.type->elem, items, len);
}

value eval_splat(struct eval *ev, const struct expr *e)
{
    size_t errors = eval_errors(ev);
    value src = eval_node(ev, e->splat.source);
    if (eval_errors(ev) != errors)
        return value_dynamic();
    bool sensitive = src.sensitive;
    bool single = !value_is_list_like(src);
    if (value_is_null(src)) {
        if (single)
            return value_mark(value_tuple(ev->a, NULL, 0), sensitive);
        return eval_error(ev, e->splat.source->range, e->range, e->splat.source,
                          "Splat of null value",
                          "Splat expressions (with the * symbol) cannot be applied to null "
                          "sequences.");
    }
    if (src.type->kind == TYPE_DYNAMIC)
        return value_mark(value_dynamic(), sensitive);
    bool maybe_null = single && !value_is_known(src);
    if (single)
        src = value_tuple(ev->a, arena_memdup(ev->a, &src, sizeof(src)), 1);
    value out = value_is_known(src) ? splat_known(ev, e, src) : splat_unknown(ev, e, src);
    return value_mark(maybe_null ? value_dynamic() : out, sensitive);
}
