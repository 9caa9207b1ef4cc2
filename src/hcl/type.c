/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/type.h"

#include <stdlib.h>

#include "hcl/value.h"

const struct type type_dynamic = {.kind = TYPE_DYNAMIC};
const struct type type_bool = {.kind = TYPE_BOOL};
const struct type type_number = {.kind = TYPE_NUMBER};
const struct type type_string = {.kind = TYPE_STRING};
const struct type type_list_string = {.kind = TYPE_LIST, .elem = &type_string};
const struct type type_list_number = {.kind = TYPE_LIST, .elem = &type_number};
const struct type type_list_bool = {.kind = TYPE_LIST, .elem = &type_bool};
const struct type type_list_any = {.kind = TYPE_LIST, .elem = &type_dynamic};
const struct type type_set_string = {.kind = TYPE_SET, .elem = &type_string};
const struct type type_set_any = {.kind = TYPE_SET, .elem = &type_dynamic};
const struct type type_map_string = {.kind = TYPE_MAP, .elem = &type_string};
const struct type type_map_any = {.kind = TYPE_MAP, .elem = &type_dynamic};
const struct type type_list_map_string = {.kind = TYPE_LIST, .elem = &type_map_string};
const struct type type_list_list_string = {.kind = TYPE_LIST, .elem = &type_list_string};
const struct type type_empty_tuple = {.kind = TYPE_TUPLE};
const struct type type_empty_object = {.kind = TYPE_OBJECT};

static const struct type *collection(struct arena *a, enum type_kind kind, const struct type *elem)
{
    struct type *t = arena_new_object(a, struct type);
    t->kind = kind;
    t->elem = elem;
    t->depth = elem->depth + 1;
    return t;
}

const struct type *type_list(struct arena *a, const struct type *elem)
{
    return collection(a, TYPE_LIST, elem);
}

const struct type *type_set(struct arena *a, const struct type *elem)
{
    return collection(a, TYPE_SET, elem);
}

const struct type *type_map(struct arena *a, const struct type *elem)
{
    return collection(a, TYPE_MAP, elem);
}

const struct type *type_tuple(struct arena *a, const struct type *const *items, size_t len)
{
    if (len == 0)
        return &type_empty_tuple;
    struct type *t = arena_new_object(a, struct type);
    t->kind = TYPE_TUPLE;
    t->items = items;
    t->len = len;
    for (size_t i = 0; i < len; i++)
        t->depth = MAX(t->depth, items[i]->depth + 1);
    return t;
}

static int attr_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct type_attr *)a)->name, ((const struct type_attr *)b)->name);
}

const struct type *type_object(struct arena *a, struct type_attr *attrs, size_t len)
{
    if (len == 0)
        return &type_empty_object;
    qsort(attrs, len, sizeof(*attrs), attr_cmp);
    struct type *t = arena_new_object(a, struct type);
    t->kind = TYPE_OBJECT;
    t->attrs = attrs;
    t->len = len;
    for (size_t i = 0; i < len; i++)
        t->depth = MAX(t->depth, attrs[i].type->depth + 1);
    return t;
}

static bool objects_eq(const struct type *a, const struct type *b)
{
    for (size_t i = 0; i < a->len; i++) {
        const struct type_attr *x = &a->attrs[i], *y = &b->attrs[i];
        if (!str_eq(x->name, y->name) || x->optional != y->optional || !type_eq(x->type, y->type))
            return false;
    }
    return true;
}

bool type_eq(const struct type *a, const struct type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->len != b->len)
        return false;
    if (type_is_collection(a))
        return type_eq(a->elem, b->elem);
    if (a->kind == TYPE_OBJECT)
        return objects_eq(a, b);
    for (size_t i = 0; a->kind == TYPE_TUPLE && i < a->len; i++)
        if (!type_eq(a->items[i], b->items[i]))
            return false;
    return true;
}

bool type_is_collection(const struct type *t)
{
    return t->kind == TYPE_LIST || t->kind == TYPE_SET || t->kind == TYPE_MAP;
}

bool type_is_primitive(const struct type *t)
{
    return t->kind == TYPE_BOOL || t->kind == TYPE_NUMBER || t->kind == TYPE_STRING;
}

/* TEST holds for T or a part of it. */
static bool any_part(const struct type *t, bool (*test)(const struct type *t))
{
    if (test(t))
        return true;
    if (type_is_collection(t))
        return any_part(t->elem, test);
    for (size_t i = 0; i < t->len; i++)
        if (any_part(t->kind == TYPE_TUPLE ? t->items[i] : t->attrs[i].type, test))
            return true;
    return false;
}

static bool is_dynamic(const struct type *t)
{
    return t->kind == TYPE_DYNAMIC;
}

