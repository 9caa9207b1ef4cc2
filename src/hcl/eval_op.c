/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval_internal.h"

#include "hcl/convert.h"
#include "hcl/source.h"

/* --- equality --- */

enum equality { NOT_EQUAL, EQUAL, UNSURE };

static enum equality compare(value a, value b);

static enum equality compare_contents(value a, value b)
{
    size_t len = value_len(a);
    enum equality result = EQUAL;
    if (len != value_len(b))
        return NOT_EQUAL;
    for (size_t i = 0; i < len; i++) {
        if (value_is_map_like(a) && !str_eq(value_key_at(a, i), value_key_at(b, i)))
            return NOT_EQUAL;
        enum equality eq = compare(value_at(a, i), value_at(b, i));
        if (eq == NOT_EQUAL)
            return NOT_EQUAL;
        if (eq == UNSURE)
            result = UNSURE;
    }
    return result;
}

/* At least one of them is unknown. */
static enum equality compare_unknown(value a, value b)
{
    value known = a.state == VALUE_UNKNOWN ? b : a;
    value unknown = a.state == VALUE_UNKNOWN ? a : b;
    if (known.state != VALUE_KNOWN || type_has_dynamic(unknown.type) || type_eq(a.type, b.type))
        return UNSURE;
    return NOT_EQUAL;
}

/* Different types are equal only when something inside, now unknown, may turn
 * out to make them the same. */
static enum equality compare_types(value a, value b)
{
    if (!type_has_dynamic(a.type) && !type_has_dynamic(b.type))
        return NOT_EQUAL;
    return value_is_wholly_known(a) && value_is_wholly_known(b) ? NOT_EQUAL : UNSURE;
}

/* Nulls of any type are equal; nothing is converted. */
static enum equality compare(value a, value b)
{
    if (a.state == VALUE_UNKNOWN || b.state == VALUE_UNKNOWN)
        return compare_unknown(a, b);
    if (a.state == VALUE_NULL || b.state == VALUE_NULL)
        return a.state == b.state ? EQUAL : NOT_EQUAL;
    if (!type_eq(a.type, b.type))
        return compare_types(a, b);
    if (type_is_primitive(a.type))
        return value_equal(a, b) ? EQUAL : NOT_EQUAL;
    return compare_contents(a, b);
}

static value equality(const struct expr *e, value a, value b)
{
    enum equality eq = compare(a, b);
    bool negate = e->binary.op == BINARY_NOT_EQUAL;
    value out = eq == UNSURE ? value_unknown(&type_bool) : value_bool((eq == EQUAL) != negate);
    return value_mark(out, value_is_sensitive_deep(a) || value_is_sensitive_deep(b));
}

/* --- numbers and logic on known operands --- */

static value operation_failed(struct eval *ev, const struct expr *e, const char *why)
{
    return eval_error(ev, e->range, RANGE_NONE, e, "Operation failed",
                      "Error during operation: %s.", why);
}

static value arithmetic(struct eval *ev, const struct expr *e, const struct number *x,
                        const struct number *y)
{
    const struct number *n = NULL;
    switch ((int)e->binary.op) {
    case BINARY_ADD: n = number_add(ev->a, x, y); break;
    case BINARY_SUBTRACT: n = number_sub(ev->a, x, y); break;
    case BINARY_MULTIPLY: n = number_mul(ev->a, x, y); break;
    case BINARY_DIVIDE: n = number_div(ev->a, x, y); break;
    case BINARY_MODULO: n = number_mod(ev->a, x, y); break;
    default: break;
    }
    if (n != NULL)
        return value_number(n);
    if (e->binary.op == BINARY_DIVIDE)
        return operation_failed(ev, e, "can't divide zero by zero or infinity by infinity");
    return operation_failed(ev, e, "the result is not a number (an operand is infinite)");
}

static bool ordering(enum binary_op op, int c)
{
    switch ((int)op) {
    case BINARY_LESS: return c < 0;
    case BINARY_LESS_EQUAL: return c <= 0;
    case BINARY_GREATER: return c > 0;
    default: return c >= 0;
    }
}

/* What an operator wants and gives. */
static const struct type *operand_type(enum binary_op op)
{
    if (op == BINARY_OR || op == BINARY_AND)
        return &type_bool;
    if (op == BINARY_EQUAL || op == BINARY_NOT_EQUAL)
        return &type_dynamic;
    return &type_number;
}

static const struct type *result_type(enum binary_op op)
{
    return op >= BINARY_ADD ? &type_number : &type_bool;
}

