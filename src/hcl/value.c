/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/value.h"

#include <stdlib.h>

#include "base/utf8.h"

/* --- making --- */

value value_null(const struct type *t)
{
    return (value){.type = t, .state = VALUE_NULL};
}

value value_unknown(const struct type *t)
{
    return (value){.type = t, .state = VALUE_UNKNOWN};
}

value value_dynamic(void)
{
    return value_unknown(&type_dynamic);
}

value value_bool(bool b)
{
    return (value){.type = &type_bool, .b = b};
}

value value_number(const struct number *n)
{
    return (value){.type = &type_number, .num = n};
}

value value_int(struct arena *a, int64_t n)
{
    return value_number(number_from_int(a, n));
}

value value_double(struct arena *a, double d)
{
    return value_number(number_from_double(a, d));
}

/* S with each invalid byte replaced by U+FFFD. */
static str mend_utf8(struct arena *a, str s)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    while (s.len > 0) {
        size_t good = utf8_valid_prefix(s);
        strbuf_add(&sb, s.ptr, good);
        s = str_sub(s, good, s.len);
        if (s.len > 0) {
            strbuf_adds(&sb, "\xEF\xBF\xBD");
            s = str_sub(s, 1, s.len);
        }
    }
    return (str){arena_strndup(a, sb.buf, sb.len), sb.len};
}

static bool is_ascii(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80)
            return false;
    return true;
}

value value_string(struct arena *a, str s)
{
    if (!is_ascii(s)) {
        if (!utf8_valid(s))
            s = mend_utf8(a, s);
        s = utf8_nfc(a, s);
    }
    return value_string_raw((str){str_dup(a, s), s.len});
}

value value_string_raw(str s)
{
    return (value){.type = &type_string, .s = s};
}

value value_stringz(struct arena *a, const char *s)
{
    return value_string(a, str_from(s));
}

uint32_t value_add_weight(uint32_t sum, value v)
{
    uint32_t out;
    return ckd_add_ok(sum, v.weight + (v.weight < UINT32_MAX), &out) ? out : UINT32_MAX;
}

static uint32_t weigh_items(const value *items, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = value_add_weight(sum, items[i]);
    return sum;
}

static uint32_t weigh_entries(const struct value_entry *entries, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = value_add_weight(sum, entries[i].val);
    return sum;
}

value value_list(struct arena *a, const struct type *elem, const value *items, size_t len)
{
    const struct type *t = elem == &type_string ? &type_list_string : type_list(a, elem);
    return (value){.type = t, .weight = weigh_items(items, len), .items = {items, len}};
}

value value_tuple(struct arena *a, const value *items, size_t len)
{
    const struct type **types = arena_new_array(a, const struct type *, len + 1);
    for (size_t i = 0; i < len; i++)
        types[i] = items[i].type;
    return (value){.type = type_tuple(a, types, len),
                   .weight = weigh_items(items, len),
                   .items = {items, len}};
}

/* Entries are sorted with their original place, so that the last one wins. */
struct placed {
    struct value_entry entry;
    size_t place;
};

static int placed_cmp(const void *x, const void *y)
{
    const struct placed *p = x, *q = y;
    int c = str_cmp(p->entry.key, q->entry.key);
    if (c != 0)
        return c;
    return p->place < q->place ? -1 : p->place > q->place;
}

static size_t sort_entries(struct arena *a, struct value_entry *entries, size_t len)
{
    bool sorted = true;
    for (size_t i = 1; i < len && sorted; i++)
        sorted = str_cmp(entries[i - 1].key, entries[i].key) < 0;
    if (sorted)
        return len;
    struct placed *p = arena_new_array(a, struct placed, len);
    for (size_t i = 0; i < len; i++)
        p[i] = (struct placed){entries[i], i};
    qsort(p, len, sizeof(*p), placed_cmp);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (n > 0 && str_eq(entries[n - 1].key, p[i].entry.key))
            n--;
        entries[n++] = p[i].entry;
    }
    return n;
}

value value_map(struct arena *a, const struct type *elem, struct value_entry *entries, size_t len)
{
    len = sort_entries(a, entries, len);
    return (value){.type = type_map(a, elem),
                   .weight = weigh_entries(entries, len),
                   .entries = {entries, len}};
}

value value_object(struct arena *a, struct value_entry *entries, size_t len)
{
    len = sort_entries(a, entries, len);
    struct type_attr *attrs = arena_new_array(a, struct type_attr, len + 1);
    for (size_t i = 0; i < len; i++)
        attrs[i] = (struct type_attr){.name = entries[i].key, .type = entries[i].val.type};
    return (value){.type = type_object(a, attrs, len),
                   .weight = weigh_entries(entries, len),
                   .entries = {entries, len}};
}

