/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan_internal.h"
#include "hcl/suggest.h"

#define O struct block_options

#define COMMON_ROWS                                                                                \
    OPT_STR(O, name, "name"), OPT_STRS(O, only, "only", .conflicts = "except"),                    \
        OPT_STRS(O, except, "except", .conflicts = "only")

const struct opt plan_provisioner_rows[] = {
    COMMON_ROWS,
    OPT_DUR(O, pause_before_ns, "pause_before", .min = "0s"),
    OPT_DUR(O, timeout_ns, "timeout", .min = "0s"),
    OPT_INT(O, max_retries, "max_retries", .min = "0", .max = "1000000"),
    OPT_BOOL(O, continue_on_error, "continue_on_error"),
    OPT_END,
};

const struct opt plan_post_processor_rows[] = {
    COMMON_ROWS,
    OPT_TRISTATE(O, keep_input_artifact, "keep_input_artifact"),
    OPT_END,
};

/* Two bodies like BODY: with the attributes that ROWS name, and with the others. */
static void split(struct arena *a, const struct body *body, const struct opt *rows,
                  struct body **common, struct body **own)
{
    struct attribute *in = arena_new_array(a, struct attribute, body->attr_count);
    struct attribute *out = arena_new_array(a, struct attribute, body->attr_count);
    size_t in_count = 0, out_count = 0;
    for (size_t i = 0; i < body->attr_count; i++) {
        const struct attribute *attr = &body->attrs[i];
        const char *name = str_dup(a, attr->name);
        if (schema_find(rows, name) != NULL)
            in[in_count++] = *attr;
        else if (!str_eqz(attr->name, "override"))
            out[out_count++] = *attr;
    }
    *common = arena_memdup(a, body, sizeof(*body));
    (*common)->attrs = in;
    (*common)->attr_count = in_count;
    (*common)->blocks = NULL;
    (*common)->block_count = 0;
    *own = arena_memdup(a, body, sizeof(*body));
    (*own)->attrs = out;
    (*own)->attr_count = out_count;
}

static bool contains(const struct opt_strings *list, const char *name)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->ptr[i], name) == 0)
            return true;
    return false;
}

struct scope *plan_block_scope(struct planning_use *u, const struct scope *parent)
{
    const struct template_build_values values = {.name =
                                                     u->build->name == NULL ? "" : u->build->name};
    if (u->scope == NULL || u->scope_parent != parent)
        u->scope =
            template_use_scope(u->p->a, parent, u->use->source->type, u->use->alias, &values);
    u->scope_parent = parent;
    return u->scope;
}

static bool is_unknown(const struct body *body, const struct scope *scope, struct diags *ignored)
{
    for (size_t i = 0; i < body->attr_count; i++) {
        value v;
        if (eval_expr(body->attrs[i].expr, scope, ignored->arena, &v, ignored) &&
            !value_is_wholly_known(v))
            return true;
    }
    for (size_t i = 0; i < body->block_count; i++)
        if (is_unknown(body->blocks[i].body, scope, ignored))
            return true;
    return false;
}

bool plan_is_unknown(const struct planning *p, const struct body *body, const struct scope *scope)
{
    bool is_read = true;
    VEC_EACH (d, &p->t->data)
        is_read &= value_is_wholly_known((*d)->val);
    if (is_read)
        return false;
    struct diags ignored;
    diags_init(&ignored, p->a);
    return is_unknown(body, scope, &ignored);
}

/* A known value as an expression, so that bodies can be put together from
 * values too. */
static const struct expr *value_expr(struct arena *a, value v, struct range range);

static const struct expr *list_expr(struct arena *a, value v, struct expr *e)
{
    size_t n = value_len(v);
    const struct expr **items = arena_new_array(a, const struct expr *, n);
    for (size_t i = 0; i < n; i++)
        items[i] = value_expr(a, value_at(v, i), e->range);
    e->kind = EXPR_TUPLE;
    e->tuple.items = items;
    e->tuple.count = n;
    e->tuple.open_range = e->range;
    return e;
}

static const struct expr *map_expr(struct arena *a, value v, struct expr *e)
{
    size_t n = value_len(v);
    struct object_item *items = arena_new_array(a, struct object_item, n);
    for (size_t i = 0; i < n; i++) {
        struct expr *key = arena_new_object(a, struct expr);
        key->kind = EXPR_LITERAL;
        key->range = e->range;
        key->literal = (struct literal){.kind = LITERAL_STRING, .text = value_key_at(v, i)};
        items[i] =
            (struct object_item){.key = key, .value = value_expr(a, value_at(v, i), e->range)};
    }
    e->kind = EXPR_OBJECT;
    e->object.items = items;
    e->object.count = n;
    e->object.open_range = e->range;
    return e;
}