static value apply(struct eval *ev, const struct expr *e, value l, value r)
{
    enum binary_op op = e->binary.op;
    if (op == BINARY_EQUAL || op == BINARY_NOT_EQUAL)
        return equality(e, l, r);
    if (value_is_null(l) || value_is_null(r))
        return operation_failed(ev, e,
                                value_is_null(l) ? "the left operand must not be null"
                                                 : "the right operand must not be null");
    if (!value_is_known(l) || !value_is_known(r))
        return value_unknown(result_type(op));
    if (op == BINARY_OR)
        return value_bool(l.b || r.b);
    if (op == BINARY_AND)
        return value_bool(l.b && r.b);
    if (op >= BINARY_ADD)
        return arithmetic(ev, e, l.num, r.num);
    return value_bool(ordering(op, number_cmp(l.num, r.num)));
}

/* --- && and || --- */

/* What was reported before, between and after the two operands. */
struct sides {
    struct eval_mark start, middle, end;
};

static bool had_errors(struct eval_mark from, struct eval_mark to)
{
    return to.errors != from.errors;
}

/* A null is neither true nor, being not true, anything but false: a quirk of
 * the reference that makes `null || true` true. */
static bool decides(enum binary_op op, value v)
{
    if (!value_is_known(v))
        return false;
    bool is_true = value_is_present(v) && v.b;
    return is_true == (op == BINARY_OR);
}

/* HCL 2.24: one side that decides makes the errors of the other void, from
 * either side.  True when *OUT is the answer. */
static bool short_circuit(struct eval *ev, enum binary_op op, value l, value r, struct sides s,
                          value *out)
{
    *out = value_unknown(&type_bool);
    if (!value_is_known(l) && !value_is_known(r)) {
        if (had_errors(s.start, s.middle))
            return false;
        eval_forget(ev, s.middle, s.end);
        return true;
    }
    if (decides(op, l)) {
        eval_forget(ev, s.middle, s.end);
        *out = value_bool(op == BINARY_OR);
        return true;
    }
    if (decides(op, r)) {
        eval_forget(ev, s.start, s.middle);
        *out = value_bool(op == BINARY_OR);
        return true;
    }
    return !value_is_known(l) || !value_is_known(r);
}

/* --- operators --- */

static bool operand(struct eval *ev, const struct expr *whole, const struct expr *e,
                    const char *which, const struct type *type, value *v)
{
    const char *why;
    if (convert(ev->a, *v, type, v, &why))
        return true;
    eval_error(ev, e->range, whole->range, e, "Invalid operand",
               "Unsuitable value for %s operand: %s.", which, why);
    return false;
}

value eval_unary(struct eval *ev, const struct expr *e)
{
    const struct type *type = e->unary.op == UNARY_NOT ? &type_bool : &type_number;
    size_t errors = eval_errors(ev);
    value v = eval_node(ev, e->unary.operand);
    if (eval_errors(ev) != errors || !operand(ev, e, e->unary.operand, "unary", type, &v))
        return value_unknown(type);
    if (value_is_null(v))
        return operation_failed(ev, e, "the operand must not be null");
    value out = v;
    if (!value_is_known(v))
        out = value_unknown(type);
    else if (e->unary.op == UNARY_NOT)
        out = value_bool(!v.b);
    else
        out = value_number(number_neg(ev->a, v.num));
    return value_mark(out, v.sensitive);
}

value eval_binary(struct eval *ev, const struct expr *e)
{
    enum binary_op op = e->binary.op;
    const struct type *type = operand_type(op);
    struct sides s = {.start = eval_mark(ev)};
    value l = eval_node(ev, e->binary.left);
    bool ok = operand(ev, e, e->binary.left, "left", type, &l);
    s.middle = eval_mark(ev);
    value r = eval_node(ev, e->binary.right);
    ok = operand(ev, e, e->binary.right, "right", type, &r) && ok;
    s.end = eval_mark(ev);
    bool sensitive = l.sensitive || r.sensitive;
    value out;
    if (!ok)
        return value_unknown(result_type(op));
    if ((op == BINARY_OR || op == BINARY_AND) && short_circuit(ev, op, l, r, s, &out))
        return value_mark(out, sensitive);
    if (had_errors(s.start, s.end))
        return value_unknown(result_type(op));
    return value_mark(apply(ev, e, l, r), sensitive);
}

/* --- conditional --- */

static const char *describe_mismatch(struct arena *a, const struct type *t, const struct type *f);

static const char *mismatch_objects(struct arena *a, const struct type *t, const struct type *f)
{
    for (size_t i = 0; i < t->len; i++) {
        str name = t->attrs[i].name;
        const struct type_attr *other = type_find_attr(f, name);
        if (other == NULL)
            return arena_fmt(a,
                             "The 'true' value includes object attribute \"%.*s\", which is absent "
                             "in the 'false' value",
                             STR_FMT(name));
        if (!type_eq(t->attrs[i].type, other->type))
            return arena_fmt(a, "Type mismatch for object attribute \"%.*s\": %s", STR_FMT(name),
                             describe_mismatch(a, t->attrs[i].type, other->type));
    }
    for (size_t i = 0; i < f->len; i++)
        if (type_find_attr(t, f->attrs[i].name) == NULL)
            return arena_fmt(a,
                             "The 'false' value includes object attribute \"%.*s\", which is "
                             "absent in the 'true' value",
                             STR_FMT(f->attrs[i].name));
    return "The objects differ";
}

