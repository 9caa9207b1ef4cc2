/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

static bool fn_keys(struct func_call *call, value *out)
{
    value m = call->args[0];
    const struct type *t = m.type;
    if (t->kind != TYPE_MAP && t->kind != TYPE_OBJECT)
        return func_error(call, 0, "must have map or object type");
    if (t->kind == TYPE_MAP && !value_is_known(m)) {
        *out = value_unknown(&type_list_string);
        return true;
    }
    size_t len = t->kind == TYPE_MAP ? value_len(m) : t->len;
    value *items = arena_new_array(call->arena, value, len + 1);
    for (size_t i = 0; i < len; i++)
        items[i] = value_string_raw(t->kind == TYPE_MAP ? value_key_at(m, i) : t->attrs[i].name);
    *out = t->kind == TYPE_MAP ? value_list(call->arena, &type_string, items, len)
                               : value_tuple(call->arena, items, len);
    return true;
}

static bool fn_values(struct func_call *call, value *out)
{
    value m = call->args[0];
    if (!value_is_map_like(m))
        return func_error(call, 0, "values() requires a map as the first argument");
    size_t len = value_len(m);
    value *items = arena_new_array(call->arena, value, len + 1);
    for (size_t i = 0; i < len; i++)
        items[i] = value_at(m, i);
    *out = m.type->kind == TYPE_MAP ? value_list(call->arena, m.type->elem, items, len)
                                    : value_tuple(call->arena, items, len);
    return true;
}

static bool fn_lookup(struct func_call *call, value *out)
{
    value m = call->args[0];
    const char *why;
    if (!value_is_map_like(m))
        return func_error(call, 0, "lookup() requires a map as the first argument");
    if (m.type->kind == TYPE_MAP) {
        if (!convert(call->arena, call->args[2], m.type->elem, out, &why))
            return func_error(call, 2,
                              "the default value must have the same type as the map elements");
    } else {
        *out = call->args[2];
    }
    value_get(m, arg_str(call, 1), out);
    return true;
}

/* All arguments that matter have the same type. */
static bool same_types(const struct func_call *call)
{
    for (size_t i = 1; i < call->len; i++)
        if (!type_eq(call->args[0].type, call->args[i].type))
            return false;
    return true;
}

static bool fn_merge(struct func_call *call, value *out)
{
    struct arena *a = call->arena;
    size_t total = 0, len = 0;
    bool any_dynamic = false;
    for (size_t i = 0; i < call->len; i++) {
        value m = call->args[i];
        any_dynamic |= m.type->kind == TYPE_DYNAMIC;
        if (m.type->kind != TYPE_DYNAMIC && !value_is_map_like(m))
            return func_error(call, (ptrdiff_t)i, "arguments must be maps or objects, got \"%s\"",
                              type_friendly_name(a, m.type));
        total += value_is_null(m) ? 0 : value_len(m);
    }
    struct value_entry *entries = arena_new_array(a, struct value_entry, total + 1);
    for (size_t i = 0; i < call->len; i++)
        for (size_t j = 0; !value_is_null(call->args[i]) && j < value_len(call->args[i]); j++)
            entries[len++] = call->args[i].entries.ptr[j];
    bool as_map =
        call->len > 0 && !any_dynamic && call->args[0].type->kind == TYPE_MAP && same_types(call);
    *out = as_map ? value_map(a, call->args[0].type->elem, entries, len)
                  : value_object(a, entries, len);
    return true;
}

static bool fn_zipmap(struct func_call *call, value *out)
{
    struct arena *a = call->arena;
    value keys = call->args[0], vals = call->args[1];
    if (vals.type->kind != TYPE_LIST && vals.type->kind != TYPE_TUPLE)
        return func_error(call, 1, "values argument must be a list or tuple value");
    size_t len = value_len(keys);
    bool sensitive = false;
    if (len != value_len(vals))
        return func_error(call, -1, "number of keys (%zu) does not match number of values (%zu)",
                          len, value_len(vals));
    struct value_entry *entries = arena_new_array(a, struct value_entry, len + 1);
    for (size_t i = 0; i < len; i++) {
        value k = value_at(keys, i);
        sensitive |= k.sensitive;
        if (value_is_null(k))
            return func_error(call, 0, "keys list has null value at index %zu", i);
        if (!value_is_known(k)) {
            *out = value_dynamic();
            return true;
        }
        entries[i] = (struct value_entry){k.s, value_at(vals, i)};
    }
    *out = value_mark(vals.type->kind == TYPE_LIST ? value_map(a, vals.type->elem, entries, len)
                                                   : value_object(a, entries, len),
                      sensitive);
    return true;
}

#define MAP_FUNC(fn_name, text, ex, want)                                                          \
    .name = #fn_name, .impl = fn_##fn_name, .group = "collection", .doc = text, .example = ex,     \
    .expected = want, .flags = FUNC_OPAQUE

const struct func funcs_map[] = {
    {MAP_FUNC(keys, "The keys of a map or object, sorted.", "keys({ b = 1, a = 2 })",
              "[\"a\",\"b\"]"),
     .params = {{"inputMap", &type_dynamic, PARAM_UNKNOWN}}},
    {MAP_FUNC(lookup, "The element with a key, or the default when there is none.",
              "lookup({ a = 1 }, \"b\", 0)", "0"),
     .params = {{"inputMap", &type_dynamic, 0},
                {"key", &type_string, 0},
                {"default", &type_dynamic, 0}}},
    {MAP_FUNC(merge, "All the maps or objects in one; later ones win.",
              "merge({ a = 1, b = 1 }, { b = 2 })", "{\"a\":1,\"b\":2}"),
     .variadic = {"maps", &type_dynamic, PARAM_NULL | PARAM_DYNAMIC}},
    {MAP_FUNC(values, "The values of a map or object, in order of their keys.",
              "values({ b = 1, a = 2 })", "[2,1]"),
     .params = {{"mapping", &type_dynamic, 0}}},
    {MAP_FUNC(zipmap, "A map from a list of keys and a list of values.",
              "zipmap([\"a\", \"b\"], [1, 2])", "{\"a\":1,\"b\":2}"),
     .params = {{"keys", &type_list_string, 0}, {"values", &type_dynamic, 0}}},
    {.name = NULL},
};