value value_strings(struct arena *a, const char *const *items, size_t len)
{
    value *v = arena_new_array(a, value, len + 1);
    for (size_t i = 0; i < len; i++)
        v[i] = value_stringz(a, items[i]);
    return value_list(a, &type_string, v, len);
}

value value_mark(value v, bool on)
{
    v.sensitive |= on;
    return v;
}

/* --- whole-value walks --- */

/* V rebuilt in A from its parts, each changed by FN. */
static value rebuild(struct arena *a, value v, value (*fn)(struct arena *a, value v))
{
    if (v.state != VALUE_KNOWN)
        return v;
    if (value_is_list_like(v)) {
        value *items = arena_new_array(a, value, v.items.len + 1);
        for (size_t i = 0; i < v.items.len; i++)
            items[i] = fn(a, v.items.ptr[i]);
        v.items.ptr = items;
    } else if (value_is_map_like(v)) {
        struct value_entry *entries = arena_new_array(a, struct value_entry, v.entries.len + 1);
        for (size_t i = 0; i < v.entries.len; i++) {
            entries[i].key = v.entries.ptr[i].key;
            entries[i].val = fn(a, v.entries.ptr[i].val);
        }
        v.entries.ptr = entries;
    }
    return v;
}

value value_unmark_deep(struct arena *a, value v)
{
    v.sensitive = false;
    return value_is_sensitive_deep(v) ? rebuild(a, v, value_unmark_deep) : v;
}

static const struct type *copy_type(struct arena *a, const struct type *t);

static const struct type_attr *copy_attrs(struct arena *a, const struct type *t)
{
    struct type_attr *attrs = arena_new_array(a, struct type_attr, t->len);
    for (size_t i = 0; i < t->len; i++) {
        attrs[i] = t->attrs[i];
        attrs[i].name = (str){str_dup(a, t->attrs[i].name), t->attrs[i].name.len};
        attrs[i].type = copy_type(a, t->attrs[i].type);
        if (t->attrs[i].def != NULL) {
            value def = value_copy(a, *t->attrs[i].def);
            attrs[i].def = arena_memdup(a, &def, sizeof(def));
        }
    }
    return attrs;
}

static const struct type *copy_type(struct arena *a, const struct type *t)
{
    static const struct type *const fixed[] = {
        [TYPE_DYNAMIC] = &type_dynamic,
        [TYPE_BOOL] = &type_bool,
        [TYPE_NUMBER] = &type_number,
        [TYPE_STRING] = &type_string,
    };
    if (t->kind < ARRAY_SIZE(fixed))
        return fixed[t->kind];
    struct type *c = arena_memdup(a, t, sizeof(*t));
    if (type_is_collection(t)) {
        c->elem = copy_type(a, t->elem);
    } else if (t->kind == TYPE_OBJECT) {
        c->attrs = copy_attrs(a, t);
    } else {
        const struct type **items = arena_new_array(a, const struct type *, t->len + 1);
        for (size_t i = 0; i < t->len; i++)
            items[i] = copy_type(a, t->items[i]);
        c->items = items;
    }
    return c;
}

/* The contents of V in A; types are done by value_copy() for the whole. */
static value copy_contents(struct arena *a, value v)
{
    v.type = copy_type(a, v.type);
    if (v.state != VALUE_KNOWN)
        return v;
    if (v.type->kind == TYPE_STRING)
        v.s.ptr = str_dup(a, v.s);
    else if (v.type->kind == TYPE_NUMBER)
        v.num = number_copy(a, v.num);
    v = rebuild(a, v, copy_contents);
    for (size_t i = 0; value_is_map_like(v) && i < v.entries.len; i++) {
        struct value_entry *e = (struct value_entry *)(uintptr_t)&v.entries.ptr[i];
        e->key.ptr = str_dup(a, e->key);
    }
    return v;
}

value value_copy(struct arena *a, value v)
{
    return copy_contents(a, v);
}

/* Some part of V fulfils TEST. */
static bool any_value(value v, bool (*test)(value v))
{
    if (test(v))
        return true;
    if (v.state != VALUE_KNOWN)
        return false;
    if (value_is_list_like(v)) {
        for (size_t i = 0; i < v.items.len; i++)
            if (any_value(v.items.ptr[i], test))
                return true;
    } else if (value_is_map_like(v)) {
        for (size_t i = 0; i < v.entries.len; i++)
            if (any_value(v.entries.ptr[i].val, test))
                return true;
    }
    return false;
}

static bool is_unknown(value v)
{
    return v.state == VALUE_UNKNOWN;
}

static bool is_sensitive(value v)
{
    return v.sensitive;
}

bool value_is_wholly_known(value v)
{
    return !any_value(v, is_unknown);
}

bool value_is_sensitive_deep(value v)
{
    return any_value(v, is_sensitive);
}

/* --- looking --- */

