/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/value.h"

#include <string.h>
#include <unictype.h>

#include "base/utf8.h"

/* Elements of a simple type stand in their natural order, others in that of
 * the text which the reference hashes (go-cty: cty/set_internals.go). */

static bool is_printable(uint32_t cp)
{
    const uint32_t mask = UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N |
                          UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S;
    return cp == ' ' || uc_is_general_category_withtable(cp, mask);
}

/* As Go's %q. */
static void add_quoted(str s, struct strbuf *out)
{
    static const char names[] = "a\ab\bf\fn\nr\rt\tv\v\"\"\\\\";
    uint32_t cp = 0;
    strbuf_addc(out, '"');
    for (size_t n; (n = utf8_decode(s, &cp)) > 0; s = str_sub(s, n, s.len)) {
        const char *name = cp == 0 || cp >= 0x80 ? NULL : memchr(names, (int)cp, sizeof(names) - 1);
        if (cp == '"' || cp == '\\' || (name != NULL && cp < 0x20))
            strbuf_addf(out, "\\%c", cp < 0x20 ? name[-1] : (int)cp);
        else if (is_printable(cp))
            strbuf_add(out, s.ptr, n);
        else
            strbuf_addf(out, cp < 0x80 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
    }
    strbuf_addc(out, '"');
}

static void add_key(value v, struct strbuf *out)
{
    if (v.state != VALUE_KNOWN) {
        strbuf_addc(out, v.state == VALUE_NULL ? '~' : '?');
        return;
    }
    switch (v.type->kind) {
    case TYPE_BOOL: strbuf_addc(out, v.b ? 'T' : 'F'); return;
    case TYPE_NUMBER: number_format(v.num, 'g', 10, out); return;
    case TYPE_STRING: add_quoted(v.s, out); return;
    case TYPE_DYNAMIC:
    case TYPE_LIST:
    case TYPE_SET:
    case TYPE_TUPLE:
    case TYPE_MAP:
    case TYPE_OBJECT: break;
    }
    bool is_map = v.type->kind == TYPE_MAP, is_list = type_is_collection(v.type) && !is_map;
    strbuf_addc(out, is_map ? '{' : is_list ? '[' : '<');
    for (size_t i = 0; i < value_len(v); i++) {
        if (is_map) {
            add_quoted(value_key_at(v, i), out);
            strbuf_addc(out, ':');
        }
        add_key(value_at(v, i), out);
        strbuf_addc(out, ';');
    }
    strbuf_addc(out, is_map ? '}' : is_list ? ']' : '>');
}

struct element {
    value val;
    str key; /* empty for simple types */
};

static struct element make_element(struct arena *a, value v)
{
    AUTO(strbuf) struct strbuf key = STRBUF_INIT;
    if (v.state == VALUE_KNOWN && !type_is_primitive(v.type))
        add_key(v, &key);
    return (struct element){v, {arena_strndup(a, key.len == 0 ? "" : key.buf, key.len), key.len}};
}

static int element_cmp(const void *x, const void *y)
{
    const struct element *p = x, *q = y;
    bool known = p->val.state == VALUE_KNOWN && q->val.state == VALUE_KNOWN;
    int c = known ? str_cmp(p->key, q->key) : 0;
    return c != 0 ? c : value_order(p->val, q->val);
}

value value_set(struct arena *a, const struct type *elem, const value *items, size_t len)
{
    struct element *e = arena_new_array(a, struct element, len + 1);
    value *kept = arena_new_array(a, value, len + 1);
    bool sensitive = false;
    uint32_t weight = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        e[i] = make_element(a, items[i]);
    qsort(e, len, sizeof(*e), element_cmp);
    for (size_t i = 0; i < len; i++) {
        sensitive |= e[i].val.sensitive; /* a set cannot say which element is secret */
        if (n > 0 && value_equal(kept[n - 1], e[i].val))
            continue;
        kept[n++] = e[i].val;
        weight = value_add_weight(weight, e[i].val);
    }
    const struct type *t = elem == &type_string ? &type_set_string : type_set(a, elem);
    return (value){.type = t, .sensitive = sensitive, .weight = weight, .items = {kept, n}};
}

bool value_set_has(struct arena *a, value set, value v)
{
    struct element wanted = make_element(a, v);
    size_t lo = 0, hi = value_len(set);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        struct element e = make_element(a, set.items.ptr[mid]);
        int c = element_cmp(&e, &wanted);
        if (c == 0)
            return true;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}
