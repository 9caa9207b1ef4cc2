/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval_internal.h"

#include "base/map.h"
#include "hcl/convert.h"
#include "hcl/source.h"
#include "hcl/suggest.h"

/* Traversals and indexing.  The rules and most words are those of HCL's ops.go. */

/* Where a step is and what it is part of. */
struct place {
    struct range subject;
    const struct expr *about;
};

#define NO_ELEMENT "The given key does not identify an element in this collection value"

static value step_error(struct eval *ev, struct place p, const char *summary, const char *detail)
{
    return eval_error(ev, p.subject, p.about->range, p.about, summary, "%s", detail);
}

static const char *suggest_attr(struct arena *a, const struct type *t, str name)
{
    struct suggest s;
    suggest_init(&s, name);
    for (size_t i = 0; i < t->len; i++)
        suggest_offer(&s, t->attrs[i].name);
    return suggest_text(a, &s);
}

static const char *suggest_key(struct arena *a, value v, str name)
{
    struct suggest s;
    suggest_init(&s, name);
    for (size_t i = 0; i < v.entries.len; i++)
        suggest_offer(&s, v.entries.ptr[i].key);
    return suggest_text(a, &s);
}

static value object_attr(struct eval *ev, value obj, str name, struct place p)
{
    ptrdiff_t i = type_attr_index(obj.type, name);
    if (i < 0)
        return eval_error(ev, p.subject, p.about->range, p.about, "Unsupported attribute",
                          "This object does not have an attribute named \"%.*s\".%s", STR_FMT(name),
                          suggest_attr(ev->a, obj.type, name));
    if (!value_is_known(obj))
        return value_mark(value_unknown(obj.type->attrs[i].type), obj.sensitive);
    return value_at(obj, (size_t)i);
}

static value map_elem(struct eval *ev, value map, str key, struct place p, const char *summary)
{
    value v;
    if (!value_is_known(map))
        return value_mark(value_unknown(map.type->elem), map.sensitive);
    if (value_get(map, key, &v))
        return v;
    return eval_error(ev, p.subject, p.about->range, p.about, summary,
                      "This map does not have an element with the key \"%.*s\".%s", STR_FMT(key),
                      suggest_key(ev->a, map, key));
}

static value no_attrs(struct eval *ev, const struct type *t, str name, struct place p)
{
    static const char summary[] = "Unsupported attribute";
    bool of_objects = type_is_collection(t) && t->elem->kind == TYPE_OBJECT;
    if (type_is_primitive(t))
        return eval_error(ev, p.subject, p.about->range, p.about, summary,
                          "Can't access attributes on a primitive-typed value (%s).",
                          type_kind_name(t->kind));
    if (t->kind == TYPE_LIST && of_objects && type_find_attr(t->elem, name) != NULL)
        return eval_error(ev, p.subject, p.about->range, p.about, summary,
                          "Can't access attributes on a list of objects. Did you mean to access "
                          "attribute \"%.*s\" for a specific element of the list, or across all "
                          "elements of the list?",
                          STR_FMT(name));
    if (t->kind == TYPE_SET && of_objects)
        return step_error(ev, p, summary,
                          "Can't access attributes on a set of objects. Did you mean to access an "
                          "attribute across all elements of the set?");
    return step_error(ev, p, summary, "This value does not have any attributes.");
}

static value get_attr(struct eval *ev, value obj, str name, struct place p)
{
    if (value_is_null(obj))
        return step_error(ev, p, "Attempt to get attribute from null value",
                          "This value is null, so it does not have any attributes.");
    if (obj.type->kind == TYPE_OBJECT)
        return object_attr(ev, obj, name, p);
    if (obj.type->kind == TYPE_MAP)
        return map_elem(ev, obj, name, p, "Missing map element");
    if (obj.type->kind == TYPE_DYNAMIC)
        return value_mark(value_dynamic(), obj.sensitive);
    return no_attrs(ev, obj.type, name, p);
}

