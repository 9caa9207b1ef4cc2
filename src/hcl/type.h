/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_TYPE_H
#define IMGFAC_HCL_TYPE_H

/* Types of HCL values and the type expressions that write them.  Types are
 * immutable and borrowed from their arena or static; compare with type_eq(),
 * never by address.  Thread-safe for readers. */

#include "base/arena.h"
#include "base/strbuf.h"

struct diags;
struct expr;
struct value;

enum type_kind {
    TYPE_DYNAMIC, /* `any`: not known yet, or unconstrained */
    TYPE_BOOL,
    TYPE_NUMBER,
    TYPE_STRING,
    TYPE_LIST,
    TYPE_SET,
    TYPE_MAP,
    TYPE_TUPLE,
    TYPE_OBJECT,
};

struct type_attr {
    str name;
    const struct type *type;
    bool optional;           /* only in constraints written by the user */
    const struct value *def; /* optional(T, DEF); NULL when there is none */
};

struct type {
    enum type_kind kind;
    const struct type *elem;         /* list, set, map */
    const struct type *const *items; /* tuple: LEN types */
    const struct type_attr *attrs;   /* object: LEN attributes sorted by name */
    size_t len;
    unsigned depth; /* levels of nesting below */
};

/* Values nested deeper are refused by the evaluator. */
#define TYPE_MAX_DEPTH 2000

extern const struct type type_dynamic, type_bool, type_number, type_string;
extern const struct type type_list_string, type_list_number, type_list_bool, type_list_any;
extern const struct type type_set_string, type_set_any;
extern const struct type type_map_string, type_map_any, type_list_map_string;
extern const struct type type_list_list_string;
extern const struct type type_empty_tuple, type_empty_object;

const struct type *type_list(struct arena *a, const struct type *elem) ATTR_RETURNS_NONNULL;
const struct type *type_set(struct arena *a, const struct type *elem) ATTR_RETURNS_NONNULL;
const struct type *type_map(struct arena *a, const struct type *elem) ATTR_RETURNS_NONNULL;
/* ITEMS is borrowed. */
const struct type *type_tuple(struct arena *a, const struct type *const *items,
                              size_t len) ATTR_RETURNS_NONNULL;
/* ATTRS is borrowed and gets sorted by name; names must differ. */
const struct type *type_object(struct arena *a, struct type_attr *attrs,
                               size_t len) ATTR_RETURNS_NONNULL;

bool type_eq(const struct type *a, const struct type *b);
/* List, set or map. */
bool type_is_collection(const struct type *t);
bool type_is_primitive(const struct type *t);
/* Some part of it is `any`. */
bool type_has_dynamic(const struct type *t);
/* T with all attributes required and no defaults: the type a value can have. */
const struct type *type_without_optional(struct arena *a,
                                         const struct type *t) ATTR_RETURNS_NONNULL;
const struct type_attr *type_find_attr(const struct type *t, str name);
/* Index of attribute NAME of an object, or -1. */
ptrdiff_t type_attr_index(const struct type *t, str name);

/* For messages: "string", "list of string", "object", "tuple". */
const char *type_friendly_name(struct arena *a, const struct type *t) ATTR_RETURNS_NONNULL;
/* The same for what is wanted: "any type", "list of any single type". */
const char *type_constraint_name(struct arena *a, const struct type *t) ATTR_RETURNS_NONNULL;
const char *type_kind_name(enum type_kind kind) ATTR_RETURNS_NONNULL;
/* As the user would write it: "list(object({a=string}))". */
void type_print(const struct type *t, struct strbuf *out);
char *type_str(struct arena *a, const struct type *t) ATTR_RETURNS_NONNULL;

/* Read a type expression: string, number, bool, any, list(T), set(T), map(T),
 * tuple([T, ...]), object({a = T, b = optional(T, default)}).  Errors
 * have the reference's words. */
bool type_from_expr(struct arena *a, const struct expr *e, const struct type **out,
                    struct diags *diags);

#endif
