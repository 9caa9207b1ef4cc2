/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/json_read.h"
#include "hcl/parse.h"
#include "hcl/vecs.h"

DEFINE_ARENA_VEC(json_properties, const struct json_member *);

/* --- expressions --- */

static unsigned short taller(unsigned short height, const struct expr *child)
{
    return MAX(height, (unsigned short)(child->height + 1));
}

static struct expr *string_expr(struct arena *a, str text, struct range range)
{
    struct expr *e = arena_new_object(a, struct expr);
    *e = (struct expr){.kind = EXPR_LITERAL, .height = 1, .from_json = true, .range = range};
    e->literal = (struct literal){.kind = LITERAL_STRING, .text = text};
    return e;
}

static const struct expr *json_expr(struct arena *a, const struct json_node *n);

static void fill_tuple(struct arena *a, struct expr *e, const struct json_node *n)
{
    const struct expr **items = arena_new_array(a, const struct expr *, n->count);
    for (size_t i = 0; i < n->count; i++) {
        items[i] = json_expr(a, n->items[i]);
        e->height = taller(e->height, items[i]);
    }
    e->kind = EXPR_TUPLE;
    e->tuple.items = items;
    e->tuple.count = n->count;
    e->tuple.open_range = n->open_range;
}

static void fill_object(struct arena *a, struct expr *e, const struct json_node *n)
{
    struct object_item *items = arena_new_array(a, struct object_item, n->count);
    for (size_t i = 0; i < n->count; i++) {
        const struct json_member *m = &n->members[i];
        items[i].key = string_expr(a, m->name, m->name_range);
        items[i].value = json_expr(a, m->value);
        e->height = taller(e->height, items[i].value);
    }
    e->kind = EXPR_OBJECT;
    e->height = MAX(e->height, (unsigned short)2);
    e->object.items = items;
    e->object.count = n->count;
    e->object.open_range = n->open_range;
}

/* A JSON value as an expression; strings stay text until they are evaluated. */
static const struct expr *json_expr(struct arena *a, const struct json_node *n)
{
    struct expr *e = string_expr(a, n->text, n->range);
    e->from_json = n->kind == JSON_IS_STRING;
    switch (n->kind) {
    case JSON_IS_STRING: break;
    case JSON_IS_NUMBER: e->literal.kind = LITERAL_NUMBER; break;
    case JSON_IS_NULL: e->literal.kind = LITERAL_NULL; break;
    case JSON_IS_BOOL:
        e->literal.kind = LITERAL_BOOL;
        e->literal.boolean = n->boolean;
        break;
    case JSON_IS_ARRAY: fill_tuple(a, e, n); break;
    case JSON_IS_OBJECT: fill_object(a, e, n); break;
    }
    return e;
}

/* --- bodies --- */

static void push_members(struct arena *a, const struct json_node *n, struct json_properties *out)
{
    for (size_t i = 0; i < n->count; i++)
        json_properties_push(a, out, &n->members[i]);
}

/* The properties of an object, or of all objects of a list; null has none.
 * WHAT says in messages what they are for. */
static void collect_properties(struct arena *a, const struct json_node *n, const char *what,
                               struct json_properties *out, struct diags *d)
{
    if (n->kind == JSON_IS_OBJECT) {
        push_members(a, n, out);
    } else if (n->kind == JSON_IS_ARRAY) {
        for (size_t i = 0; i < n->count; i++) {
            if (n->items[i]->kind == JSON_IS_OBJECT)
                push_members(a, n->items[i], out);
            else
                diags_error(d, n->items[i]->range, "Incorrect JSON value type",
                            "A JSON object must be here, for %s.", what);
        }
    } else if (n->kind != JSON_IS_NULL) {
        diags_error(d, n->range, "Incorrect JSON value type",
                    "A JSON object, or a list of objects, must be here, for %s.", what);
    }
}

/* The value could be one or more blocks, which may be given repeatedly. */
static bool may_be_blocks(const struct json_node *n)
{
    if (n->kind == JSON_IS_OBJECT || n->kind == JSON_IS_NULL)
        return true;
    for (size_t i = 0; n->kind == JSON_IS_ARRAY && i < n->count; i++) {
        if (n->items[i]->kind != JSON_IS_OBJECT)
            return false;
    }
    return n->kind == JSON_IS_ARRAY;
}

static const struct attribute *find_duplicate(const struct attributes *attrs,
                                              const struct json_member *m)
{
    if (may_be_blocks(m->value) || attrs->len > 1000)
        return NULL;
    VEC_EACH (attr, attrs) {
        if (str_eq(attr->name, m->name) && !may_be_blocks(attr->json))
            return attr;
    }
    return NULL;
}

