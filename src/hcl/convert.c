/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/convert.h"

#include "hcl/convert_internal.h"

/* --- which conversions exist --- */

static bool primitive_possible(const struct type *from, const struct type *to, bool safe)
{
    if (from->kind == to->kind || to->kind == TYPE_STRING)
        return true;
    return !safe && from->kind == TYPE_STRING;
}

static bool object_possible(struct unifier *u, const struct type *from, const struct type *to)
{
    for (size_t i = 0; i < to->len; i++) {
        const struct type_attr *want = &to->attrs[i];
        const struct type_attr *have = type_find_attr(from, want->name);
        if (have == NULL ? !want->optional : !convert_known_possible(u, have->type, want->type))
            return false;
    }
    return true;
}

static bool tuple_possible(struct unifier *u, const struct type *from, const struct type *to)
{
    if (from->len != to->len)
        return false;
    for (size_t i = 0; i < to->len; i++)
        if (!convert_known_possible(u, from->items[i], to->items[i]))
            return false;
    return true;
}

/* The element type of a collection made from the parts of a tuple or object,
 * when ELEM may be `any`; NULL when the parts have none in common. */
static const struct type *elem_of_parts(struct unifier *u, const struct type *from,
                                        const struct type *elem)
{
    if (elem->kind != TYPE_DYNAMIC || from->len == 0)
        return elem;
    const struct type **types = arena_new_array(u->a, const struct type *, from->len);
    bool all_dynamic = true;
    for (size_t i = 0; i < from->len; i++) {
        types[i] = from->kind == TYPE_TUPLE ? from->items[i] : from->attrs[i].type;
        all_dynamic &= types[i]->kind == TYPE_DYNAMIC;
    }
    const struct type *t = unify_types(u, types, from->len);
    if (t != NULL && t->kind == TYPE_DYNAMIC && !all_dynamic && from->kind == TYPE_TUPLE)
        return NULL;
    return t;
}

static bool parts_possible(struct unifier *u, const struct type *from, const struct type *elem)
{
    elem = elem_of_parts(u, from, elem);
    if (elem == NULL)
        return false;
    for (size_t i = 0; i < from->len; i++) {
        const struct type *part = from->kind == TYPE_TUPLE ? from->items[i] : from->attrs[i].type;
        if (!convert_known_possible(u, part, elem))
            return false;
    }
    return true;
}

static bool map_to_object_possible(struct unifier *u, const struct type *from,
                                   const struct type *to)
{
    for (size_t i = 0; i < to->len; i++)
        if (!to->attrs[i].optional && !convert_known_possible(u, from->elem, to->attrs[i].type))
            return false;
    return !u->safe;
}

static bool to_collection_possible(struct unifier *u, const struct type *from,
                                   const struct type *to)
{
    bool to_map = to->kind == TYPE_MAP;
    if (from->kind == (to_map ? TYPE_OBJECT : TYPE_TUPLE))
        return parts_possible(u, from, to->elem);
    bool sequence = from->kind == TYPE_LIST || from->kind == TYPE_SET;
    if (to_map ? from->kind != TYPE_MAP : !sequence)
        return false;
    if (u->safe && to->kind == TYPE_SET && from->kind == TYPE_LIST)
        return false;
    return convert_known_possible(u, from->elem, to->elem);
}

bool convert_known_possible(struct unifier *u, const struct type *from, const struct type *to)
{
    if (--u->work < 0)
        return false;
    if (type_eq(from, to) || to->kind == TYPE_DYNAMIC)
        return true;
    if (from->kind == TYPE_DYNAMIC)
        return !u->safe;
    if (type_is_primitive(from) && type_is_primitive(to))
        return primitive_possible(from, to, u->safe);
    if (type_is_collection(to))
        return to_collection_possible(u, from, to);
    if (to->kind == TYPE_OBJECT && from->kind == TYPE_OBJECT)
        return object_possible(u, from, to);
    if (to->kind == TYPE_OBJECT && from->kind == TYPE_MAP)
        return map_to_object_possible(u, from, to);
    return to->kind == TYPE_TUPLE && from->kind == TYPE_TUPLE && tuple_possible(u, from, to);
}

bool convert_possible(struct arena *a, const struct type *from, const struct type *to)
{
    struct unifier u = UNIFIER_INIT(a, false);
    return convert_known_possible(&u, from, to);
}

/* --- the type of a null or unknown after conversion --- */

static const struct type *settle_type(struct unifier *u, const struct type *from,
                                      const struct type *to);

static const struct type *settle_elem(struct unifier *u, const struct type *from,
                                      const struct type *elem)
{
    if (type_is_collection(from))
        return settle_type(u, from->elem, elem);
    const struct type *t = elem_of_parts(u, from, &type_dynamic);
    return t == NULL ? elem : settle_type(u, t, elem);
}

