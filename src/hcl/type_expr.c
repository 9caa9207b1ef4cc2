/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/type.h"

#include "hcl/ast.h"
#include "hcl/convert.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/source.h"
#include "hcl/suggest.h"

/* Type expressions.  HCL's ext/typeexpr defines the grammar and the words of
 * the messages. */

#define SUMMARY "Invalid type specification"

static bool parse_type(struct arena *a, const struct expr *e, const struct type **out,
                       struct diags *d);

static bool wrong_argument(str name, struct range r, struct diags *d)
{
    if (str_eqz(name, "object"))
        return diags_error(d, r, SUMMARY,
                           "The object type constructor requires one argument specifying the "
                           "attribute types and values as a map: object({ name = string }).");
    if (str_eqz(name, "tuple"))
        return diags_error(d, r, SUMMARY,
                           "The tuple type constructor requires one argument specifying the "
                           "element types as a list: tuple([string, number]).");
    return diags_error(d, r, SUMMARY,
                       "The %.*s type constructor requires one argument specifying the element "
                       "type: %.*s(string).",
                       STR_FMT(name), STR_FMT(name));
}

static bool is_constructor(str name)
{
    return str_eqz(name, "list") || str_eqz(name, "set") || str_eqz(name, "map") ||
           str_eqz(name, "object") || str_eqz(name, "tuple");
}

static const struct type *primitive(str kw)
{
    if (str_eqz(kw, "bool"))
        return &type_bool;
    if (str_eqz(kw, "string"))
        return &type_string;
    if (str_eqz(kw, "number"))
        return &type_number;
    return str_eqz(kw, "any") ? &type_dynamic : NULL;
}

static bool unknown_keyword(struct arena *a, str kw, struct range r, const char *what,
                            struct diags *d)
{
    static const char *const names[] = {"string", "number", "bool",   "any",  "list",
                                        "set",    "map",    "object", "tuple"};
    struct suggest s;
    suggest_init(&s, kw);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        suggest_offer(&s, str_from(names[i]));
    return diags_error(d, r, SUMMARY, "The keyword \"%.*s\" is not a valid type %s.%s", STR_FMT(kw),
                       what, suggest_text(a, &s));
}

static bool parse_keyword(struct arena *a, const struct expr *e, str kw, const struct type **out,
                          struct diags *d)
{
    const struct type *t = primitive(kw);
    if (t != NULL) {
        *out = t;
        return true;
    }
    if (is_constructor(kw))
        return wrong_argument(kw, e->range, d);
    return unknown_keyword(a, kw, e->range, "specification", d);
}

static struct range args_range(const struct expr *call)
{
    return range_between(call->call.open_range, call->call.close_range);
}

/* The default in optional(T, DEFAULT), converted to T. */
static bool parse_default(struct arena *a, const struct expr *e, struct type_attr *attr,
                          struct diags *d)
{
    value v, converted;
    const char *why;
    if (!eval_expr(e, NULL, a, &v, d))
        return false;
    if (!convert(a, v, attr->type, &converted, &why))
        return diags_error(d, e->range, "Invalid default value for optional attribute",
                           "This default value is not compatible with the attribute's type "
                           "constraint: %s.",
                           why);
    attr->def = arena_memdup(a, &converted, sizeof(converted));
    return true;
}

static bool parse_attr_type(struct arena *a, const struct expr *e, struct type_attr *attr,
                            struct diags *d)
{
    const struct expr *call = expr_unparen(e);
    if (call->kind != EXPR_CALL || !str_eqz(call->call.name, "optional"))
        return parse_type(a, e, &attr->type, d);
    if (call->call.arg_count < 1)
        return diags_error(d, args_range(call), SUMMARY,
                           "Optional attribute modifier requires the attribute type as its "
                           "argument.");
    if (call->call.arg_count > 2)
        return diags_error(d, args_range(call), SUMMARY,
                           "Optional attribute modifier expects at most two arguments: the "
                           "attribute type, and a default value.");
    attr->optional = true;
    if (!parse_type(a, call->call.args[0], &attr->type, d))
        return false;
    return call->call.arg_count == 1 || parse_default(a, call->call.args[1], attr, d);
}

