/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/convert_internal.h"

/* Why a conversion does not exist, in the reference's words (go-cty's
 * mismatch_msg.go). */

static const char *required(struct unifier *u, const struct type *t)
{
    return arena_fmt(u->a, "%s required", type_constraint_name(u->a, t));
}

static const char *missing_attrs(struct unifier *u, const struct type *from, const struct type *to)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    size_t missing = 0, seen = 0;
    for (size_t i = 0; i < to->len; i++)
        missing += !to->attrs[i].optional && type_find_attr(from, to->attrs[i].name) == NULL;
    if (missing == 0)
        return NULL;
    for (size_t i = 0; i < to->len; i++) {
        const struct type_attr *at = &to->attrs[i];
        if (at->optional || type_find_attr(from, at->name) != NULL)
            continue;
        const char *sep = seen == 0            ? ""
                          : seen + 1 < missing ? ", "
                          : missing == 2       ? " and "
                                               : ", and ";
        strbuf_addf(&sb, "%s\"%.*s\"", sep, STR_FMT(at->name));
        seen++;
    }
    return arena_fmt(u->a, "attribute%s %s %s required", missing == 1 ? "" : "s", sb.buf,
                     missing == 1 ? "is" : "are");
}

static const char *mismatch_objects(struct unifier *u, const struct type *from,
                                    const struct type *to)
{
    const char *missing = missing_attrs(u, from, to);
    if (missing != NULL)
        return missing;
    for (size_t i = 0; i < to->len; i++) {
        const struct type_attr *want = &to->attrs[i];
        const struct type_attr *have = type_find_attr(from, want->name);
        if (have != NULL && !convert_known_possible(u, have->type, want->type))
            return arena_fmt(u->a, "attribute \"%.*s\": %s", STR_FMT(want->name),
                             convert_mismatch(u, have->type, want->type));
    }
    return "incorrect object attributes";
}

static const char *mismatch_parts(struct unifier *u, const struct type *from, const struct type *to)
{
    if (to->elem->kind == TYPE_DYNAMIC)
        return arena_fmt(u->a, "all %s elements must have the same type", type_kind_name(to->kind));
    for (size_t i = 0; i < from->len; i++) {
        bool tuple = from->kind == TYPE_TUPLE;
        const struct type *part = tuple ? from->items[i] : from->attrs[i].type;
        if (convert_known_possible(u, part, to->elem))
            continue;
        const char *inner = convert_mismatch(u, part, to->elem);
        if (tuple)
            return arena_fmt(u->a, "element %zu: %s", i, inner);
        return arena_fmt(u->a, "element \"%.*s\": %s", STR_FMT(from->attrs[i].name), inner);
    }
    return arena_fmt(u->a, "all elements must be %s", type_constraint_name(u->a, to->elem));
}

const char *convert_mismatch(struct unifier *u, const struct type *from, const struct type *to)
{
    bool to_map = to->kind == TYPE_MAP;
    if (from->kind == TYPE_OBJECT && to->kind == TYPE_OBJECT)
        return mismatch_objects(u, from, to);
    if (!type_is_collection(to))
        return required(u, to);
    if (from->kind == (to_map ? TYPE_OBJECT : TYPE_TUPLE))
        return mismatch_parts(u, from, to);
    bool kind_fits =
        to_map ? from->kind == TYPE_MAP : from->kind == TYPE_LIST || from->kind == TYPE_SET;
    if (!kind_fits)
        return required(u, to);
    return arena_fmt(u->a, "incorrect %s element type: %s", type_kind_name(to->kind),
                     convert_mismatch(u, from->elem, to->elem));
}