static const struct expr *value_expr(struct arena *a, value v, struct range range)
{
    struct expr *e = arena_new_object(a, struct expr);
    e->range = range;
    if (value_is_present(v) && value_is_list_like(v))
        return list_expr(a, v, e);
    if (value_is_present(v) && value_is_map_like(v))
        return map_expr(a, v, e);
    e->kind = EXPR_LITERAL;
    if (!value_is_present(v))
        e->literal.kind = LITERAL_NULL;
    else if (value_is_string(v))
        e->literal = (struct literal){.kind = LITERAL_STRING, .text = value_as_str(v)};
    else if (value_kind(v) == TYPE_BOOL)
        e->literal = (struct literal){.kind = LITERAL_BOOL, .boolean = value_as_bool(v)};
    else
        e->literal = (struct literal){.kind = LITERAL_NUMBER,
                                      .text = str_from(number_str(a, value_as_number(v)))};
    return e;
}

/* Where `override = { NAME = { KEY = ... } }` is written out, the range of the
 * value of KEY; else that of the whole. */
static const struct expr *object_value(const struct expr *e, str key)
{
    e = e == NULL ? NULL : expr_unparen(e);
    for (size_t i = 0; e != NULL && e->kind == EXPR_OBJECT && i < e->object.count; i++) {
        str name;
        const struct object_item *item = &e->object.items[i];
        bool literal = item->key->kind == EXPR_LITERAL && item->key->literal.kind == LITERAL_STRING;
        if (literal)
            name = item->key->literal.text;
        if ((literal || expr_as_string_literal(item->key, &name)) && str_eq(name, key))
            return item->value;
    }
    return NULL;
}

static void set_attribute(struct arena *a, struct body *body, const struct attribute *attr)
{
    struct attribute *attrs = arena_new_array(a, struct attribute, body->attr_count + 1);
    size_t n = 0;
    for (size_t i = 0; i < body->attr_count; i++)
        if (!str_eq(body->attrs[i].name, attr->name))
            attrs[n++] = body->attrs[i];
    attrs[n++] = *attr;
    body->attrs = attrs;
    body->attr_count = n;
}

static bool merge_override(struct planning_use *u, const struct attribute *attr,
                           const struct scope *scope, struct body *own)
{
    struct arena *a = u->p->a;
    struct diags *diags = u->p->diags;
    value all, mine;
    if (!eval_expr(attr->expr, scope, a, &all, diags))
        return false;
    if (!value_is_present(all))
        return true;
    if (!value_is_map_like(all))
        return diags_error(diags, attr->expr->range, "Invalid override",
                           "A provisioner's override must be an object: { SOURCE = { ... } }.");
    if (!value_get(all, str_from(u->use->alias), &mine) || !value_is_present(mine))
        return true;
    const struct expr *written = object_value(attr->expr, str_from(u->use->alias));
    if (!value_is_map_like(mine))
        return diags_error(diags, written != NULL ? written->range : attr->expr->range,
                           "Invalid override", "The override of \"%s\" must be an object.",
                           u->use->alias);
    for (size_t i = 0; i < value_len(mine); i++) {
        str key = value_key_at(mine, i);
        const struct expr *e = object_value(written, key);
        struct range range = e != NULL ? e->range : attr->expr->range;
        const struct attribute changed = {.name = key,
                                          .expr = value_expr(a, value_at(mine, i), range),
                                          .range = range,
                                          .name_range = range,
                                          .equals_range = range};
        set_attribute(a, own, &changed);
    }
    return true;
}

/* Packer takes every name; one that is no source leaves the block out silently,
 * which is seldom meant. */
static void warn_unknown_names(struct planning_use *u, const struct body *common,
                               const char *option, const struct opt_strings *names)
{
    struct arena *a = u->p->a;
    for (size_t i = 0; i < names->len; i++) {
        struct suggest s;
        bool found = false;
        suggest_init(&s, str_from(names->ptr[i]));
        VEC_EACH (b, &u->p->t->builds)
            VEC_EACH (use, &b->uses) {
                const char *ref = arena_fmt(a, "%s.%s", use->source->type, use->alias);
                found |= strcmp(ref, names->ptr[i]) == 0;
                suggest_offer(&s, str_from(ref));
            }
        if (!found)
            diags_warning(u->p->diags, schema_item_range(common, option, i, names->len),
                          "Unknown source",
                          "\"%s\" is no source of a build of this template.%s Sources are named "
                          "TYPE.NAME here.",
                          names->ptr[i], suggest_text(a, &s));
    }
}

bool plan_split_block(struct planning_use *u, const struct template_block *block,
                      enum block_kind kind, struct block_options *out, const struct body **own)
{
    struct arena *a = u->p->a;
    struct body *common, *rest;
    bool provisioner = kind == BLOCK_PROVISIONER;
    const struct opt *rows = provisioner ? plan_provisioner_rows : plan_post_processor_rows;
    split(a, block->body, rows, &common, &rest);
    struct scope *scope = plan_block_scope(u, block->scope);
    bool ok = schema_decode(common, rows, scope, a, out, u->p->diags);
    if (u->p->t->legacy == NULL) {
        warn_unknown_names(u, common, "only", &out->only);
        warn_unknown_names(u, common, "except", &out->except);
    }
    out->is_skipped =
        (out->only.len > 0 && !contains(&out->only, u->ref)) || contains(&out->except, u->ref);
    const struct attribute *override = body_find_attr(block->body, STR("override"));
    if (override != NULL && provisioner)
        ok &= merge_override(u, override, scope, rest);
    *own = rest;
    return ok;
}