bool type_has_dynamic(const struct type *t)
{
    return any_part(t, is_dynamic);
}

static bool has_optional_attr(const struct type *t)
{
    for (size_t i = 0; t->kind == TYPE_OBJECT && i < t->len; i++)
        if (t->attrs[i].optional)
            return true;
    return false;
}

const struct type *type_without_optional(struct arena *a, const struct type *t)
{
    if (!any_part(t, has_optional_attr))
        return t;
    if (type_is_collection(t))
        return collection(a, t->kind, type_without_optional(a, t->elem));
    if (t->kind == TYPE_TUPLE) {
        const struct type **items = arena_new_array(a, const struct type *, t->len);
        for (size_t i = 0; i < t->len; i++)
            items[i] = type_without_optional(a, t->items[i]);
        return type_tuple(a, items, t->len);
    }
    struct type_attr *attrs = arena_new_array(a, struct type_attr, t->len);
    for (size_t i = 0; i < t->len; i++)
        attrs[i] = (struct type_attr){
            .name = t->attrs[i].name,
            .type = type_without_optional(a, t->attrs[i].type),
        };
    return type_object(a, attrs, t->len);
}

ptrdiff_t type_attr_index(const struct type *t, str name)
{
    size_t lo = 0, hi = t->kind == TYPE_OBJECT ? t->len : 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(t->attrs[mid].name, name);
        if (c == 0)
            return (ptrdiff_t)mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

const struct type_attr *type_find_attr(const struct type *t, str name)
{
    ptrdiff_t i = type_attr_index(t, name);
    return i < 0 ? NULL : &t->attrs[i];
}

/* --- names --- */

const char *type_kind_name(enum type_kind kind)
{
    static const char *const names[] = {
        [TYPE_DYNAMIC] = "any",   [TYPE_BOOL] = "bool",   [TYPE_NUMBER] = "number",
        [TYPE_STRING] = "string", [TYPE_LIST] = "list",   [TYPE_SET] = "set",
        [TYPE_MAP] = "map",       [TYPE_TUPLE] = "tuple", [TYPE_OBJECT] = "object",
    };
    return names[kind];
}

static const char *friendly(struct arena *a, const struct type *t, const char *dynamic,
                            const char *dynamic_elem)
{
    if (t->kind == TYPE_DYNAMIC)
        return dynamic;
    if (!type_is_collection(t))
        return type_kind_name(t->kind);
    return arena_fmt(a, "%s of %s", type_kind_name(t->kind),
                     friendly(a, t->elem, dynamic_elem, dynamic_elem));
}

const char *type_friendly_name(struct arena *a, const struct type *t)
{
    return friendly(a, t, "dynamic", "dynamic");
}

const char *type_constraint_name(struct arena *a, const struct type *t)
{
    return friendly(a, t, "any type", "any single type");
}

static void print_key(str name, struct strbuf *out)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool word = c == '_' || c == '-' || c >= 0x80 || (c >= '0' && c <= '9') ||
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!word || (i == 0 && (c == '-' || (c >= '0' && c <= '9')))) {
            strbuf_add_json_quoted(out, name);
            return;
        }
    }
    strbuf_addstr(out, name);
}

static void print_object(const struct type *t, struct strbuf *out)
{
    strbuf_adds(out, "object({");
    for (size_t i = 0; i < t->len; i++) {
        const struct type_attr *at = &t->attrs[i];
        strbuf_adds(out, i > 0 ? ", " : "");
        print_key(at->name, out);
        strbuf_adds(out, at->optional ? "=optional(" : "=");
        type_print(at->type, out);
        const char *why;
        if (at->optional && at->def != NULL) {
            strbuf_adds(out, ", ");
            value_to_json(*at->def, out, &why);
        }
        strbuf_adds(out, at->optional ? ")" : "");
    }
    strbuf_adds(out, "})");
}

void type_print(const struct type *t, struct strbuf *out)
{
    if (t->kind == TYPE_OBJECT) {
        print_object(t, out);
        return;
    }
    strbuf_adds(out, type_kind_name(t->kind));
    if (type_is_collection(t)) {
        strbuf_addc(out, '(');
        type_print(t->elem, out);
        strbuf_addc(out, ')');
    } else if (t->kind == TYPE_TUPLE) {
        strbuf_adds(out, "([");
        for (size_t i = 0; i < t->len; i++) {
            strbuf_adds(out, i > 0 ? ", " : "");
            type_print(t->items[i], out);
        }
        strbuf_adds(out, "])");
    }
}

char *type_str(struct arena *a, const struct type *t)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    type_print(t, &sb);
    return arena_strndup(a, sb.buf, sb.len);
}