static void add_property(struct arena *a, const struct json_member *m, struct attributes *attrs,
                         struct diags *d)
{
    if (str_eqz(m->name, "//"))
        return; /* a comment */
    const struct attribute *first = find_duplicate(attrs, m);
    if (first != NULL) {
        diags_error(d, m->name_range, "Duplicate argument",
                    "The argument \"%.*s\" was set already at %s. Remove one of the two.",
                    STR_FMT(m->name), source_range_text(a, first->name_range));
        return;
    }
    attributes_push(a, attrs,
                    (struct attribute){.name = m->name,
                                       .expr = json_expr(a, m->value),
                                       .range = range_between(m->name_range, m->value->range),
                                       .name_range = m->name_range,
                                       .equals_range = range_end(m->name_range),
                                       .json = m->value});
}

static const struct body *json_body(struct arena *a, const struct json_node *n, struct diags *d)
{
    struct json_properties properties = {0};
    struct attributes attrs = {0};
    collect_properties(a, n, "arguments and blocks", &properties, d);
    VEC_EACH (m, &properties)
        add_property(a, *m, &attrs, d);
    struct body *b = arena_new_object(a, struct body);
    b->attrs = attrs.ptr;
    b->attr_count = attrs.len;
    b->range = n->range;
    b->end_range = range_end(n->range);
    b->missing_item_range = n->kind == JSON_IS_OBJECT  ? n->close_range
                            : n->kind == JSON_IS_ARRAY ? n->open_range
                                                       : n->range;
    b->is_json = true;
    return b;
}

/* --- blocks --- */

/* Labels are levels of objects around the contents of a block. */
struct unpack {
    struct arena *arena;
    struct diags *diags;
    struct blocks *out;
    const struct attribute *attr;
    size_t label_count;
    struct block_label *labels; /* those found so far */
};

static void push_block(struct unpack *u, const struct json_node *n)
{
    size_t bytes = u->label_count * sizeof(*u->labels);
    struct block b = {.type = u->attr->name, .type_range = u->attr->name_range};
    b.labels = bytes == 0 ? NULL : arena_memdup(u->arena, u->labels, bytes);
    b.label_count = u->label_count;
    b.body = json_body(u->arena, n, u->diags);
    b.open_range = n->kind == JSON_IS_OBJECT ? n->open_range : n->range;
    b.close_range = n->kind == JSON_IS_OBJECT ? n->close_range : n->range;
    blocks_push(u->arena, u->out, b);
}

static void unpack_contents(struct unpack *u, const struct json_node *n)
{
    if (n->kind == JSON_IS_OBJECT)
        push_block(u, n);
    else if (n->kind == JSON_IS_ARRAY)
        for (size_t i = 0; i < n->count; i++)
            push_block(u, n->items[i]);
    else if (n->kind != JSON_IS_NULL)
        diags_error(u->diags, n->range, "Incorrect JSON value type",
                    "A JSON object, or a list of objects, must be here, for the contents of "
                    "\"%.*s\".",
                    STR_FMT(u->attr->name));
}

static void unpack_labels(struct unpack *u, const struct json_node *n, size_t level)
{
    struct json_properties properties = {0};
    if (level == u->label_count) {
        unpack_contents(u, n);
        return;
    }
    collect_properties(u->arena, n, "the labels of this block", &properties, u->diags);
    if (properties.len == 0)
        diags_error(u->diags, n->range, "Missing block label",
                    "A block \"%.*s\" needs %zu label%s: each is the name of a property around its "
                    "contents.",
                    STR_FMT(u->attr->name), u->label_count, u->label_count == 1 ? "" : "s");
    VEC_EACH (m, &properties) {
        u->labels[level] = (struct block_label){(*m)->name, (*m)->name_range};
        unpack_labels(u, (*m)->value, level + 1);
    }
}

const struct block *body_find_blocks(struct arena *a, const struct body *b, str type,
                                     size_t label_count, struct diags *d, size_t *out_count)
{
    struct blocks found = {0};
    struct unpack u = {.arena = a, .diags = d, .out = &found, .label_count = label_count};
    u.labels = arena_new_array(a, struct block_label, label_count + 1);
    for (size_t i = 0; b->is_json && i < b->attr_count; i++) {
        u.attr = &b->attrs[i];
        if (u.attr->json != NULL && str_eq(u.attr->name, type))
            unpack_labels(&u, u.attr->json, 0);
    }
    for (size_t i = 0; i < b->block_count; i++) {
        if (str_eq(b->blocks[i].type, type))
            blocks_push(a, &found, b->blocks[i]);
    }
    *out_count = found.len;
    return found.ptr;
}

bool hcl_parse_json_file(struct arena *a, struct source_file *f, struct diags *d,
                         const struct body **out)
{
    static const struct json_node nothing = {.kind = JSON_IS_NULL};
    size_t before = d->errors;
    const struct json_node *n = json_read_source(a, f, d);
    if (n != NULL && n->kind != JSON_IS_OBJECT && n->kind != JSON_IS_ARRAY) {
        diags_error(d, n->range, "Root value must be object",
                    "A file in JSON syntax is one JSON object with the blocks and arguments as its "
                    "properties.");
        n = NULL;
    }
    *out = json_body(a, n == NULL ? &nothing : n, d);
    return d->errors == before;
}
