/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/json.h"

static bool array_to_value(struct arena *a, const struct json_node *n, value *out, const char **why)
{
    value *items = arena_new_array(a, value, n->count + 1);
    for (size_t i = 0; i < n->count; i++)
        if (!json_node_to_value(a, n->items[i], &items[i], why))
            return false;
    *out = value_tuple(a, items, n->count);
    return true;
}

static bool members_to_value(struct arena *a, const struct json_node *n, value *out,
                             const char **why)
{
    struct value_entry *entries = arena_new_array(a, struct value_entry, n->count + 1);
    for (size_t i = 0; i < n->count; i++) {
        entries[i].key = value_as_str(value_string(a, n->members[i].name));
        if (!json_node_to_value(a, n->members[i].value, &entries[i].val, why))
            return false;
    }
    *out = value_object(a, entries, n->count);
    return true;
}

bool json_node_to_value(struct arena *a, const struct json_node *n, value *out, const char **why)
{
    const struct number *num;
    switch (n->kind) {
    case JSON_IS_NULL: *out = value_null(&type_dynamic); return true;
    case JSON_IS_BOOL: *out = value_bool(n->boolean); return true;
    case JSON_IS_STRING: *out = value_string(a, n->text); return true;
    case JSON_IS_ARRAY: return array_to_value(a, n, out, why);
    case JSON_IS_OBJECT: return members_to_value(a, n, out, why);
    case JSON_IS_NUMBER: break;
    }
    if (number_parse(a, n->text, &num) == NUMBER_OK) {
        *out = value_number(num);
        return true;
    }
    *why = arena_fmt(a, "the number at offset %u is out of range", n->range.start);
    return false;
}

bool json_to_value(struct arena *a, str text, value *out, const char **why)
{
    struct json_error err;
    const struct json_node *n = json_read(a, text, &err);
    if (n != NULL)
        return json_node_to_value(a, n, out, why);
    *why = arena_fmt(a, "%s at offset %zu", err.message, err.offset);
    return false;
}
