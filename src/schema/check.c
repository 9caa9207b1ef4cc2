/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/internal.h"

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
