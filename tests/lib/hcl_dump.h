/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TESTS_LIB_HCL_DUMP_H
#define IMGFAC_TESTS_LIB_HCL_DUMP_H

/* Syntax trees as short text, without ranges: (+ 1 (* a.b 3)).  Two texts with
 * the same dump mean the same.  For tests and fuzz targets. */

#include "base/strbuf.h"
#include "hcl/ast.h"

static void dump_expr(struct strbuf *out, const struct expr *e);

static void dump_literal(struct strbuf *out, const struct literal *l)
{
    switch (l->kind) {
    case LITERAL_NULL: strbuf_adds(out, "null"); break;
    case LITERAL_BOOL: strbuf_adds(out, l->boolean ? "true" : "false"); break;
    case LITERAL_NUMBER: strbuf_addstr(out, l->text); break;
    case LITERAL_STRING: strbuf_add_json_quoted(out, l->text); break;
    }
}

static void dump_list(struct strbuf *out, const char *name, const struct expr *const *items,
                      size_t count)
{
    strbuf_addf(out, "(%s", name);
    for (size_t i = 0; i < count; i++) {
        strbuf_addc(out, ' ');
        dump_expr(out, items[i]);
    }
    strbuf_addc(out, ')');
}

static void dump_steps(struct strbuf *out, const struct expr *e)
{
    for (size_t i = 0; i < e->traversal.step_count; i++) {
        const struct traversal_step *s = &e->traversal.steps[i];
        if (s->kind == STEP_ATTR) {
            strbuf_addf(out, ".%.*s", STR_FMT(s->name));
            continue;
        }
        strbuf_addc(out, '[');
        dump_literal(out, &s->key);
        strbuf_addc(out, ']');
    }
}

static void dump_object(struct strbuf *out, const struct expr *e)
{
    strbuf_adds(out, "{");
    for (size_t i = 0; i < e->object.count; i++) {
        const struct object_item *item = &e->object.items[i];
        strbuf_adds(out, i > 0 ? " " : "");
        dump_expr(out, item->key);
        strbuf_adds(out, item->key_is_ambiguous ? "?=" : "=");
        dump_expr(out, item->value);
    }
    strbuf_adds(out, "}");
}

static void dump_for(struct strbuf *out, const struct expr *e)
{
    strbuf_addf(out, "(for %.*s,%.*s ", STR_FMT(e->for_.key_name), STR_FMT(e->for_.value_name));
    dump_expr(out, e->for_.collection);
    if (e->for_.key != NULL) {
        strbuf_adds(out, " key ");
        dump_expr(out, e->for_.key);
    }
    strbuf_adds(out, e->for_.is_grouping ? " group " : " value ");
    dump_expr(out, e->for_.value);
    if (e->for_.condition != NULL) {
        strbuf_adds(out, " if ");
        dump_expr(out, e->for_.condition);
    }
    strbuf_addc(out, ')');
}

static void dump_call(struct strbuf *out, const struct expr *e)
{
    char name[64];
    snprintf(name, sizeof(name), "call%s %.*s", e->call.expand_final ? "..." : "",
             (int)MIN(e->call.name.len, (size_t)40), e->call.name.ptr);
    dump_list(out, name, e->call.args, e->call.arg_count);
}

static void dump_expr(struct strbuf *out, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_LITERAL: dump_literal(out, &e->literal); break;
    case EXPR_TEMPLATE:
        dump_list(out, "template", e->template.parts, e->template.part_count);
        break;
    case EXPR_TEMPLATE_WRAP: dump_list(out, "wrap", &e->inner, 1); break;
    case EXPR_TEMPLATE_JOIN: dump_list(out, "join", &e->inner, 1); break;
    case EXPR_PARENS: dump_list(out, "parens", &e->inner, 1); break;
    case EXPR_TUPLE: dump_list(out, "tuple", e->tuple.items, e->tuple.count); break;
    case EXPR_OBJECT: dump_object(out, e); break;
    case EXPR_FOR: dump_for(out, e); break;
    case EXPR_CALL: dump_call(out, e); break;
    case EXPR_TRAVERSAL:
        strbuf_addstr(out, e->traversal.root);
        dump_steps(out, e);
        break;
    case EXPR_RELATIVE_TRAVERSAL:
        dump_list(out, "steps", &e->traversal.source, 1);
        dump_steps(out, e);
        break;
    case EXPR_INDEX:
        dump_list(out, "index", (const struct expr *[]){e->index.collection, e->index.key}, 2);
        break;
    case EXPR_SPLAT:
        dump_list(out, "splat", (const struct expr *[]){e->splat.source, e->splat.each}, 2);
        break;
    case EXPR_SPLAT_ITEM: strbuf_adds(out, "@"); break;
    case EXPR_UNARY: dump_list(out, unary_op_symbol(e->unary.op), &e->unary.operand, 1); break;
    case EXPR_BINARY:
        dump_list(out, binary_op_symbol(e->binary.op),
                  (const struct expr *[]){e->binary.left, e->binary.right}, 2);
        break;
    case EXPR_CONDITIONAL:
        dump_list(out, "?",
                  (const struct expr *[]){e->conditional.condition, e->conditional.if_true,
                                          e->conditional.if_false},
                  3);
        break;
    case EXPR_ERROR: strbuf_adds(out, "(error)"); break;
    }
}

/* name=value; type "label" {...} */
static ATTR_UNUSED void dump_body(struct strbuf *out, const struct body *b)
{
    for (size_t i = 0; i < b->attr_count; i++) {
        strbuf_addf(out, "%.*s=", STR_FMT(b->attrs[i].name));
        dump_expr(out, b->attrs[i].expr);
        strbuf_adds(out, "; ");
    }
    for (size_t i = 0; i < b->block_count; i++) {
        const struct block *block = &b->blocks[i];
        strbuf_addstr(out, block->type);
        for (size_t l = 0; l < block->label_count; l++) {
            strbuf_addc(out, ' ');
            strbuf_add_json_quoted(out, block->labels[l].value);
        }
        strbuf_adds(out, " {");
        dump_body(out, block->body);
        strbuf_adds(out, "} ");
    }
}

#endif
