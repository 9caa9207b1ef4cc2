/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_VALUE_H
#define IMGFAC_HCL_VALUE_H

/* Values of HCL expressions: immutable, passed by value (a small struct whose
 * contents live in an arena).  Every value has a type; it is known, null or
 * unknown (computed only later).  A value may be marked sensitive: what is
 * computed from it is marked too, and printing for people hides it.  Strings
 * are valid UTF-8 in normal form C and NUL-terminated (they may also contain
 * NULs).  Sets, maps and objects are sorted, so equal values are equal
 * element by element.  Thread-safe for readers. */

#include "hcl/number.h"
#include "hcl/type.h"

enum value_state { VALUE_KNOWN, VALUE_NULL, VALUE_UNKNOWN };

struct value_entry;

/* The evaluator refuses heavier values: every walk over a value ends soon. */
#define VALUE_MAX_WEIGHT 1000000

typedef struct value {
    const struct type *type; /* never NULL in a value that was made */
    enum value_state state;
    bool sensitive;
    uint32_t weight; /* number of values inside, shared ones counted each time; saturates */
    union {          /* by type->kind, only when VALUE_KNOWN */
        bool b;
        const struct number *num;
        str s;
        struct { /* list, set, tuple */
            const struct value *ptr;
            size_t len;
        } items;
        struct { /* map, object: sorted by key, bytewise */
            const struct value_entry *ptr;
            size_t len;
        } entries;
    };
} value;

struct value_entry {
    str key; /* NUL-terminated */
    value val;
};

/* --- making --- */
value value_null(const struct type *t);
value value_unknown(const struct type *t);
/* Unknown of unknown type. */
value value_dynamic(void);
value value_bool(bool b);
value value_number(const struct number *n);
value value_int(struct arena *a, int64_t n);
value value_double(struct arena *a, double d);
/* Copies S, normalised; invalid UTF-8 becomes U+FFFD. */
value value_string(struct arena *a, str s);
/* Borrows S, which must be valid, normalised and NUL-terminated. */
value value_string_raw(str s);
value value_stringz(struct arena *a, const char *s);
/* The arrays are borrowed and must live as long as the value.  Elements of
 * lists, sets and maps must have type ELEM (convert_unify_values() helps). */
value value_list(struct arena *a, const struct type *elem, const value *items, size_t len);
/* Sorts and removes duplicates in a copy. */
value value_set(struct arena *a, const struct type *elem, const value *items, size_t len);
/* V, of the element type, is in a known set; A is for the work. */
bool value_set_has(struct arena *a, value set, value v);
value value_tuple(struct arena *a, const value *items, size_t len);
/* Sorts ENTRIES in place; of equal keys the last wins. */
value value_map(struct arena *a, const struct type *elem, struct value_entry *entries, size_t len);
value value_object(struct arena *a, struct value_entry *entries, size_t len);
/* list(string) of C strings. */
value value_strings(struct arena *a, const char *const *items, size_t len);
/* The weight of a container of weight SUM once it holds V too. */
uint32_t value_add_weight(uint32_t sum, value v);
/* V marked when ON (or already marked). */
value value_mark(value v, bool on);
/* V and everything inside without marks. */
value value_unmark_deep(struct arena *a, value v);

/* Deep copy into another arena. */
value value_copy(struct arena *a, value v);

/* --- looking --- */
static inline enum type_kind value_kind(value v)
{
    return v.type->kind;
}
static inline bool value_is_null(value v)
{
    return v.state == VALUE_NULL;
}
static inline bool value_is_known(value v)
{
    return v.state != VALUE_UNKNOWN;
}
/* Neither null nor unknown. */
static inline bool value_is_present(value v)
{
    return v.state == VALUE_KNOWN;
}
/* Nothing inside is unknown. */
bool value_is_wholly_known(value v);
/* V or something inside is marked. */
bool value_is_sensitive_deep(value v);
bool value_is_string(value v);
bool value_is_list_like(value v); /* list, set, tuple */
bool value_is_map_like(value v);  /* map, object */

/* Contents of a known value of that kind; asserted.  value_as_str's pointer is
 * NUL-terminated. */
str value_as_str(value v);
bool value_as_bool(value v);
const struct number *value_as_number(value v);
/* Whole number in range? */
bool value_as_i64(value v, int64_t *out);
/* Number of elements of a known collection, tuple or object. */
size_t value_len(value v);
/* The I-th element of a known list, set, tuple, map or object; carries the
 * container's mark. */
value value_at(value v, size_t i);
str value_key_at(value v, size_t i);
/* Element KEY of a known map or object: false when there is none. */
bool value_get(value v, str key, value *out);
/* value_get with a C string; a null when there is none. */
value value_attr(value v, const char *key);

/* Same type and same contents, nulls and unknowns included; marks ignored. */
bool value_equal(value a, value b);
/* Total order within a type: that of set elements of a simple type. */
int value_order(value a, value b);

/* --- printing --- */
/* Compact JSON, keys sorted; false (nothing printed that can be used) with
 * *WHY when something inside is unknown or infinite.  Shows sensitive values:
 * this is data, not a message. */
bool value_to_json(value v, struct strbuf *out, const char **why);
/* S in quotes, escaped as Go's JSON writer does. */
void value_json_string(str s, struct strbuf *out);
/* HCL text for people, over several lines where needed, INDENT levels deep;
 * sensitive parts print as <sensitive>, unknown ones as <unknown>. */
void value_print(value v, struct strbuf *out, int indent);
/* One short statement for diagnostics: `is "abc"`, `is list of string with 3
 * elements`, `has a sensitive value`, `is a string, known only when the build
 * runs`. */
char *value_describe(struct arena *a, value v) ATTR_RETURNS_NONNULL;

#endif
