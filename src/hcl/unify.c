/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/convert_internal.h"

#include "base/mem.h"

/* The search for a common type follows go-cty's convert package: which type
 * wins is visible to users (a conditional's result, the element type of a
 * list), so the order of trials is the reference's. */

/* More different types than this have no common one. */
#define MAX_DISTINCT 2000

/* --- preference --- */

static int compare_types(struct unifier *u, const struct type *a, const struct type *b);

static int compare_parts(struct unifier *u, const struct type *a, const struct type *b)
{
    if (a->len != b->len)
        return 0;
    bool a_wins = false, b_wins = false;
    for (size_t i = 0; i < a->len; i++) {
        int c;
        if (a->kind == TYPE_TUPLE)
            c = compare_types(u, a->items[i], b->items[i]);
        else if (!str_eq(a->attrs[i].name, b->attrs[i].name))
            return 0;
        else
            c = compare_types(u, a->attrs[i].type, b->attrs[i].type);
        a_wins |= c < 0;
        b_wins |= c > 0;
    }
    return a_wins == b_wins ? 0 : a_wins ? -1 : 1;
}

/* Collections are preferred to what they are made from, lists to sets. */
static int kind_rank(const struct type *t)
{
    switch (t->kind) {
    case TYPE_LIST:
    case TYPE_MAP: return 0;
    case TYPE_TUPLE:
    case TYPE_OBJECT: return 1;
    case TYPE_SET: return 2;
    case TYPE_DYNAMIC:
    case TYPE_BOOL:
    case TYPE_NUMBER:
    case TYPE_STRING: break;
    }
    return 3;
}

static bool is_map_like(const struct type *t)
{
    return t->kind == TYPE_MAP || t->kind == TYPE_OBJECT;
}

/* Negative when A is the more general. */
static int compare_types(struct unifier *u, const struct type *a, const struct type *b)
{
    if (--u->work < 0)
        return 0;
    if (a->kind == TYPE_DYNAMIC || b->kind == TYPE_DYNAMIC)
        return (a->kind == TYPE_DYNAMIC) - (b->kind == TYPE_DYNAMIC);
    if (type_is_primitive(a) && type_is_primitive(b))
        return (b->kind == TYPE_STRING) - (a->kind == TYPE_STRING);
    if (type_is_primitive(a) || type_is_primitive(b))
        return 0;
    if (a->kind == b->kind)
        return type_is_collection(a) ? compare_types(u, a->elem, b->elem) : compare_parts(u, a, b);
    if (is_map_like(a) != is_map_like(b))
        return 0;
    return kind_rank(a) < kind_rank(b) ? -1 : 1;
}

/* Indices of TYPES, most general first: a stable topological order. */
static void sort_types(struct unifier *u, const struct type *const *types, size_t n, size_t *order)
{
    autofree unsigned char *wins = xcalloc(n, n); /* [i * n + j]: i is before j */
    autofree size_t *degree = xcalloc(n, sizeof(*degree));
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            int c = compare_types(u, types[i], types[j]);
            wins[i * n + j] = c < 0;
            wins[j * n + i] = c > 0;
            degree[j] += c < 0;
            degree[i] += c > 0;
        }
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        if (degree[i] == 0)
            order[len++] = i;
    for (size_t head = 0; head < len; head++)
        for (size_t j = 0; j < n; j++)
            if (wins[order[head] * n + j] && --degree[j] == 0)
                order[len++] = j;
    /* A cycle leaves some out; any of them will do, the trial decides. */
    while (len < n)
        order[len++] = 0;
}

static bool all_convert(struct unifier *u, const struct type *const *types, size_t n,
                        const struct type *to)
{
    for (size_t i = 0; i < n; i++)
        if (!convert_known_possible(u, types[i], to))
            return false;
    return true;
}

static const struct type *unify_by_preference(struct unifier *u, const struct type *const *types,
                                              size_t n)
{
    autofree size_t *order = xcalloc(n, sizeof(*order));
    sort_types(u, types, n, order);
    for (size_t i = 0; i < n; i++)
        if (all_convert(u, types, n, types[order[i]]))
            return types[order[i]];
    return NULL;
}

/* --- structural cases --- */

/* All parts of all types (tuples or objects) to one collection. */
static const struct type *unify_to_collection(struct unifier *u, const struct type *const *types,
                                              size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += types[i]->len;
    if (total == 0)
        return NULL;
    const struct type **parts = arena_new_array(u->a, const struct type *, total);
    size_t len = 0;
    bool tuples = types[0]->kind == TYPE_TUPLE;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < types[i]->len; j++)
            parts[len++] = tuples ? types[i]->items[j] : types[i]->attrs[j].type;
    const struct type *elem = unify_types(u, parts, len);
    if (elem == NULL)
        return NULL;
    const struct type *t = tuples ? type_list(u->a, elem) : type_map(u->a, elem);
    return all_convert(u, types, n, t) ? t : NULL;
}

/* The I-th part of all types. */
static const struct type *unify_across(struct unifier *u, const struct type *const *types, size_t n,
                                       size_t i)
{
    const struct type **across = arena_new_array(u->a, const struct type *, n);
    for (size_t j = 0; j < n; j++)
        across[j] = types[j]->kind == TYPE_TUPLE ? types[j]->items[i] : types[j]->attrs[i].type;
    return unify_types(u, across, n);
}

static bool same_shape(const struct type *a, const struct type *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; a->kind == TYPE_OBJECT && i < a->len; i++)
        if (!str_eq(a->attrs[i].name, b->attrs[i].name))
            return false;
    return true;
}

/* Tuples or objects: part by part when their shapes agree, else as a list or
 * map. */