static value bad_position(struct eval *ev, const struct number *n, size_t len, struct place p)
{
    static const char summary[] = "Invalid index";
    if (!number_is_int(n))
        return step_error(ev, p, summary,
                          NO_ELEMENT ": indexing a sequence requires a whole number, but the given "
                                     "index has a fractional part.");
    if (number_sign(n) < 0)
        return step_error(ev, p, summary,
                          NO_ELEMENT ": a negative number is not a valid index for a sequence.");
    if (len == 0)
        return step_error(ev, p, summary, NO_ELEMENT ": the collection has no elements.");
    return eval_error(ev, p.subject, p.about->range, p.about, summary,
                      NO_ELEMENT ": the given index is greater than or equal to the length of the "
                                 "collection, which is %zu.",
                      len);
}

static value sequence_elem(struct eval *ev, value seq, value key, struct place p)
{
    bool tuple = seq.type->kind == TYPE_TUPLE;
    bool sensitive = seq.sensitive || key.sensitive;
    size_t len = tuple ? seq.type->len : value_is_known(seq) ? value_len(seq) : 0;
    int64_t i = -1;
    if (!value_is_known(key) || (!tuple && !value_is_known(seq)))
        return value_mark(tuple ? value_dynamic() : value_unknown(seq.type->elem), sensitive);
    if (!value_as_i64(key, &i) || i < 0 || (uint64_t)i >= len)
        return bad_position(ev, value_as_number(key), len, p);
    if (!value_is_known(seq))
        return value_mark(value_unknown(seq.type->items[i]), sensitive);
    return value_mark(value_at(seq, (size_t)i), sensitive);
}

static value object_index(struct eval *ev, value obj, value key, bool was_number, struct place p)
{
    if (!value_is_known(key))
        return value_mark(value_dynamic(), obj.sensitive);
    str name = value_as_str(key);
    if (type_attr_index(obj.type, name) >= 0)
        return value_mark(object_attr(ev, obj, name, p), key.sensitive);
    return eval_error(ev, p.subject, p.about->range, p.about, "Invalid index", NO_ELEMENT ".%s%s",
                      was_number ? " An object only supports looking up attributes by name, not by "
                                   "numeric index."
                                 : "",
                      was_number ? "" : suggest_attr(ev->a, obj.type, name));
}

static value map_index(struct eval *ev, value map, value key, struct place p)
{
    if (!value_is_known(key))
        return value_mark(value_unknown(map.type->elem), map.sensitive);
    return value_mark(map_elem(ev, map, value_as_str(key), p, "Invalid index"), key.sensitive);
}

static value get_index(struct eval *ev, value coll, value key, struct place p)
{
    if (value_is_null(coll))
        return step_error(ev, p, "Attempt to index null value",
                          "This value is null, so it does not have any indices.");
    if (value_is_null(key))
        return step_error(ev, p, "Invalid index", "Can't use a null value as an indexing key.");
    enum type_kind kind = coll.type->kind;
    if (kind == TYPE_DYNAMIC || key.type->kind == TYPE_DYNAMIC)
        return value_mark(value_dynamic(), coll.sensitive);
    if (kind == TYPE_SET)
        return step_error(ev, p, "Invalid index",
                          "Elements of a set are identified only by their value and don't have any "
                          "separate index or key to select with, so it's only possible to perform "
                          "operations across all elements of the set.");
    if (type_is_primitive(coll.type))
        return step_error(ev, p, "Invalid index", "This value does not have any indices.");
    bool sequence = kind == TYPE_LIST || kind == TYPE_TUPLE;
    bool was_number = key.type->kind == TYPE_NUMBER;
    const char *why;
    if (!convert(ev->a, key, sequence ? &type_number : &type_string, &key, &why))
        return eval_error(ev, p.subject, p.about->range, p.about, "Invalid index",
                          NO_ELEMENT ": %s.", why);
    if (sequence)
        return sequence_elem(ev, coll, key, p);
    if (kind == TYPE_MAP)
        return map_index(ev, coll, key, p);
    return object_index(ev, coll, key, was_number, p);
}