bool value_is_string(value v)
{
    return v.type->kind == TYPE_STRING;
}

bool value_is_list_like(value v)
{
    return v.type->kind == TYPE_LIST || v.type->kind == TYPE_SET || v.type->kind == TYPE_TUPLE;
}

bool value_is_map_like(value v)
{
    return v.type->kind == TYPE_MAP || v.type->kind == TYPE_OBJECT;
}

str value_as_str(value v)
{
    assert(v.type->kind == TYPE_STRING && v.state == VALUE_KNOWN);
    return v.s;
}

bool value_as_bool(value v)
{
    assert(v.type->kind == TYPE_BOOL && v.state == VALUE_KNOWN);
    return v.b;
}

const struct number *value_as_number(value v)
{
    assert(v.type->kind == TYPE_NUMBER && v.state == VALUE_KNOWN);
    return v.num;
}

bool value_as_i64(value v, int64_t *out)
{
    return number_to_i64(value_as_number(v), out);
}

size_t value_len(value v)
{
    assert(v.state == VALUE_KNOWN && (value_is_list_like(v) || value_is_map_like(v)));
    return value_is_list_like(v) ? v.items.len : v.entries.len;
}

value value_at(value v, size_t i)
{
    assert(i < value_len(v));
    return value_mark(value_is_list_like(v) ? v.items.ptr[i] : v.entries.ptr[i].val, v.sensitive);
}

str value_key_at(value v, size_t i)
{
    assert(value_is_map_like(v) && i < value_len(v));
    return v.entries.ptr[i].key;
}

bool value_get(value v, str key, value *out)
{
    assert(value_is_map_like(v) && v.state == VALUE_KNOWN);
    size_t lo = 0, hi = v.entries.len;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(v.entries.ptr[mid].key, key);
        if (c == 0) {
            *out = value_at(v, mid);
            return true;
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

value value_attr(value v, const char *key)
{
    value out;
    if (!value_is_map_like(v) || v.state != VALUE_KNOWN || !value_get(v, str_from(key), &out))
        return value_null(&type_dynamic);
    return out;
}

/* --- comparing --- */

static bool sequences_equal(value a, value b)
{
    if (a.items.len != b.items.len)
        return false;
    for (size_t i = 0; i < a.items.len; i++)
        if (!value_equal(a.items.ptr[i], b.items.ptr[i]))
            return false;
    return true;
}

static bool entries_equal(value a, value b)
{
    if (a.entries.len != b.entries.len)
        return false;
    for (size_t i = 0; i < a.entries.len; i++)
        if (!str_eq(a.entries.ptr[i].key, b.entries.ptr[i].key) ||
            !value_equal(a.entries.ptr[i].val, b.entries.ptr[i].val))
            return false;
    return true;
}

bool value_equal(value a, value b)
{
    if (a.state != b.state || !type_eq(a.type, b.type))
        return false;
    if (a.state != VALUE_KNOWN)
        return true;
    switch (a.type->kind) {
    case TYPE_BOOL: return a.b == b.b;
    case TYPE_NUMBER: return number_cmp(a.num, b.num) == 0;
    case TYPE_STRING: return str_eq(a.s, b.s);
    case TYPE_MAP:
    case TYPE_OBJECT: return entries_equal(a, b);
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_TUPLE: return sequences_equal(a, b);
    case TYPE_DYNAMIC: break;
    }
    return true;
}

static int order_parts(value a, value b)
{
    size_t alen = value_len(a), blen = value_len(b);
    for (size_t i = 0; i < alen && i < blen; i++) {
        int c = value_is_map_like(a) && a.type->kind == TYPE_MAP
                    ? str_cmp(value_key_at(a, i), value_key_at(b, i))
                    : 0;
        if (c == 0)
            c = value_order(value_at(a, i), value_at(b, i));
        if (c != 0)
            return c;
    }
    return alen < blen ? -1 : alen > blen;
}

int value_order(value a, value b)
{
    /* Unknown after null after known, as in the reference. */
    static const int ranks[] = {[VALUE_KNOWN] = 0, [VALUE_UNKNOWN] = 1, [VALUE_NULL] = 2};
    if (a.state != b.state || a.state != VALUE_KNOWN)
        return ranks[a.state] - ranks[b.state];
    if (a.type->kind != b.type->kind)
        return a.type->kind < b.type->kind ? -1 : 1;
    switch (a.type->kind) {
    case TYPE_BOOL: return (int)a.b - (int)b.b;
    case TYPE_NUMBER: return number_cmp(a.num, b.num);
    case TYPE_STRING: return str_cmp(a.s, b.s);
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_TUPLE:
    case TYPE_MAP:
    case TYPE_OBJECT: return order_parts(a, b);
    case TYPE_DYNAMIC: break;
    }
    return 0;
}