static const char *mismatch_tuples(struct arena *a, const struct type *t, const struct type *f)
{
    if (t->len != f->len)
        return arena_fmt(a, "The 'true' tuple has length %zu, but the 'false' tuple has length %zu",
                         t->len, f->len);
    for (size_t i = 0; i < t->len; i++)
        if (!type_eq(t->items[i], f->items[i]))
            return arena_fmt(a, "Type mismatch for tuple element %zu: %s", i,
                             describe_mismatch(a, t->items[i], f->items[i]));
    return "The tuples differ";
}

static const char *describe_mismatch(struct arena *a, const struct type *t, const struct type *f)
{
    if (t->kind == TYPE_OBJECT && f->kind == TYPE_OBJECT)
        return mismatch_objects(a, t, f);
    if (t->kind == TYPE_TUPLE && f->kind == TYPE_TUPLE)
        return mismatch_tuples(a, t, f);
    const char *tn = type_friendly_name(a, t), *fn = type_friendly_name(a, f);
    if (strcmp(tn, fn) == 0)
        return "At least one deeply-nested attribute or element is not compatible across both the "
               "'true' and the 'false' value";
    return arena_fmt(a, "The 'true' value is %s, but the 'false' value is %s", tn, fn);
}

static bool is_untyped_null(value v)
{
    return value_is_null(v) && v.type->kind == TYPE_DYNAMIC;
}

/* The type both arms are brought to; NULL when there is none.  `any`: the arm
 * chosen is taken as it is. */
static const struct type *arms_type(struct arena *a, value t, value f)
{
    if (is_untyped_null(t))
        return f.type;
    if (is_untyped_null(f))
        return t.type;
    if (t.type->kind == TYPE_DYNAMIC || f.type->kind == TYPE_DYNAMIC)
        return &type_dynamic;
    const struct type *types[] = {t.type, f.type};
    return convert_unify(a, types, ARRAY_SIZE(types));
}

/* False after reporting. */
static bool test_condition(struct eval *ev, const struct expr *e, value *cond)
{
    const struct expr *c = e->conditional.condition;
    const char *why;
    size_t errors = eval_errors(ev);
    *cond = eval_node(ev, c);
    if (eval_errors(ev) != errors)
        return false;
    if (value_is_null(*cond)) {
        eval_error(ev, c->range, e->range, c, "Null condition",
                   "The condition value is null. Conditions must either be true or false.");
        return false;
    }
    bool sensitive = cond->sensitive;
    if (!convert_to_bool(ev->a, *cond, cond, &why)) {
        eval_error(ev, c->range, e->range, c, "Incorrect condition type",
                   "The condition expression must be of type bool: %s.", why);
        return false;
    }
    *cond = value_mark(*cond, sensitive);
    return true;
}

value eval_conditional(struct eval *ev, const struct expr *e)
{
    struct eval_mark start = eval_mark(ev);
    value t = eval_node(ev, e->conditional.if_true);
    struct eval_mark middle = eval_mark(ev);
    value f = eval_node(ev, e->conditional.if_false);
    struct eval_mark end = eval_mark(ev);
    const struct type *type = arms_type(ev->a, t, f);
    if (type == NULL)
        return eval_error(
            ev, range_between(e->conditional.if_true->range, e->conditional.if_false->range),
            e->range, e, "Inconsistent conditional result types",
            "The true and false result expressions must have consistent types. %s.",
            describe_mismatch(ev->a, t.type, f.type));
    value cond;
    bool have_cond = test_condition(ev, e, &cond);
    if (!have_cond || !value_is_known(cond)) {
        eval_forget(ev, start, end); /* neither arm was chosen */
        return value_mark(value_unknown(type), have_cond && cond.sensitive);
    }
    if (cond.b)
        eval_forget(ev, middle, end);
    else
        eval_forget(ev, start, middle);
    const struct expr *arm = cond.b ? e->conditional.if_true : e->conditional.if_false;
    value out = cond.b ? t : f;
    const char *why;
    if (!convert(ev->a, out, type, &out, &why))
        return eval_error(ev, arm->range, e->range, arm, "Inconsistent conditional result types",
                          "The %s result value has the wrong type: %s.", cond.b ? "true" : "false",
                          why);
    return value_mark(out, cond.sensitive || t.sensitive || f.sensitive);
}