static value literal_key(struct arena *a, const struct literal *lit)
{
    const struct number *n;
    switch (lit->kind) {
    case LITERAL_NULL: break;
    case LITERAL_BOOL: return value_bool(lit->boolean);
    case LITERAL_STRING: return value_string(a, lit->text);
    case LITERAL_NUMBER:
        if (number_parse(a, lit->text, &n) == NUMBER_OK)
            return value_number(n);
        break;
    }
    return value_null(&type_dynamic);
}

static value take_steps(struct eval *ev, value v, const struct expr *e)
{
    for (size_t i = 0; i < e->traversal.step_count; i++) {
        const struct traversal_step *s = &e->traversal.steps[i];
        struct place p = {s->range, e};
        size_t errors = eval_errors(ev);
        if (s->kind == STEP_ATTR)
            v = get_attr(ev, v, value_as_str(value_string(ev->a, s->name)), p);
        else
            v = get_index(ev, v, literal_key(ev->a, &s->key), p);
        if (eval_errors(ev) != errors)
            break;
    }
    return v;
}

static bool scope_has_names(const struct scope *s)
{
    for (; s != NULL; s = s->parent)
        if (s->names != NULL || s->bound[0].name.len > 0 || s->bound[1].name.len > 0)
            return true;
    return false;
}

static value unknown_root(struct eval *ev, const struct expr *e)
{
    if (!scope_has_names(ev->scope))
        return eval_error(ev, e->traversal.root_range, e->range, NULL, "Variables not allowed",
                          "Variables may not be used here.");
    str root = e->traversal.root;
    struct suggest s;
    suggest_init(&s, root);
    for (const struct scope *sc = ev->scope; sc != NULL; sc = sc->parent) {
        for (size_t i = 0; i < ARRAY_SIZE(sc->bound); i++)
            if (sc->bound[i].name.len > 0)
                suggest_offer(&s, sc->bound[i].name);
        for (size_t i = 0; sc->names != NULL && i < sc->names->len; i++)
            suggest_offer(&s, sc->names->entries[i].key);
    }
    return eval_error(ev, e->traversal.root_range, e->range, NULL, "Unknown variable",
                      "There is no variable named \"%.*s\".%s", STR_FMT(root),
                      suggest_text(ev->a, &s));
}

value eval_traversal(struct eval *ev, const struct expr *e)
{
    value v;
    size_t errors = eval_errors(ev);
    if (e->kind == EXPR_RELATIVE_TRAVERSAL)
        v = eval_node(ev, e->traversal.source);
    else if (!scope_find(ev->scope, e->traversal.root, &v))
        return unknown_root(ev, e);
    return eval_errors(ev) == errors ? take_steps(ev, v, e) : value_dynamic();
}

value eval_index(struct eval *ev, const struct expr *e)
{
    size_t errors = eval_errors(ev);
    value coll = eval_node(ev, e->index.collection);
    value key = eval_node(ev, e->index.key);
    if (eval_errors(ev) != errors)
        return value_dynamic();
    return get_index(ev, coll, key, (struct place){e->index.bracket_range, e});
}

bool eval_peek(struct arena *a, const struct scope *scope, const struct expr *ref, value *out)
{
    struct diags d;
    struct eval_budget budget = {.steps = EVAL_MAX_STEPS};
    struct eval ev = {.a = a, .scope = scope, .d = &d, .budget = &budget, .quiet = true};
    diags_init(&d, a);
    if (!scope_find(scope, ref->traversal.root, out))
        return false;
    *out = take_steps(&ev, *out, ref);
    return eval_errors(&ev) == 0;
}