static const struct type *unify_structural(struct unifier *u, const struct type *const *types,
                                           size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!same_shape(types[0], types[i]))
            return unify_to_collection(u, types, n);
    size_t len = types[0]->len;
    bool tuples = types[0]->kind == TYPE_TUPLE;
    const struct type **items = arena_new_array(u->a, const struct type *, len + 1);
    struct type_attr *attrs = arena_new_array(u->a, struct type_attr, len + 1);
    for (size_t i = 0; i < len; i++) {
        items[i] = unify_across(u, types, n, i);
        if (items[i] == NULL)
            return NULL;
        if (!tuples)
            attrs[i] = (struct type_attr){.name = types[0]->attrs[i].name, .type = items[i]};
    }
    const struct type *t = tuples ? type_tuple(u->a, items, len) : type_object(u->a, attrs, len);
    return all_convert(u, types, n, t) ? t : unify_to_collection(u, types, n);
}

static const struct type *unify_collections(struct unifier *u, const struct type *const *types,
                                            size_t n)
{
    const struct type **elems = arena_new_array(u->a, const struct type *, n);
    for (size_t i = 0; i < n; i++)
        elems[i] = types[i]->elem;
    const struct type *elem = unify_types(u, elems, n);
    if (elem == NULL)
        return NULL;
    const struct type *t = types[0]->kind == TYPE_LIST  ? type_list(u->a, elem)
                           : types[0]->kind == TYPE_SET ? type_set(u->a, elem)
                                                        : type_map(u->a, elem);
    return all_convert(u, types, n, t) ? t : NULL;
}

/* Tuples among lists, or objects among maps: the former become one collection
 * first.  NULL when that fails: another way may be found. */
static const struct type *unify_mixed(struct unifier *u, const struct type *const *types, size_t n,
                                      enum type_kind structural)
{
    const struct type **some = arena_new_array(u->a, const struct type *, n);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        if (types[i]->kind == structural)
            some[len++] = types[i];
    const struct type *as_collection = unify_to_collection(u, some, len);
    if (as_collection == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        some[i] = types[i]->kind == structural ? as_collection : types[i];
    return unify_types(u, some, n);
}

struct kinds {
    size_t map, list, set, object, tuple, dynamic;
};

static struct kinds count_kinds(const struct type *const *types, size_t n)
{
    struct kinds k = {0};
    for (size_t i = 0; i < n; i++) {
        k.map += types[i]->kind == TYPE_MAP;
        k.list += types[i]->kind == TYPE_LIST;
        k.set += types[i]->kind == TYPE_SET;
        k.object += types[i]->kind == TYPE_OBJECT;
        k.tuple += types[i]->kind == TYPE_TUPLE;
        k.dynamic += types[i]->kind == TYPE_DYNAMIC;
    }
    return k;
}

/* All of N types are of one of the given kinds. */
static bool only(size_t n, size_t count)
{
    return n > 0 && count == n;
}

/* One kind of structure throughout (plus `any`): *OUT is the answer. */
static bool unify_by_kind(struct unifier *u, const struct type *const *types, size_t n,
                          const struct type **out)
{
    struct kinds k = count_kinds(types, n);
    size_t rest = n - k.dynamic;
    bool collections = only(rest, k.map) || only(rest, k.list) || only(rest, k.set);
    *out = NULL;
    if (collections || only(rest, k.object) || only(rest, k.tuple)) {
        if (k.dynamic > 0)
            *out = &type_dynamic;
        else
            *out = collections ? unify_collections(u, types, n) : unify_structural(u, types, n);
        return true;
    }
    if (k.map > 0 && k.map + k.object == rest)
        *out = unify_mixed(u, types, n, TYPE_OBJECT);
    else if (k.list > 0 && k.list + k.tuple == rest)
        *out = unify_mixed(u, types, n, TYPE_TUPLE);
    return *out != NULL || (k.object > 0 && k.tuple > 0);
}

/* TYPES without repetitions, at most MAX_DISTINCT + 1 of them. */
static size_t distinct_types(const struct type *const *types, size_t n, const struct type **out)
{
    size_t len = 0;
    for (size_t i = 0; i < n && len <= MAX_DISTINCT; i++) {
        size_t j = 0;
        while (j < len && !type_eq(out[j], types[i]))
            j++;
        if (j == len)
            out[len++] = types[i];
    }
    return len;
}

const struct type *unify_types(struct unifier *u, const struct type *const *types, size_t n)
{
    if (n == 0)
        return NULL;
    const struct type **distinct =
        arena_new_array(u->a, const struct type *, MIN(n, (size_t)MAX_DISTINCT + 1));
    n = distinct_types(types, n, distinct);
    u->work -= (long)n;
    if (n == 1)
        return distinct[0];
    if (n > MAX_DISTINCT || u->work < 0)
        return NULL;
    const struct type *t;
    if (unify_by_kind(u, distinct, n, &t))
        return t;
    return unify_by_preference(u, distinct, n);
}

const struct type *convert_unify(struct arena *a, const struct type *const *types, size_t n)
{
    struct unifier u = UNIFIER_INIT(a, false);
    return unify_types(&u, types, n);
}

const struct type *convert_unify_safe(struct arena *a, const struct type *const *types, size_t n)
{
    struct unifier u = UNIFIER_INIT(a, true);
    return unify_types(&u, types, n);
}

const struct type *convert_unify_values(struct arena *a, value *values, size_t n)
{
    const struct type **types = arena_new_array(a, const struct type *, n + 1);
    for (size_t i = 0; i < n; i++)
        types[i] = values[i].type;
    const struct type *t = convert_unify(a, types, n);
    for (size_t i = 0; t != NULL && i < n; i++) {
        const char *why;
        if (!convert(a, values[i], t, &values[i], &why))
            return NULL;
    }
    return t;
}
