/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/schema.h"

#include "base/redact.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "schema/dynamic.h"
#include "schema/internal.h"

struct decoding {
    const struct body *body;
    struct schema_rows rows;
    const struct scope *scope;
    struct arena *a;
    void *config;
    struct diags *diags;
};

/* The strings that are marked, or that lie in what is; ALL: every one.  In
 * ["-e", var.secret] the option itself is no secret. */
static void register_secrets(value v, bool all)
{
    if (!value_is_present(v))
        return;
    all = all || v.sensitive;
    if (value_is_string(v) && all)
        redact_register(value_as_str(v));
    else if (value_is_list_like(v) || value_is_map_like(v))
        for (size_t i = 0; i < value_len(v); i++)
            register_secrets(value_at(v, i), all);
}

/* `why` of conversions is a clause, that of choices and durations a sentence. */
static bool bad_value(struct decoding *d, const struct schema_row *row, const char *why)
{
    size_t len = strlen(why);
    bool is_sentence = len > 0 && (why[len - 1] == '.' || why[len - 1] == '?');
    const char *detail =
        arena_fmt(d->a, "Inappropriate value for %s\"%s\": %s%s", is_sentence ? "" : "attribute ",
                  row->opt->name, why, is_sentence ? "" : ".");
    return schema_value_error(row, d->scope, d->a, d->diags,
                              is_sentence ? "Invalid value" : "Incorrect attribute value type",
                              detail);
}

static bool decode_attr(struct decoding *d, struct schema_row *row, const struct attribute *attr)
{
    const struct opt *o = row->opt;
    value v;
    row->expr = attr->expr;
    row->range = attr->expr->range;
    row->is_set = true; /* also when it cannot be evaluated: no second error about it */
    if (!eval_expr(attr->expr, d->scope, d->a, &v, d->diags))
        return false;
    if (value_is_null(v)) {
        row->is_set = false;
        return true;
    }
    if (!value_is_wholly_known(v))
        return true;
    bool is_plain_text = (o->flags & OPT_SENSITIVE) && o->kind == OPT_KIND_STRING;
    register_secrets(v, (o->flags & OPT_SENSITIVE) && !is_plain_text);
    const char *why = "this value cannot be used";
    if (!schema_set_value(d->a, o, schema_field(row, d->config), v, &why))
        return bad_value(d, row, why);
    row->has_value = true;
    return true;
}

/* A password that stands in the open in the same block (ssh_username =
 * ssh_password = "ubuntu"), or that has one to three characters, is no secret;
 * hiding it would black out half of what is printed.  What the user marks as
 * sensitive is always hidden. */
static bool is_public(const struct decoding *d, const char *text)
{
    if (strlen(text) < 4)
        return true;
    VEC_EACH (row, &d->rows) {
        if (row->opt->kind != OPT_KIND_STRING || (row->opt->flags & OPT_SENSITIVE))
            continue;
        const char *other = *(const char **)schema_field(row, d->config);
        if (other != NULL && strcmp(other, text) == 0)
            return true;
    }
    return false;
}

static void register_passwords(const struct decoding *d)
{
    VEC_EACH (row, &d->rows) {
        if (row->opt->kind != OPT_KIND_STRING || !(row->opt->flags & OPT_SENSITIVE))
            continue;
        const char *text = *(const char **)schema_field(row, d->config);
        if (row->is_set && text != NULL && !is_public(d, text))
            redact_register(str_from(text));
    }
}

static bool decode_attrs(struct decoding *d)
{
    bool ok = true;
    for (size_t i = 0; i < d->body->attr_count; i++) {
        const struct attribute *attr = &d->body->attrs[i];
        struct schema_row *row = schema_rows_find(&d->rows, attr->name);
        if (row != NULL && schema_is_argument(row->opt))
            ok &= decode_attr(d, row, attr);
    }
    return ok;
}

static size_t count_labels(const struct opt *rows)
{
    size_t n = 0;
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++)
        n += (o->flags & OPT_LABEL) ? 1 : 0;
    return n;
}

static void set_labels(struct arena *a, const struct opt *rows, const struct block *b, void *config)
{
    size_t i = 0;
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++)
        if (o->flags & OPT_LABEL)
            *(const char **)((char *)config + o->offset) = str_dup(a, b->labels[i++].value);
}

static bool decode_block(struct decoding *d, const struct opt *o, const struct schema_block *b,
                         void *config)
{
    bool ok = schema_decode(b->block->body, o->opts, b->scope, d->a, config, d->diags);
    set_labels(d->a, o->opts, b->block, config);
    return ok;
}

static bool decode_one_block(struct decoding *d, struct schema_row *row,
                             const struct schema_blocks *found)
{
    bool ok = true;
    if (found->len > 1)
        ok = diags_error(d->diags, block_header_range(found->ptr[1].block), "Duplicate block",
                         "Only one \"%s\" block is allowed.", row->opt->name);
    void *config = arena_alloc_array(d->a, 1, row->opt->elem_size);
    ok &= decode_block(d, row->opt, &found->ptr[0], config);
    *(void **)schema_field(row, d->config) = config;
    return ok;
}

static bool decode_many_blocks(struct decoding *d, struct schema_row *row,
                               const struct schema_blocks *found)
{
    bool ok = true;
    struct opt_blocks *out = schema_field(row, d->config);
    out->len = found->len;
    out->ptr = arena_alloc_array(d->a, found->len, row->opt->elem_size);
    for (size_t i = 0; i < found->len; i++)
        ok &= decode_block(d, row->opt, &found->ptr[i], (char *)out->ptr + i * row->opt->elem_size);
    return ok;
}

static bool decode_blocks(struct decoding *d, struct schema_row *row)
{
    if (row->opt->opts == NULL) {
        row->is_set = schema_is_set(d->body, row->opt->name);
        row->range = schema_range(d->body, row->opt->name);
        return true;
    }
    struct schema_blocks found = {0};
    bool ok = schema_find_blocks(d->body, str_from(row->opt->name), count_labels(row->opt->opts),
                                 d->scope, d->a, &found, d->diags);
    if (found.len == 0)
        return ok;
    row->is_set = true;
    row->range = block_header_range(found.ptr[0].block);
    if (row->opt->kind == OPT_KIND_BLOCK)
        return decode_one_block(d, row, &found) && ok;
    return decode_many_blocks(d, row, &found) && ok;
}

bool schema_decode(const struct body *body, const struct opt *opts, const struct scope *scope,
                   struct arena *a, void *config, struct diags *diags)
{
    struct decoding d = {.body = body, .scope = scope, .a = a, .config = config, .diags = diags};
    schema_flatten(a, opts, &d.rows);
    schema_set_defaults(a, &d.rows, config);
    bool ok = schema_check_row_names(body, &d.rows, a, diags);
    ok &= decode_attrs(&d);
    register_passwords(&d);
    VEC_EACH (row, &d.rows)
        if (schema_is_block(row->opt))
            ok &= decode_blocks(&d, row);
    return schema_check(body, &d.rows, scope, config, a, diags) && ok;
}
