/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/internal.h"

#include "base/strbuf.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/eval.h"

bool schema_value_error(const struct schema_row *row, const struct scope *scope, struct arena *a,
                        struct diags *diags, const char *summary, const char *detail)
{
    struct diag *diag = diags_add(diags, DIAG_ERROR, row->range, summary, "%s", detail);
    if (row->expr != NULL && !(row->opt->flags & OPT_SENSITIVE))
        eval_add_values(a, scope, row->expr, diags, diag);
    return false;
}

static bool check_conflicts(const struct schema_rows *rows, const struct schema_row *row,
                            struct diags *diags)
{
    bool ok = true;
    str rest = str_from(row->opt->conflicts);
    while (rest.ptr != NULL) {
        str name = str_split(&rest, ' ');
        const struct schema_row *other = schema_rows_find(rows, name);
        /* Of a pair that names each other, the later one of the table tells. */
        bool told = other != NULL && other->opt->conflicts != NULL && other > row;
        if (other == NULL || !other->is_set || told)
            continue;
        ok = diags_error(diags, row->range, "Conflicting arguments",
                         "Only one of \"%s\" and \"%s\" may be set.", other->opt->name,
                         row->opt->name);
    }
    return ok;
}

static bool check_needs(const struct schema_rows *rows, const struct schema_row *row,
                        struct diags *diags)
{
    bool ok = true;
    str rest = str_from(row->opt->needs);
    while (rest.ptr != NULL) {
        str name = str_split(&rest, ' ');
        const struct schema_row *other = schema_rows_find(rows, name);
        if (other != NULL && !other->is_set)
            ok = diags_error(diags, row->range, "Missing required argument",
                             "\"%s\" must be set too when \"%s\" is.", other->opt->name,
                             row->opt->name);
    }
    return ok;
}

static bool check_missing(const struct body *body, const struct schema_row *row,
                          struct diags *diags)
{
    if (!(row->opt->flags & OPT_REQUIRED))
        return true;
    if (schema_is_block(row->opt))
        return diags_error(diags, body->missing_item_range, "Missing required block",
                           "A block of type \"%s\" is required.", row->opt->name);
    return diags_error(diags, body->missing_item_range, "Missing required argument",
                       "The argument \"%s\" is required, but no definition was found.",
                       row->opt->name);
}

static void warn_deprecated(const struct schema_row *row, struct diags *diags)
{
    if (row->opt->instead != NULL)
        diags_warning(diags, row->range, "Deprecated argument",
                      "\"%s\" is deprecated; use \"%s\" instead.", row->opt->name,
                      row->opt->instead);
    else
        diags_warning(diags, row->range, "Deprecated argument", "\"%s\" is deprecated.",
                      row->opt->name);
}

bool schema_check(const struct body *body, const struct schema_rows *rows,
                  const struct scope *scope, const void *config, struct arena *a,
                  struct diags *diags)
{
    bool ok = true;
    VEC_EACH (row, rows) {
        if (!row->is_set) {
            ok &= check_missing(body, row, diags);
            continue;
        }
        const char *why = NULL;
        if (row->has_value &&
            !schema_check_bounds(a, row->opt, (const char *)config + row->offset, &why))
            ok = schema_value_error(row, scope, a, diags, "Value out of range", why);
        if (row->opt->conflicts != NULL)
            ok &= check_conflicts(rows, row, diags);
        if (row->opt->needs != NULL)
            ok &= check_needs(rows, row, diags);
        if (row->opt->flags & OPT_DEPRECATED)
            warn_deprecated(row, diags);
    }
    return ok;
}

/* The part of EXPR that RANGE is about: one element of a written list, or all. */
static const struct expr *part_at(const struct expr *expr, struct range range)
{
    for (size_t i = 0; expr->kind == EXPR_TUPLE && i < expr->tuple.count; i++) {
        const struct range *item = &expr->tuple.items[i]->range;
        if (item->start <= range.start && range.end <= item->end)
            return expr->tuple.items[i];
    }
    return expr;
}

static bool is_within(struct range inner, struct range outer)
{
    return inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end;
}

/* The argument that DIAG is about, in BODY or one of its blocks. */
static const struct expr *find_subject(const struct body *body, const struct opt *rows,
                                       struct range subject)
{
    for (size_t i = 0; i < body->attr_count; i++) {
        const struct attribute *attr = &body->attrs[i];
        if (!is_within(subject, attr->expr->range))
            continue;
        AUTO(strbuf) struct strbuf name = STRBUF_INIT;
        strbuf_addstr(&name, attr->name);
        const struct opt *row = schema_find(rows, name.buf);
        bool is_open = row != NULL && !(row->flags & OPT_SENSITIVE);
        return is_open ? part_at(attr->expr, subject) : NULL;
    }
    for (size_t i = 0; i < body->block_count; i++) {
        AUTO(strbuf) struct strbuf type = STRBUF_INIT;
        strbuf_addstr(&type, body->blocks[i].type);
        const struct opt *row = schema_find(rows, type.buf);
        const struct expr *found = row != NULL && row->opts != NULL
                                       ? find_subject(body->blocks[i].body, row->opts, subject)
                                       : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}

void schema_add_values(const struct body *body, const struct opt *rows, const struct scope *scope,
                       struct arena *a, struct diags *diags, size_t from)
{
    for (size_t i = from; i < diags->list.len; i++) {
        struct diag *diag = diags->list.ptr[i];
        if (diag->values.len > 0 || diag->subject.file == NULL)
            continue;
        const struct expr *about = find_subject(body, rows, diag->subject);
        if (about != NULL)
            eval_add_values(a, scope, about, diags, diag);
    }
}