static const struct type *settle_object(struct unifier *u, const struct type *from,
                                        const struct type *to)
{
    struct type_attr *attrs = arena_new_array(u->a, struct type_attr, to->len);
    for (size_t i = 0; i < to->len; i++) {
        const struct type *have = &type_dynamic;
        const struct type_attr *at = type_find_attr(from, to->attrs[i].name);
        if (from->kind == TYPE_MAP)
            have = from->elem;
        else if (at != NULL)
            have = at->type;
        attrs[i] = (struct type_attr){
            .name = to->attrs[i].name,
            .type = settle_type(u, have, to->attrs[i].type),
        };
    }
    return type_object(u->a, attrs, to->len);
}

/* TO with each `any` in it replaced by what FROM has there, and without
 * optional attributes. */
static const struct type *settle_type(struct unifier *u, const struct type *from,
                                      const struct type *to)
{
    if (to->kind == TYPE_DYNAMIC)
        return from;
    if (from->kind == TYPE_DYNAMIC || !type_has_dynamic(to))
        return type_without_optional(u->a, to);
    switch (to->kind) {
    case TYPE_LIST: return type_list(u->a, settle_elem(u, from, to->elem));
    case TYPE_SET: return type_set(u->a, settle_elem(u, from, to->elem));
    case TYPE_MAP: return type_map(u->a, settle_elem(u, from, to->elem));
    case TYPE_OBJECT: return settle_object(u, from, to);
    case TYPE_TUPLE: {
        const struct type **items = arena_new_array(u->a, const struct type *, to->len);
        for (size_t i = 0; i < to->len; i++)
            items[i] = settle_type(u, from->items[i], to->items[i]);
        return type_tuple(u->a, items, to->len);
    }
    case TYPE_DYNAMIC:
    case TYPE_BOOL:
    case TYPE_NUMBER:
    case TYPE_STRING: break;
    }
    return to;
}

/* --- converting --- */

static bool run(struct unifier *u, value v, const struct type *to, value *out, const char **why);

static bool string_to_bool(value v, value *out, const char **why)
{
    if (str_eqz(v.s, "true") || str_eqz(v.s, "1"))
        *out = value_bool(true);
    else if (str_eqz(v.s, "false") || str_eqz(v.s, "0"))
        *out = value_bool(false);
    else {
        *why = "a bool is required";
        if (str_eq_nocase(v.s, STR("true")))
            *why = "a bool is required; to convert from string, use lowercase \"true\"";
        else if (str_eq_nocase(v.s, STR("false")))
            *why = "a bool is required; to convert from string, use lowercase \"false\"";
        return false;
    }
    return true;
}

static bool string_to_number(struct arena *a, value v, value *out, const char **why)
{
    const struct number *n;
    enum number_status st = number_parse(a, v.s, &n);
    *why =
        st == NUMBER_TOO_LARGE ? "the exponent of the number is too large" : "a number is required";
    if (st == NUMBER_OK)
        *out = value_number(n);
    return st == NUMBER_OK;
}

static bool run_primitive(struct arena *a, value v, const struct type *to, value *out,
                          const char **why)
{
    if (to->kind == TYPE_BOOL)
        return string_to_bool(v, out, why);
    if (to->kind == TYPE_NUMBER)
        return string_to_number(a, v, out, why);
    if (v.type->kind == TYPE_BOOL) {
        *out = value_string_raw(v.b ? STR("true") : STR("false"));
    } else {
        const char *s = number_str(a, v.num);
        *out = value_string_raw(str_from(s));
    }
    return true;
}

/* Convert the elements to ELEM; when that has `any` inside, what came out is
 * then brought to one type. */
static bool run_elements(struct unifier *u, value *items, size_t len, const struct type **elem,
                         const char **why)
{
    for (size_t i = 0; i < len; i++) {
        const char *inner;
        if (!run(u, items[i], *elem, &items[i], &inner)) {
            *why = arena_fmt(u->a, "element %zu: %s", i, inner);
            return false;
        }
    }
    if (!type_has_dynamic(*elem)) {
        *elem = type_without_optional(u->a, *elem);
        return true;
    }
    if (len == 0)
        return true;
    const struct type *common = convert_unify_values(u->a, items, len);
    if (common == NULL) {
        *why = "cannot find a common base type for all elements";
        return false;
    }
    *elem = common;
    return true;
}

static bool run_to_sequence(struct unifier *u, value v, const struct type *to, value *out,
                            const char **why)
{
    const struct type *elem =
        v.type->kind == TYPE_TUPLE ? elem_of_parts(u, v.type, to->elem) : to->elem;
    if (elem == NULL)
        elem = to->elem;
    if (v.items.len == 0 && elem->kind == TYPE_DYNAMIC && type_is_collection(v.type))
        elem = v.type->elem;
    value *items = arena_new_array(u->a, value, v.items.len + 1);
    if (v.items.len > 0)
        memcpy(items, v.items.ptr, v.items.len * sizeof(*items));
    if (!run_elements(u, items, v.items.len, &elem, why))
        return false;
    *out = to->kind == TYPE_SET ? value_set(u->a, elem, items, v.items.len)
                                : value_list(u->a, elem, items, v.items.len);
    return true;
}

