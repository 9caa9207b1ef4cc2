/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/refs.h"

#include "hcl/diag.h"

/* Names bound by the `for`s around an expression, innermost first. */
struct bound {
    str key, value;
    const struct bound *outer;
};

struct collector {
    struct arena *arena;
    struct refs *out;
    const struct bound *bound;
};

static bool is_bound(const struct bound *b, str name)
{
    for (; b != NULL; b = b->outer) {
        if (str_eq(b->value, name) || (b->key.len > 0 && str_eq(b->key, name)))
            return true;
    }
    return false;
}

static bool collect(void *arg, const struct expr *e);

static void collect_for(struct collector *c, const struct expr *e)
{
    struct bound names = {e->for_.key_name, e->for_.value_name, c->bound};
    expr_walk(e->for_.collection, collect, c);
    c->bound = &names;
    if (e->for_.key != NULL)
        expr_walk(e->for_.key, collect, c);
    expr_walk(e->for_.value, collect, c);
    if (e->for_.condition != NULL)
        expr_walk(e->for_.condition, collect, c);
    c->bound = names.outer;
}

/* Mistakes in such a template are reported when it is evaluated. */
static void collect_json(struct collector *c, const struct expr *e)
{
    struct diags ignored;
    diags_init(&ignored, c->arena);
    const struct expr *parsed = expr_json_template(c->arena, e, &ignored);
    if (parsed != e)
        expr_walk(parsed, collect, c);
}

static bool collect(void *arg, const struct expr *e)
{
    struct collector *c = arg;
    if (e->kind == EXPR_TRAVERSAL && !is_bound(c->bound, e->traversal.root))
        refs_push(c->arena, c->out, e);
    if (e->kind == EXPR_LITERAL && e->from_json)
        collect_json(c, e);
    if (e->kind != EXPR_FOR)
        return true;
    collect_for(c, e);
    return false;
}

void expr_refs(struct arena *a, const struct expr *e, struct refs *out)
{
    struct collector c = {.arena = a, .out = out};
    expr_walk(e, collect, &c);
}

void body_refs(struct arena *a, const struct body *b, struct refs *out)
{
    for (size_t i = 0; i < b->attr_count; i++)
        expr_refs(a, b->attrs[i].expr, out);
    for (size_t i = 0; i < b->block_count; i++)
        body_refs(a, b->blocks[i].body, out);
}

str ref_step_name(const struct expr *ref, size_t i)
{
    if (i >= ref->traversal.step_count)
        return (str){0};
    const struct traversal_step *step = &ref->traversal.steps[i];
    if (step->kind == STEP_ATTR)
        return step->name;
    return step->key.kind == LITERAL_STRING ? step->key.text : (str){0};
}
