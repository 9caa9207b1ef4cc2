/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "base/vec.h"

DEFINE_ARENA_VEC(values, value);

/* The elements of a known sequence, in order. */
static void push_all(struct func_call *call, struct values *out, value seq)
{
    for (size_t i = 0; i < value_len(seq); i++)
        values_push(call->arena, out, value_at(seq, i));
}

static bool is_list_or_tuple(value v)
{
    return v.type->kind == TYPE_LIST || v.type->kind == TYPE_TUPLE;
}

/* A sequence like SRC with these elements. */
static value sequence_like(struct func_call *call, value src, const value *items, size_t len)
{
    if (src.type->kind == TYPE_TUPLE)
        return value_tuple(call->arena, items, len);
    return value_list(call->arena, src.type->elem, items, len);
}

static bool fn_chunklist(struct func_call *call, value *out)
{
    struct arena *a = call->arena;
    value list = call->args[0];
    size_t len = value_len(list);
    int64_t size;
    struct values chunks = {0};
    if (!arg_int(call, 1, &size))
        return false;
    if (size < 0)
        return func_error(call, 1, "the size argument must be positive");
    if (size == 0 && len > 0)
        values_push(a, &chunks, list);
    for (size_t i = 0; size > 0 && i < len; i += (size_t)size) {
        size_t n = MIN((size_t)size, len - i);
        values_push(a, &chunks, value_list(a, list.type->elem, list.items.ptr + i, n));
        if (n < (size_t)size)
            break;
    }
    *out = value_list(a, list.type, chunks.ptr, chunks.len);
    return true;
}

static bool fn_coalesce(struct func_call *call, value *out)
{
    const struct type **types = arena_new_array(call->arena, const struct type *, call->len + 1);
    const char *why;
    for (size_t i = 0; i < call->len; i++)
        types[i] = call->args[i].type;
    const struct type *type = convert_unify(call->arena, types, call->len);
    if (type == NULL)
        return func_error(call, -1, "all arguments must have the same type");
    for (size_t i = 0; i < call->len; i++) {
        value v = call->args[i];
        if (!convert(call->arena, v, type, &v, &why))
            return func_error(call, (ptrdiff_t)i, "%s", why);
        if (!value_is_known(v)) {
            *out = value_unknown(type);
            return true;
        }
        if (value_is_null(v) || (value_is_string(v) && v.s.len == 0))
            continue;
        *out = v;
        return true;
    }
    return func_error(call, -1, "no non-null, non-empty-string arguments");
}

static bool fn_coalescelist(struct func_call *call, value *out)
{
    if (call->len == 0)
        return func_error(call, -1, "at least one argument is required");
    for (size_t i = 0; i < call->len && value_is_known(call->args[i]); i++)
        if (!is_list_or_tuple(call->args[i]))
            return func_error(call, (ptrdiff_t)i, "coalescelist arguments must be lists or tuples");
    for (size_t i = 0; i < call->len; i++) {
        value v = call->args[i];
        if (!value_is_known(v)) {
            *out = value_dynamic();
            return true;
        }
        if (!value_is_null(v) && value_len(v) > 0) {
            *out = v;
            return true;
        }
    }
    return func_error(call, -1, "no non-null arguments");
}

static bool fn_compact(struct func_call *call, value *out)
{
    struct values kept = {0};
    value list = call->args[0];
    for (size_t i = 0; i < value_len(list); i++) {
        value v = value_at(list, i);
        if (!value_is_null(v) && v.s.len > 0)
            values_push(call->arena, &kept, v);
    }
    *out = value_list(call->arena, &type_string, kept.ptr, kept.len);
    return true;
}

/* All arguments are lists of a common type: that list type, else NULL. */
static const struct type *common_list(struct func_call *call)
{
    const struct type **types = arena_new_array(call->arena, const struct type *, call->len);
    for (size_t i = 0; i < call->len; i++) {
        if (call->args[i].type->kind != TYPE_LIST)
            return NULL;
        types[i] = call->args[i].type;
    }
    return convert_unify(call->arena, types, call->len);
}

static bool fn_concat(struct func_call *call, value *out)
{
    struct values all = {0};
    const char *why;
    if (call->len == 0)
        return func_error(call, -1, "at least one argument is required");
    const struct type *type = common_list(call);
    for (size_t i = 0; i < call->len; i++) {
        value v = call->args[i];
        if (!is_list_or_tuple(v))
            return func_error(call, (ptrdiff_t)i, "all arguments must be lists or tuples; got %s",
                              type_friendly_name(call->arena, v.type));
        if (type != NULL && !convert(call->arena, v, type, &v, &why))
            return func_error(call, (ptrdiff_t)i, "%s", why);
        push_all(call, &all, v);
    }
    *out = type != NULL ? value_list(call->arena, type->elem, all.ptr, all.len)
                        : value_tuple(call->arena, all.ptr, all.len);
    return true;
}

static bool fn_contains(struct func_call *call, value *out)
{
    value list = call->args[0];
    bool found = false;
    if (!value_is_list_like(list))
        return func_error(call, 0, "argument must be list, tuple, or set");
    for (size_t i = 0; i < value_len(list) && !found; i++)
        found = value_equal(value_at(list, i), call->args[1]);
    return result_bool(out, found);
}

