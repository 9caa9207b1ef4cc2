/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

/* Bring all arguments, which are sets, to one element type; NULL after an
 * error.  An empty set of anything joins any other. */
static const struct type *common_set(struct func_call *call, value *sets)
{
    const struct type **types = arena_new_array(call->arena, const struct type *, call->len + 1);
    size_t len = 0;
    const char *why;
    for (size_t i = 0; i < call->len; i++)
        if (value_len(call->args[i]) > 0 || call->args[i].type->elem->kind != TYPE_DYNAMIC)
            types[len++] = call->args[i].type->elem;
    const struct type *elem = len == 0 ? &type_dynamic : convert_unify(call->arena, types, len);
    if (elem == NULL) {
        func_error(call, -1, "given sets must all have compatible element types");
        return NULL;
    }
    const struct type *set = type_set(call->arena, elem);
    for (size_t i = 0; i < call->len; i++)
        if (!convert(call->arena, call->args[i], set, &sets[i], &why)) {
            func_error(call, (ptrdiff_t)i, "%s", why);
            return NULL;
        }
    return elem;
}

static bool fn_setunion(struct func_call *call, value *out)
{
    value *sets = arena_new_array(call->arena, value, call->len);
    const struct type *elem = common_set(call, sets);
    size_t total = 0, len = 0;
    if (elem == NULL)
        return false;
    for (size_t i = 0; i < call->len; i++)
        total += value_len(sets[i]);
    value *items = arena_new_array(call->arena, value, total + 1);
    for (size_t i = 0; i < call->len; i++)
        for (size_t j = 0; j < value_len(sets[i]); j++)
            items[len++] = value_at(sets[i], j);
    *out = value_set(call->arena, elem, items, len);
    return true;
}

static bool fn_setintersection(struct func_call *call, value *out)
{
    value *sets = arena_new_array(call->arena, value, call->len);
    const struct type *elem = common_set(call, sets);
    if (elem == NULL)
        return false;
    value *items = arena_new_array(call->arena, value, value_len(sets[0]) + 1);
    size_t len = 0;
    for (size_t j = 0; j < value_len(sets[0]); j++) {
        bool everywhere = true;
        for (size_t i = 1; i < call->len; i++)
            everywhere &= value_set_has(call->arena, sets[i], value_at(sets[0], j));
        if (everywhere)
            items[len++] = value_at(sets[0], j);
    }
    *out = value_set(call->arena, elem, items, len);
    return true;
}

/* Argument I as a list of elements of one type. */
static bool product_factor(struct func_call *call, size_t i, value *out)
{
    value v = call->args[i];
    const char *why;
    if (!value_is_list_like(v))
        return func_error(call, (ptrdiff_t)i, "a set or a list is required");
    *out = v;
    if (v.type->kind == TYPE_TUPLE && !convert(call->arena, v, &type_list_any, out, &why))
        return func_error(call, (ptrdiff_t)i, "all elements must be of the same type");
    return true;
}

static bool fn_setproduct(struct func_call *call, value *out)
{
    struct arena *a = call->arena;
    value *factors = arena_new_array(a, value, call->len + 1);
    const struct type **types = arena_new_array(a, const struct type *, call->len + 1);
    bool ordered = true;
    size_t total = 1;
    if (call->len < 2)
        return func_error(call, -1, "at least two arguments are required");
    for (size_t i = 0; i < call->len; i++) {
        if (!product_factor(call, i, &factors[i]))
            return false;
        types[i] = factors[i].type->elem;
        ordered &= call->args[i].type->kind != TYPE_SET;
        if (!ckd_mul_ok(total, value_len(factors[i]), &total))
            return func_error(call, -1, "the result would have too many elements");
    }
    if (!func_reserve(call, total, (call->len + 3) * sizeof(value)))
        return false;
    const struct type *elem = type_tuple(a, types, call->len);
    value *items = arena_new_array(a, value, total + 1);
    for (size_t n = 0; n < total; n++) {
        value *tuple = arena_new_array(a, value, call->len);
        size_t rest = n;
        for (size_t i = call->len; i-- > 0; rest /= value_len(factors[i]))
            tuple[i] = factors[i].items.ptr[rest % value_len(factors[i])];
        items[n] = value_tuple(a, tuple, call->len);
    }
    *out = ordered ? value_list(a, elem, items, total) : value_set(a, elem, items, total);
    return true;
}

const struct func funcs_set[] = {
    {.name = "setintersection",
     .params = {{"first_set", &type_set_any, 0}},
     .variadic = {"other_sets", &type_set_any, 0},
     .impl = fn_setintersection,
     .group = "collection",
     .doc = "The elements that all the sets have.",
     .example = "setintersection([\"a\", \"b\"], [\"b\", \"c\"])",
     .expected = "[\"b\"]"},
    {.name = "setproduct",
     .variadic = {"sets", &type_dynamic, 0},
     .impl = fn_setproduct,
     .group = "collection",
     .doc = "Every combination of one element from each of the lists or sets.",
     .example = "setproduct([\"a\", \"b\"], [1, 2])",
     .expected = "[[\"a\",1],[\"a\",2],[\"b\",1],[\"b\",2]]"},
    {.name = "setunion",
     .params = {{"first_set", &type_set_any, 0}},
     .variadic = {"other_sets", &type_set_any, 0},
     .impl = fn_setunion,
     .group = "collection",
     .doc = "The elements that any of the sets has.",
     .example = "setunion([\"b\", \"a\"], [\"c\"])",
     .expected = "[\"a\",\"b\",\"c\"]"},
    {.name = NULL},
};
