/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/dynamic.h"

#include "hcl/convert.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/value.h"

struct expansion {
    const struct block *dynamic;
    str type;
    size_t label_count;
    const char *iterator;
    const struct block *content;
    const struct scope *scope;
    struct arena *a;
    struct diags *diags;
};

static const struct opt dynamic_rows[] = {
    {.name = "for_each", .kind = OPT_KIND_VALUE_JSON},
    {.name = "iterator", .kind = OPT_KIND_VALUE_JSON},
    {.name = "labels", .kind = OPT_KIND_VALUE_JSON},
    {.name = "content", .kind = OPT_KIND_BLOCKS},
    OPT_END,
};

static bool find_content(struct expansion *x)
{
    size_t n = 0;
    const struct block *blocks =
        body_find_blocks(x->a, x->dynamic->body, STR("content"), 0, x->diags, &n);
    if (n == 0)
        return diags_error(x->diags, x->dynamic->body->missing_item_range,
                           "Missing dynamic content block",
                           "A dynamic block must have a nested block of type \"content\" to "
                           "describe the body of each generated block.");
    if (n > 1)
        return diags_error(x->diags, block_header_range(&blocks[1]),
                           "Extraneous dynamic content block",
                           "Only one nested \"content\" block is allowed for each dynamic block.");
    x->content = &blocks[0];
    return true;
}

static bool find_iterator(struct expansion *x)
{
    x->iterator = str_dup(x->a, x->type);
    const struct attribute *attr = body_find_attr(x->dynamic->body, STR("iterator"));
    if (attr == NULL)
        return true;
    str name = expr_as_keyword(attr->expr);
    if (name.ptr == NULL)
        return diags_error(x->diags, attr->expr->range, "Invalid dynamic iterator name",
                           "Dynamic iterator must be a single variable name.");
    x->iterator = str_dup(x->a, name);
    return true;
}

static bool eval_for_each(struct expansion *x, value *out)
{
    const struct attribute *attr = body_find_attr(x->dynamic->body, STR("for_each"));
    if (attr == NULL)
        return diags_error(x->diags, x->dynamic->body->missing_item_range,
                           "Missing required argument",
                           "The argument \"for_each\" is required, but no definition was found.");
    if (!eval_expr(attr->expr, x->scope, x->a, out, x->diags))
        return false;
    if (value_is_null(*out))
        return diags_error(x->diags, attr->expr->range, "Invalid dynamic for_each value",
                           "Cannot use a null value in for_each.");
    if (!value_is_known(*out))
        return true;
    if (!value_is_list_like(*out) && !value_is_map_like(*out))
        return diags_error(x->diags, attr->expr->range, "Invalid dynamic for_each value",
                           "Cannot use a %s value in for_each. An iterable collection is required.",
                           type_friendly_name(x->a, out->type));
    return true;
}

static const struct scope *iteration_scope(struct expansion *x, value key, value val)
{
    struct value_entry *entries = arena_new_array(x->a, struct value_entry, 2);
    entries[0] = (struct value_entry){.key = STR("key"), .val = key};
    entries[1] = (struct value_entry){.key = STR("value"), .val = val};
    struct scope *scope = scope_new(x->a, x->scope);
    scope_set(x->a, scope, x->iterator, value_object(x->a, entries, 2));
    return scope;
}

/* labels = [...] of one generated block. */
static bool eval_labels(struct expansion *x, const struct scope *scope, struct block *block)
{
    const struct attribute *attr = body_find_attr(x->dynamic->body, STR("labels"));
    value v = value_dynamic();
    size_t count = 0;
    if (attr != NULL) {
        if (!eval_expr_as(attr->expr, &type_list_string, scope, x->a, &v, x->diags))
            return false;
        if (!value_is_wholly_known(v) || value_is_null(v))
            return diags_error(x->diags, attr->expr->range, "Invalid dynamic block label",
                               "Labels of a dynamic block must be known and not null.");
        count = value_len(v);
    }
    struct range place = attr != NULL ? attr->expr->range : x->dynamic->body->missing_item_range;
    if (count != x->label_count)
        return diags_error(x->diags, place, "Invalid dynamic block labels",
                           "A \"%.*s\" block needs %zu labels, but %zu are given.",
                           STR_FMT(x->type), x->label_count, count);
    struct block_label *labels = arena_new_array(x->a, struct block_label, count);
    for (size_t i = 0; i < count; i++) {
        value label = value_at(v, i);
        if (value_is_null(label))
            return diags_error(x->diags, place, "Invalid dynamic block label",
                               "Cannot use a null value as a dynamic block label.");
        labels[i] = (struct block_label){.value = value_as_str(label), .range = place};
    }
    block->labels = labels;
    block->label_count = count;
    return true;
}