static int order_by_value(const void *x, const void *y)
{
    const value *const *p = x, *const *q = y;
    int c = value_order(**p, **q);
    if (c != 0)
        return c;
    return *p < *q ? -1 : *p > *q;
}

static bool fn_distinct(struct func_call *call, value *out)
{
    value list = call->args[0];
    size_t len = value_len(list);
    const value **sorted = arena_new_array(call->arena, const value *, len + 1);
    bool *repeated = arena_new_array(call->arena, bool, len + 1);
    struct values kept = {0};
    for (size_t i = 0; i < len; i++)
        sorted[i] = &list.items.ptr[i];
    qsort(sorted, len, sizeof(*sorted), order_by_value);
    for (size_t i = 1; i < len; i++)
        repeated[sorted[i] - list.items.ptr] = value_equal(*sorted[i - 1], *sorted[i]);
    for (size_t i = 0; i < len; i++)
        if (!repeated[i])
            values_push(call->arena, &kept, list.items.ptr[i]);
    *out = value_list(call->arena, list.type->elem, kept.ptr, kept.len);
    return true;
}

static bool fn_element(struct func_call *call, value *out)
{
    value list = call->args[0];
    int64_t i;
    if (!is_list_or_tuple(list))
        return func_error(call, 0, "cannot read elements from %s",
                          type_friendly_name(call->arena, list.type));
    if (!arg_int(call, 1, &i))
        return false;
    if (i < 0)
        return func_error(call, 1, "cannot use element function with a negative index");
    if (value_len(list) == 0)
        return func_error(call, 0, "cannot use element function with an empty list");
    *out = value_at(list, (size_t)i % value_len(list));
    return true;
}

/* *KNOWN turns false when the number of elements cannot be known. */
static void flatten_into(struct func_call *call, struct values *out, value seq, bool *known)
{
    for (size_t i = 0; i < value_len(seq); i++) {
        value v = value_at(seq, i);
        bool nested = value_is_list_like(v) && !value_is_null(v);
        if (!value_is_known(v) && (nested || v.type->kind == TYPE_DYNAMIC))
            *known = false;
        else if (nested)
            flatten_into(call, out, v, known);
        else
            values_push(call->arena, out, v);
    }
}

static bool fn_flatten(struct func_call *call, value *out)
{
    struct values flat = {0};
    bool known = true;
    if (!value_is_list_like(call->args[0]))
        return func_error(call, 0, "can only flatten lists, sets and tuples");
    flatten_into(call, &flat, call->args[0], &known);
    *out = known ? value_tuple(call->arena, flat.ptr, flat.len) : value_dynamic();
    return true;
}

static bool fn_index(struct func_call *call, value *out)
{
    value list = call->args[0];
    if (!is_list_or_tuple(list))
        return func_error(call, 0, "argument must be a list or tuple");
    if (value_len(list) == 0)
        return func_error(call, 0, "cannot search an empty list");
    for (size_t i = 0; i < value_len(list); i++)
        if (value_equal(value_at(list, i), call->args[1]))
            return result_int(call, out, (int64_t)i);
    return func_error(call, -1, "item not found");
}

static bool fn_length(struct func_call *call, value *out)
{
    value v = call->args[0];
    const struct type *t = v.type;
    if (t->kind == TYPE_TUPLE || t->kind == TYPE_OBJECT)
        return result_int(call, out, (int64_t)t->len);
    if (t->kind == TYPE_BOOL || t->kind == TYPE_NUMBER)
        return func_error(call, -1,
                          "argument must be a string, a collection type, or a structural type");
    *out = value_unknown(&type_number);
    if (!value_is_known(v))
        return true;
    if (t->kind == TYPE_STRING)
        return result_int(call, out, (int64_t)utf8_grapheme_count(v.s));
    return result_int(call, out, (int64_t)value_len(v));
}

static bool fn_reverse(struct func_call *call, value *out)
{
    value list = call->args[0];
    if (!value_is_list_like(list))
        return func_error(call, 0, "can only reverse list or tuple values, not %s",
                          type_friendly_name(call->arena, list.type));
    size_t len = value_len(list);
    value *items = arena_new_array(call->arena, value, len + 1);
    for (size_t i = 0; i < len; i++)
        items[i] = value_at(list, len - 1 - i);
    *out = sequence_like(call, list, items, len);
    return true;
}

/* Argument I as a position in a list of LEN. */
static bool slice_index(struct func_call *call, size_t i, const char *what, size_t len,
                        int64_t *out)
{
    if (!arg_int(call, i, out))
        return false;
    if (*out < 0)
        return func_error(call, (ptrdiff_t)i, "%s index must not be less than zero", what);
    if ((uint64_t)*out > len)
        return func_error(call, (ptrdiff_t)i,
                          "%s index must not be greater than the length of the list", what);
    return true;
}