static bool parse_object(struct arena *a, const struct expr *arg, const struct type **out,
                         struct diags *d)
{
    arg = expr_unparen(arg);
    if (arg->kind != EXPR_OBJECT)
        return diags_error(d, arg->range, SUMMARY,
                           "Object type constructor requires a map whose keys are attribute names "
                           "and whose values are the corresponding attribute types.");
    struct type_attr *attrs = arena_new_array(a, struct type_attr, arg->object.count + 1);
    size_t n = 0;
    bool ok = true;
    for (size_t i = 0; i < arg->object.count; i++) {
        const struct object_item *item = &arg->object.items[i];
        str name;
        bool is_name =
            (item->key_is_bare || item->key->from_json) && expr_as_string_literal(item->key, &name);
        if (!is_name) {
            ok = diags_error(d, item->key->range, SUMMARY,
                             "Object constructor map keys must be attribute names.");
            continue;
        }
        for (size_t j = 0; j < n; j++)
            if (str_eq(attrs[j].name, name))
                ok = diags_error(d, item->key->range, SUMMARY,
                                 "Object constructor map keys must be unique.");
        attrs[n] =
            (struct type_attr){.name = value_as_str(value_string(a, name)), .type = &type_dynamic};
        ok = parse_attr_type(a, item->value, &attrs[n], d) && ok;
        n++;
    }
    if (ok)
        *out = type_object(a, attrs, n);
    return ok;
}

static bool parse_tuple(struct arena *a, const struct expr *arg, const struct type **out,
                        struct diags *d)
{
    arg = expr_unparen(arg);
    if (arg->kind != EXPR_TUPLE)
        return diags_error(d, arg->range, SUMMARY,
                           "Tuple type constructor requires a list of element types.");
    const struct type **items = arena_new_array(a, const struct type *, arg->tuple.count + 1);
    bool ok = true;
    for (size_t i = 0; i < arg->tuple.count; i++)
        ok = parse_type(a, arg->tuple.items[i], &items[i], d) && ok;
    if (ok)
        *out = type_tuple(a, items, arg->tuple.count);
    return ok;
}

static bool parse_collection(struct arena *a, str name, const struct expr *arg,
                             const struct type **out, struct diags *d)
{
    const struct type *elem;
    if (!parse_type(a, arg, &elem, d))
        return false;
    if (str_eqz(name, "list"))
        *out = type_list(a, elem);
    else if (str_eqz(name, "set"))
        *out = type_set(a, elem);
    else
        *out = type_map(a, elem);
    return true;
}

static bool parse_call(struct arena *a, const struct expr *e, const struct type **out,
                       struct diags *d)
{
    str name = e->call.name;
    if (primitive(name) != NULL)
        return diags_error(d, args_range(e), SUMMARY,
                           "Type keyword \"%.*s\" does not expect arguments.", STR_FMT(name));
    if (str_eqz(name, "optional"))
        return diags_error(d, e->call.name_range, SUMMARY,
                           "Keyword \"optional\" is valid only as a modifier for object type "
                           "attributes.");
    if (!is_constructor(name))
        return unknown_keyword(a, name, e->range, "constructor", d);
    if (e->call.arg_count != 1)
        return wrong_argument(name, args_range(e), d);
    const struct expr *arg = e->call.args[0];
    if (str_eqz(name, "object"))
        return parse_object(a, arg, out, d);
    if (str_eqz(name, "tuple"))
        return parse_tuple(a, arg, out, d);
    return parse_collection(a, name, arg, out, d);
}

static bool parse_type(struct arena *a, const struct expr *e, const struct type **out,
                       struct diags *d)
{
    str kw = expr_as_keyword(e);
    if (kw.ptr != NULL)
        return parse_keyword(a, e, kw, out, d);
    e = expr_unparen(e);
    if (e->kind == EXPR_CALL)
        return parse_call(a, e, out, d);
    return diags_error(d, e->range, SUMMARY,
                       "A type specification is either a primitive type keyword (bool, number, "
                       "string) or a complex type constructor call, like list(string).");
}

bool type_from_expr(struct arena *a, const struct expr *e, const struct type **out,
                    struct diags *diags)
{
    const struct expr *syntax = expr_static(a, e, diags);
    return syntax != NULL && parse_type(a, syntax, out, diags);
}