static bool expand_one(struct expansion *x, value key, value val, struct schema_blocks *out)
{
    const struct scope *scope = iteration_scope(x, key, val);
    struct block *block = arena_new_object(x->a, struct block);
    *block = (struct block){
        .type = x->type,
        .body = x->content->body,
        .type_range = block_header_range(x->dynamic),
        .open_range = x->content->open_range,
        .close_range = x->content->close_range,
    };
    if (!eval_labels(x, scope, block))
        return false;
    schema_blocks_push(x->a, out, (struct schema_block){block, scope});
    return true;
}

static bool expand(const struct block *dynamic, str type, size_t label_count,
                   const struct scope *scope, struct arena *a, struct schema_blocks *out,
                   struct diags *diags)
{
    struct expansion x = {.dynamic = dynamic,
                          .type = type,
                          .label_count = label_count,
                          .scope = scope,
                          .a = a,
                          .diags = diags};
    value each;
    if (!schema_check_names(dynamic->body, dynamic_rows, a, diags) || !find_content(&x) ||
        !find_iterator(&x) || !eval_for_each(&x, &each))
        return false;
    /* As HCL does it: one block stands for those that are not known yet. */
    if (!value_is_known(each))
        return expand_one(&x, value_dynamic(), value_dynamic(), out);
    bool ok = true;
    for (size_t i = 0; i < value_len(each); i++) {
        value val = value_at(each, i);
        value key = value_is_map_like(each)        ? value_string(a, value_key_at(each, i))
                    : value_kind(each) == TYPE_SET ? val
                                                   : value_int(a, (int64_t)i);
        ok &= expand_one(&x, key, val, out);
    }
    return ok;
}

static bool check_label_count(const struct block *b, size_t want, struct diags *diags)
{
    if (b->label_count < want)
        return diags_error(diags, b->open_range,
                           arena_fmt(diags->arena, "Missing type for %.*s", STR_FMT(b->type)),
                           "All \"%.*s\" blocks must have %zu labels.", STR_FMT(b->type), want);
    if (b->label_count > want)
        return diags_error(diags, b->labels[want].range,
                           arena_fmt(diags->arena, "Extraneous label for %.*s", STR_FMT(b->type)),
                           "A \"%.*s\" block has %zu labels.", STR_FMT(b->type), want);
    return true;
}

static bool is_dynamic_of(const struct block *b, str type)
{
    return str_eqz(b->type, "dynamic") && b->label_count == 1 && str_eq(b->labels[0].value, type);
}

static bool find_json_blocks(const struct body *body, str type, size_t labels,
                             const struct scope *scope, struct arena *a, struct schema_blocks *out,
                             struct diags *diags)
{
    size_t before = diags->errors;
    size_t n = 0;
    const struct block *blocks = body_find_blocks(a, body, type, labels, diags, &n);
    for (size_t i = 0; i < n; i++)
        schema_blocks_push(a, out, (struct schema_block){&blocks[i], scope});
    if (body_find_attr(body, STR("dynamic")) == NULL && body->block_count == 0)
        return diags->errors == before;
    blocks = body_find_blocks(a, body, STR("dynamic"), 1, diags, &n);
    for (size_t i = 0; i < n; i++)
        if (is_dynamic_of(&blocks[i], type))
            expand(&blocks[i], type, labels, scope, a, out, diags);
    return diags->errors == before;
}

bool schema_find_blocks(const struct body *body, str type, size_t labels, const struct scope *scope,
                        struct arena *a, struct schema_blocks *out, struct diags *diags)
{
    if (body->is_json)
        return find_json_blocks(body, type, labels, scope, a, out, diags);
    bool ok = true;
    for (size_t i = 0; i < body->block_count; i++) {
        const struct block *b = &body->blocks[i];
        if (is_dynamic_of(b, type))
            ok &= expand(b, type, labels, scope, a, out, diags);
        else if (str_eq(b->type, type)) {
            ok &= check_label_count(b, labels, diags);
            if (b->label_count == labels)
                schema_blocks_push(a, out, (struct schema_block){b, scope});
        }
    }
    return ok;
}