static bool fn_slice(struct func_call *call, value *out)
{
    value list = call->args[0];
    int64_t start, end;
    if (list.type->kind == TYPE_SET)
        return func_error(call, 0,
                          "cannot slice a set, because its elements do not have indices; convert "
                          "it to a list if the ordering of the result is not important");
    if (!is_list_or_tuple(list))
        return func_error(call, 0, "must be a list or tuple value");
    if (!slice_index(call, 1, "start", value_len(list), &start) ||
        !slice_index(call, 2, "end", value_len(list), &end))
        return false;
    if (start > end)
        return func_error(call, 1, "start index must not be greater than end index");
    *out = sequence_like(call, list, list.items.ptr + start, (size_t)(end - start));
    return true;
}

static int order_strings(const void *x, const void *y)
{
    return str_cmp(((const value *)x)->s, ((const value *)y)->s);
}

static bool fn_sort(struct func_call *call, value *out)
{
    value list = call->args[0];
    size_t len = value_len(list);
    value *items = arena_new_array(call->arena, value, len + 1);
    for (size_t i = 0; i < len; i++) {
        items[i] = value_at(list, i);
        if (value_is_null(items[i]))
            return func_error(call, 0,
                              "given list element %zu is null; a null string cannot be "
                              "sorted",
                              i);
    }
    qsort(items, len, sizeof(*items), order_strings);
    *out = value_list(call->arena, &type_string, items, len);
    return true;
}

#define LIST_FUNC(fn_name, text, ex, want)                                                         \
    .name = #fn_name, .impl = fn_##fn_name, .group = "collection", .doc = text, .example = ex,     \
    .expected = want

const struct func funcs_list[] = {
    {LIST_FUNC(chunklist, "The list cut into lists of at most so many elements.",
               "chunklist([1, 2, 3], 2)", "[[1,2],[3]]"),
     .params = {{"list", &type_list_any, 0}, {"size", &type_number, 0}}, .flags = FUNC_OPAQUE},
    {LIST_FUNC(coalesce, "The first argument that is neither null nor an empty string.",
               "coalesce(null, \"\", \"b\")", "\"b\""),
     .variadic = {"vals", &type_dynamic, PARAM_NULL | PARAM_DYNAMIC | PARAM_UNKNOWN}},
    {LIST_FUNC(coalescelist, "The first list that is not empty.", "coalescelist([], [1])", "[1]"),
     .variadic = {"vals", &type_dynamic, PARAM_NULL | PARAM_DYNAMIC | PARAM_UNKNOWN}},
    {LIST_FUNC(compact, "The list without empty strings and nulls.", "compact([\"a\", \"\"])",
               "[\"a\"]"),
     .params = {{"list", &type_list_string, 0}}, .returns = &type_list_string},
    {LIST_FUNC(concat, "All the lists joined to one.", "concat([1], [\"a\"])", "[1,\"a\"]"),
     .variadic = {"seqs", &type_dynamic, 0}, .flags = FUNC_OPAQUE},
    {LIST_FUNC(contains, "Whether a list or set has an element equal to the value.",
               "contains([\"a\", \"b\"], \"b\")", "true"),
     .params = {{"list", &type_dynamic, 0}, {"value", &type_dynamic, 0}}, .returns = &type_bool},
    {LIST_FUNC(distinct, "The list without repetitions; the first of equal elements stays.",
               "distinct([\"b\", \"a\", \"b\"])", "[\"b\",\"a\"]"),
     .params = {{"list", &type_list_any, 0}}},
    {LIST_FUNC(element, "The element at a position, which wraps around at the end of the list.",
               "element([\"a\", \"b\"], 2)", "\"a\""),
     .params = {{"list", &type_dynamic, 0}, {"index", &type_number, 0}}, .flags = FUNC_OPAQUE},
    {LIST_FUNC(flatten, "The elements of the lists in a list, at any depth.",
               "flatten([[1], [2, [3]]])", "[1,2,3]"),
     .params = {{"list", &type_dynamic, 0}}, .flags = FUNC_OPAQUE},
    {LIST_FUNC(index, "The position of the first element equal to the value.",
               "index([\"a\", \"b\"], \"b\")", "1"),
     .params = {{"list", &type_dynamic, 0}, {"value", &type_dynamic, 0}}, .returns = &type_number},
    {LIST_FUNC(length, "The number of elements of a collection or of characters of a string.",
               "length([1, 2])", "2"),
     .params = {{"value", &type_dynamic, PARAM_UNKNOWN}}, .returns = &type_number},
    {LIST_FUNC(reverse, "The list in reverse order.", "reverse([1, 2])", "[2,1]"),
     .params = {{"list", &type_dynamic, 0}}, .flags = FUNC_OPAQUE},
    {LIST_FUNC(slice, "The elements from one position up to but without another.",
               "slice([1, 2, 3], 1, 3)", "[2,3]"),
     .params = {{"list", &type_dynamic, 0},
                {"start_index", &type_number, 0},
                {"end_index", &type_number, 0}},
     .flags = FUNC_OPAQUE},
    {LIST_FUNC(sort, "The strings in order of their bytes.", "sort([\"b\", \"a\"])",
               "[\"a\",\"b\"]"),
     .params = {{"list", &type_list_string, 0}}, .returns = &type_list_string},
    {.name = NULL},
};
