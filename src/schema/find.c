/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/internal.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/suggest.h"

static size_t count_rows(const struct opt *rows)
{
    size_t n = 0;
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++)
        n += o->kind == OPT_KIND_EMBED ? count_rows(o->opts) : 1;
    return n;
}

static void flatten_at(const struct opt *rows, size_t base, struct schema_rows *out)
{
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            flatten_at(o->opts, base + o->offset, out);
        else
            out->ptr[out->len++] = (struct schema_row){.opt = o, .offset = base + o->offset};
    }
}

void schema_flatten(struct arena *a, const struct opt *rows, struct schema_rows *out)
{
    if (rows == NULL)
        return;
    out->cap = count_rows(rows);
    out->ptr = arena_new_array(a, struct schema_row, out->cap);
    flatten_at(rows, 0, out);
}

struct schema_row *schema_rows_find(const struct schema_rows *rows, str name)
{
    VEC_EACH (row, rows)
        if (str_eqz(name, row->opt->name))
            return row;
    return NULL;
}

const struct opt *schema_find(const struct opt *rows, const char *name)
{
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        const struct opt *found = o->kind == OPT_KIND_EMBED    ? schema_find(o->opts, name)
                                  : strcmp(o->name, name) == 0 ? o
                                                               : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}

static const struct block *find_block(const struct body *body, str name)
{
    for (size_t i = 0; i < body->block_count; i++) {
        const struct block *b = &body->blocks[i];
        if (str_eq(b->type, name))
            return b;
        if (str_eqz(b->type, "dynamic") && b->label_count == 1 && str_eq(b->labels[0].value, name))
            return b;
    }
    return NULL;
}

bool schema_is_set(const struct body *body, const char *name)
{
    return body_find_attr(body, str_from(name)) != NULL || find_block(body, str_from(name)) != NULL;
}

struct range schema_range(const struct body *body, const char *name)
{
    const struct attribute *attr = body_find_attr(body, str_from(name));
    if (attr != NULL)
        return attr->expr->range;
    const struct block *b = find_block(body, str_from(name));
    return b != NULL ? block_header_range(b) : body->missing_item_range;
}

struct range schema_item_range(const struct body *body, const char *name, size_t index,
                               size_t count)
{
    const struct attribute *attr = body_find_attr(body, str_from(name));
    bool is_written = attr != NULL && attr->expr->kind == EXPR_TUPLE &&
                      attr->expr->tuple.count == count && index < count;
    return is_written ? attr->expr->tuple.items[index]->range : schema_range(body, name);
}

struct range schema_nested_range(const struct body *body, const char *type, size_t index,
                                 size_t count, const char *name)
{
    const struct block *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < body->block_count; i++)
        if (str_eqz(body->blocks[i].type, type) && n++ == index)
            found = &body->blocks[i];
    if (found == NULL || n != count) /* some of them are generated */
        return schema_range(body, type);
    if (name != NULL && schema_is_set(found->body, name))
        return schema_range(found->body, name);
    return block_header_range(found);
}

bool schema_error_at(struct error **err, const struct body *body, struct range fallback)
{
    const char *names = body != NULL ? error_first_option(*err) : NULL;
    str rest = names != NULL ? str_from(names) : STR("");
    while (rest.len > 0) {
        AUTO(strbuf) struct strbuf name = STRBUF_INIT;
        strbuf_addstr(&name, str_split(&rest, ' '));
        if (schema_is_set(body, name.buf))
            return error_at(err, schema_range(body, name.buf));
    }
    return fallback.file != NULL ? error_at(err, fallback) : false;
}

/* Diagnostics about names. */

static const char *did_you_mean(struct arena *a, const struct schema_rows *rows, str name,
                                bool blocks)
{
    struct suggest s;
    suggest_init(&s, name);
    VEC_EACH (row, rows)
        if (schema_is_block(row->opt) == blocks && !(row->opt->flags & OPT_LABEL))
            suggest_offer(&s, str_from(row->opt->name));
    return suggest_text(a, &s);
}

static bool unknown_argument(struct arena *a, const struct schema_rows *rows,
                             const struct attribute *attr, struct diags *diags)
{
    const struct schema_row *row = schema_rows_find(rows, attr->name);
    if (row != NULL && schema_is_block(row->opt))
        return diags_error(diags, attr->name_range, "Unsupported argument",
                           "An argument named \"%.*s\" is not expected here. Did you mean to "
                           "define a block of type \"%.*s\"?",
                           STR_FMT(attr->name), STR_FMT(attr->name));
    return diags_error(diags, attr->name_range, "Unsupported argument",
                       "An argument named \"%.*s\" is not expected here.%s", STR_FMT(attr->name),
                       did_you_mean(a, rows, attr->name, false));
}

static bool unknown_block(struct arena *a, const struct schema_rows *rows, str type,
                          struct range range, struct diags *diags)
{
    const struct schema_row *row = schema_rows_find(rows, type);
    if (row != NULL && schema_is_argument(row->opt))
        return diags_error(diags, range, "Unsupported block type",
                           "Blocks of type \"%.*s\" are not expected here. Did you mean to define "
                           "argument \"%.*s\"? If so, use the equals sign to assign it a value.",
                           STR_FMT(type), STR_FMT(type));
    return diags_error(diags, range, "Unsupported block type",
                       "Blocks of type \"%.*s\" are not expected here.%s", STR_FMT(type),
                       did_you_mean(a, rows, type, true));
}

static bool is_known_block(const struct schema_rows *rows, str type)
{
    const struct schema_row *row = schema_rows_find(rows, type);
    return row != NULL && schema_is_block(row->opt);
}

static bool has_blocks(const struct schema_rows *rows)
{
    VEC_EACH (row, rows)
        if (schema_is_block(row->opt))
            return true;
    return false;
}

static bool check_block_name(const struct schema_rows *rows, const struct block *b, struct arena *a,
                             struct diags *diags)
{
    if (!str_eqz(b->type, "dynamic") || !has_blocks(rows))
        return is_known_block(rows, b->type) ||
               unknown_block(a, rows, b->type, b->type_range, diags);
    if (b->label_count != 1)
        return diags_error(diags, b->open_range, "Missing label for dynamic",
                           "A dynamic block has one label: the type of block to generate.");
    return is_known_block(rows, b->labels[0].value) ||
           unknown_block(a, rows, b->labels[0].value, b->labels[0].range, diags);
}

bool schema_check_row_names(const struct body *body, const struct schema_rows *rows,
                            struct arena *a, struct diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < body->attr_count; i++) {
        const struct attribute *attr = &body->attrs[i];
        const struct schema_row *row = schema_rows_find(rows, attr->name);
        /* JSON syntax cannot tell blocks from arguments; "//" is its comment. */
        if (attr->json != NULL &&
            (str_eqz(attr->name, "//") || (row != NULL && schema_is_block(row->opt)) ||
             (str_eqz(attr->name, "dynamic") && has_blocks(rows))))
            continue;
        if (row == NULL || !schema_is_argument(row->opt))
            ok = unknown_argument(a, rows, attr, diags);
    }
    for (size_t i = 0; i < body->block_count; i++)
        ok &= check_block_name(rows, &body->blocks[i], a, diags);
    return ok;
}

bool schema_check_names(const struct body *body, const struct opt *opts, struct arena *a,
                        struct diags *diags)
{
    struct schema_rows rows = {0};
    schema_flatten(a, opts, &rows);
    return schema_check_row_names(body, &rows, a, diags);
}
