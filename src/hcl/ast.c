/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/ast.h"

#include "base/arena.h"
#include "hcl/source.h"
#include "hcl/lex.h"

const struct attribute *body_find_attr(const struct body *b, str name)
{
    for (size_t i = 0; i < b->attr_count; i++) {
        if (str_eq(b->attrs[i].name, name))
            return &b->attrs[i];
    }
    return NULL;
}

struct range block_header_range(const struct block *b)
{
    if (b->label_count == 0)
        return b->type_range;
    return range_between(b->type_range, b->labels[b->label_count - 1].range);
}

struct range expr_start_range(const struct expr *e)
{
    switch (e->kind) {
    case EXPR_TUPLE: return e->tuple.open_range;
    case EXPR_OBJECT: return e->object.open_range;
    case EXPR_FOR: return e->for_.open_range;
    case EXPR_CALL: return range_between(e->call.name_range, e->call.open_range);
    case EXPR_INDEX: return e->index.open_range;
    case EXPR_SPLAT: return e->splat.marker_range;
    case EXPR_UNARY: return e->unary.symbol_range;
    case EXPR_BINARY: return expr_start_range(e->binary.left);
    case EXPR_CONDITIONAL: return expr_start_range(e->conditional.condition);
    case EXPR_TEMPLATE:
        return e->template.part_count > 0 ? expr_start_range(e->template.parts[0]) : e->range;
    case EXPR_TEMPLATE_JOIN:
    case EXPR_PARENS: return expr_start_range(e->inner);
    case EXPR_LITERAL:
    case EXPR_TEMPLATE_WRAP:
    case EXPR_TRAVERSAL:
    case EXPR_RELATIVE_TRAVERSAL:
    case EXPR_SPLAT_ITEM:
    case EXPR_ERROR: return e->range;
    }
    return e->range;
}

const struct expr *expr_unparen(const struct expr *e)
{
    while (e->kind == EXPR_PARENS)
        e = e->inner;
    return e;
}

str expr_as_keyword(const struct expr *e)
{
    if (e->kind == EXPR_TRAVERSAL && e->traversal.step_count == 0)
        return e->traversal.root;
    if (e->kind == EXPR_LITERAL && !e->from_json && e->literal.kind == LITERAL_BOOL)
        return e->literal.boolean ? STR("true") : STR("false");
    if (e->kind == EXPR_LITERAL && !e->from_json && e->literal.kind == LITERAL_NULL)
        return STR("null");
    if (e->from_json && e->kind == EXPR_LITERAL && e->literal.kind == LITERAL_STRING &&
        hcl_is_identifier(e->literal.text))
        return e->literal.text;
    return (str){0};
}

bool expr_as_string_literal(const struct expr *e, str *out)
{
    if (e->kind == EXPR_TEMPLATE && e->template.part_count == 0) {
        *out = STR("");
        return true;
    }
    if (e->kind == EXPR_TEMPLATE && e->template.part_count == 1)
        e = e->template.parts[0];
    if (e->kind != EXPR_LITERAL || e->literal.kind != LITERAL_STRING)
        return false;
    *out = e->literal.text;
    return true;
}

const char *unary_op_symbol(enum unary_op op)
{
    return op == UNARY_NEGATE ? "-" : "!";
}

const char *binary_op_symbol(enum binary_op op)
{
    static const char *const symbols[] = {
        [BINARY_OR] = "||",        [BINARY_AND] = "&&",           [BINARY_EQUAL] = "==",
        [BINARY_NOT_EQUAL] = "!=", [BINARY_LESS] = "<",           [BINARY_LESS_EQUAL] = "<=",
        [BINARY_GREATER] = ">",    [BINARY_GREATER_EQUAL] = ">=", [BINARY_ADD] = "+",
        [BINARY_SUBTRACT] = "-",   [BINARY_MULTIPLY] = "*",       [BINARY_DIVIDE] = "/",
        [BINARY_MODULO] = "%",
    };
    return symbols[op];
}

static void walk_list(const struct expr *const *items, size_t count,
                      bool (*visit)(void *arg, const struct expr *e), void *arg)
{
    for (size_t i = 0; i < count; i++)
        expr_walk(items[i], visit, arg);
}

static void walk_if(const struct expr *e, bool (*visit)(void *arg, const struct expr *e), void *arg)
{
    if (e != NULL)
        expr_walk(e, visit, arg);
}

void expr_walk(const struct expr *e, bool (*visit)(void *arg, const struct expr *e), void *arg)
{
    const struct expr *children[4] = {NULL};
    if (!visit(arg, e))
        return;
    switch (e->kind) {
    case EXPR_LITERAL:
    case EXPR_TRAVERSAL:
    case EXPR_SPLAT_ITEM:
    case EXPR_ERROR: return;
    case EXPR_TEMPLATE: walk_list(e->template.parts, e->template.part_count, visit, arg); return;
    case EXPR_TUPLE: walk_list(e->tuple.items, e->tuple.count, visit, arg); return;
    case EXPR_CALL: walk_list(e->call.args, e->call.arg_count, visit, arg); return;
    case EXPR_OBJECT:
        for (size_t i = 0; i < e->object.count; i++) {
            expr_walk(e->object.items[i].key, visit, arg);
            expr_walk(e->object.items[i].value, visit, arg);
        }
        return;
    case EXPR_TEMPLATE_WRAP:
    case EXPR_TEMPLATE_JOIN:
    case EXPR_PARENS: children[0] = e->inner; break;
    case EXPR_FOR:
        children[0] = e->for_.collection;
        children[1] = e->for_.key;
        children[2] = e->for_.value;
        children[3] = e->for_.condition;
        break;
    case EXPR_RELATIVE_TRAVERSAL: children[0] = e->traversal.source; break;
    case EXPR_INDEX:
        children[0] = e->index.collection;
        children[1] = e->index.key;
        break;
    case EXPR_SPLAT:
        children[0] = e->splat.source;
        children[1] = e->splat.each;
        break;
    case EXPR_UNARY: children[0] = e->unary.operand; break;
    case EXPR_BINARY:
        children[0] = e->binary.left;
        children[1] = e->binary.right;
        break;
    case EXPR_CONDITIONAL:
        children[0] = e->conditional.condition;
        children[1] = e->conditional.if_true;
        children[2] = e->conditional.if_false;
        break;
    }
    for (size_t i = 0; i < ARRAY_SIZE(children); i++)
        walk_if(children[i], visit, arg);
}
