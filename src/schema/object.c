/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/object.h"

#include "base/clock.h"
#include "hcl/json.h"
#include "schema/internal.h"

const struct type *schema_object_type(const struct opt *o)
{
    switch (o->kind) {
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE: return &type_bool;
    case OPT_KIND_INT:
    case OPT_KIND_SIZE: return &type_number;
    case OPT_KIND_DURATION:
    case OPT_KIND_STRING:
    case OPT_KIND_ENUM: return &type_string;
    case OPT_KIND_STRINGS: return &type_list_string;
    case OPT_KIND_INTS: return &type_list_number;
    case OPT_KIND_STRING_MAP: return &type_map_string;
    case OPT_KIND_STRINGS_LIST: return &type_list_list_string;
    case OPT_KIND_VALUE_JSON:
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED:
    case OPT_KIND_END: break;
    }
    return &type_dynamic;
}

static value strings_value(struct arena *a, const struct opt_strings *list)
{
    return value_strings(a, list->ptr, list->len);
}

static value ints_value(struct arena *a, const struct opt_ints *list)
{
    value *items = arena_new_array(a, value, list->len);
    for (size_t i = 0; i < list->len; i++)
        items[i] = value_int(a, list->ptr[i]);
    return value_list(a, &type_number, items, list->len);
}

static value map_value(struct arena *a, const struct opt_map *map)
{
    struct value_entry *entries = arena_new_array(a, struct value_entry, map->len);
    for (size_t i = 0; i < map->len; i++)
        entries[i] =
            (struct value_entry){str_from(map->ptr[i].key), value_stringz(a, map->ptr[i].value)};
    return value_map(a, &type_string, entries, map->len);
}

static value lists_value(struct arena *a, const struct opt_strings_list *lists)
{
    value *items = arena_new_array(a, value, lists->len);
    for (size_t i = 0; i < lists->len; i++)
        items[i] = strings_value(a, &lists->ptr[i]);
    return value_list(a, &type_list_string, items, lists->len);
}

static value json_value(struct arena *a, const char *text)
{
    value v;
    const char *why;
    if (text == NULL || !json_to_value(a, str_from(text), &v, &why))
        return value_null(&type_dynamic);
    return v;
}

static value text_value(struct arena *a, const char *text)
{
    return text == NULL ? value_null(&type_string) : value_stringz(a, text);
}

static value choice_value(struct arena *a, const struct opt *o, int number)
{
    for (const struct opt_choice *c = o->choices; c->name != NULL; c++)
        if (c->value == number)
            return value_stringz(a, c->name);
    return value_null(&type_string);
}

static value duration_value(struct arena *a, int64_t ns)
{
    autofree char *text = clock_format_duration(ns);
    return value_stringz(a, text);
}

static value row_value(struct arena *a, const struct opt *o, const void *field)
{
    switch (o->kind) {
    case OPT_KIND_BOOL: return value_bool(*(const bool *)field);
    case OPT_KIND_TRISTATE:
        return *(const int *)field < 0 ? value_null(&type_bool) : value_bool(*(const int *)field);
    case OPT_KIND_INT: return value_int(a, *(const int64_t *)field);
    case OPT_KIND_SIZE: return value_int(a, (int64_t) * (const uint64_t *)field);
    case OPT_KIND_DURATION: return duration_value(a, *(const int64_t *)field);
    case OPT_KIND_STRING: return text_value(a, *(const char *const *)field);
    case OPT_KIND_ENUM: return choice_value(a, o, *(const int *)field);
    case OPT_KIND_STRINGS: return strings_value(a, field);
    case OPT_KIND_INTS: return ints_value(a, field);
    case OPT_KIND_STRING_MAP: return map_value(a, field);
    case OPT_KIND_STRINGS_LIST: return lists_value(a, field);
    case OPT_KIND_VALUE_JSON: return json_value(a, *(const char *const *)field);
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED:
    case OPT_KIND_END: break;
    }
    return value_null(&type_dynamic);
}

value schema_object(struct arena *a, const struct opt *opts, const void *config)
{
    struct schema_rows rows = {0};
    schema_flatten(a, opts, &rows);
    struct value_entry *entries = arena_new_array(a, struct value_entry, rows.len);
    for (size_t i = 0; i < rows.len; i++) {
        const struct opt *o = rows.ptr[i].opt;
        value v = row_value(a, o, (const char *)config + rows.ptr[i].offset);
        entries[i] =
            (struct value_entry){str_from(o->name), value_mark(v, (o->flags & OPT_SENSITIVE) != 0)};
    }
    return value_object(a, entries, rows.len);
}

value schema_object_unknown(struct arena *a, const struct opt *opts)
{
    struct schema_rows rows = {0};
    schema_flatten(a, opts, &rows);
    struct value_entry *entries = arena_new_array(a, struct value_entry, rows.len);
    for (size_t i = 0; i < rows.len; i++) {
        const struct opt *o = rows.ptr[i].opt;
        value v = value_unknown(schema_object_type(o));
        entries[i] =
            (struct value_entry){str_from(o->name), value_mark(v, (o->flags & OPT_SENSITIVE) != 0)};
    }
    return value_object(a, entries, rows.len);
}