static bool run_to_map(struct unifier *u, value v, const struct type *to, value *out,
                       const char **why)
{
    const struct type *elem =
        v.type->kind == TYPE_OBJECT ? elem_of_parts(u, v.type, to->elem) : to->elem;
    if (elem == NULL)
        elem = to->elem;
    size_t len = v.entries.len;
    if (len == 0 && elem->kind == TYPE_DYNAMIC && v.type->kind == TYPE_MAP)
        elem = v.type->elem;
    value *items = arena_new_array(u->a, value, len + 1);
    for (size_t i = 0; i < len; i++) {
        const char *inner;
        if (!run(u, v.entries.ptr[i].val, elem, &items[i], &inner)) {
            *why = arena_fmt(u->a, "element \"%.*s\": %s", STR_FMT(v.entries.ptr[i].key), inner);
            return false;
        }
    }
    if (!run_elements(u, items, len, &elem, why))
        return false;
    struct value_entry *entries = arena_new_array(u->a, struct value_entry, len + 1);
    for (size_t i = 0; i < len; i++)
        entries[i] = (struct value_entry){v.entries.ptr[i].key, items[i]};
    *out = value_map(u->a, elem, entries, len);
    return true;
}

/* The value of attribute WANT of V: what is there, or the default. */
static bool run_attr(struct unifier *u, value v, const struct type_attr *want, value *out,
                     const char **why)
{
    value have;
    const char *inner;
    if (value_get(v, want->name, &have)) {
        if (value_is_null(have) && want->def != NULL)
            have = *want->def;
    } else if (!want->optional) {
        *why = arena_fmt(u->a, "map has no element for required attribute \"%.*s\"",
                         STR_FMT(want->name));
        return false;
    } else {
        have = want->def != NULL ? *want->def : value_null(&type_dynamic);
    }
    if (!convert_known_possible(u, have.type, want->type))
        inner = convert_mismatch(u, have.type, want->type);
    else if (run(u, have, want->type, out, &inner))
        return true;
    *why = arena_fmt(u->a, "attribute \"%.*s\": %s", STR_FMT(want->name), inner);
    return false;
}

static bool run_to_object(struct unifier *u, value v, const struct type *to, value *out,
                          const char **why)
{
    struct value_entry *entries = arena_new_array(u->a, struct value_entry, to->len + 1);
    v.sensitive = false; /* run() puts the mark on the whole */
    for (size_t i = 0; i < to->len; i++) {
        entries[i].key = to->attrs[i].name;
        if (!run_attr(u, v, &to->attrs[i], &entries[i].val, why))
            return false;
    }
    *out = value_object(u->a, entries, to->len);
    return true;
}

static bool run_to_tuple(struct unifier *u, value v, const struct type *to, value *out,
                         const char **why)
{
    value *items = arena_new_array(u->a, value, to->len + 1);
    for (size_t i = 0; i < to->len; i++) {
        const char *inner;
        if (!run(u, v.items.ptr[i], to->items[i], &items[i], &inner)) {
            *why = arena_fmt(u->a, "element %zu: %s", i, inner);
            return false;
        }
    }
    *out = value_tuple(u->a, items, to->len);
    return true;
}

/* For types between which a conversion exists. */
static bool run(struct unifier *u, value v, const struct type *to, value *out, const char **why)
{
    bool ok = true;
    if (to->kind == TYPE_DYNAMIC || type_eq(v.type, to)) {
        *out = v;
    } else if (v.state != VALUE_KNOWN) {
        *out = v;
        out->type = settle_type(u, v.type, to);
    } else if (type_is_primitive(to)) {
        ok = run_primitive(u->a, v, to, out, why);
    } else if (to->kind == TYPE_LIST || to->kind == TYPE_SET) {
        ok = run_to_sequence(u, v, to, out, why);
    } else if (to->kind == TYPE_MAP) {
        ok = run_to_map(u, v, to, out, why);
    } else if (to->kind == TYPE_OBJECT) {
        ok = run_to_object(u, v, to, out, why);
    } else {
        ok = run_to_tuple(u, v, to, out, why);
    }
    if (ok)
        *out = value_mark(*out, v.sensitive);
    return ok;
}

bool convert(struct arena *a, value v, const struct type *type, value *out, const char **why)
{
    struct unifier u = UNIFIER_INIT(a, false);
    if (!convert_known_possible(&u, v.type, type)) {
        *why = convert_mismatch(&u, v.type, type);
        return false;
    }
    value converted;
    if (!run(&u, v, type, &converted, why))
        return false;
    *out = converted;
    return true;
}

bool convert_to_string(struct arena *a, value v, value *out, const char **why)
{
    return convert(a, v, &type_string, out, why);
}

bool convert_to_number(struct arena *a, value v, value *out, const char **why)
{
    return convert(a, v, &type_number, out, why);
}

bool convert_to_bool(struct arena *a, value v, value *out, const char **why)
{
    return convert(a, v, &type_bool, out, why);
}
