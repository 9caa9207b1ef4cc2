/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SCHEMA_INTERNAL_H
#define IMGFAC_SCHEMA_INTERNAL_H

/* What the files of schema/ share: rows with embedded tables laid flat, and
 * the storing of one value in one field.  Not for other modules, but for
 * cli/opt.c, which fills fields from words of the command line. */

#include "base/vec.h"
#include "hcl/value.h"
#include "schema/schema.h"

/* A row and the struct its field lies in. */
struct schema_row {
    const struct opt *opt;
    size_t offset;           /* of the field within the outermost struct */
    bool is_set;             /* by the body */
    bool has_value;          /* known and of the right type: the field is not the default */
    struct range range;      /* of the expression or block that set it */
    const struct expr *expr; /* that set it; NULL: a block, or not set */
};
DEFINE_ARENA_VEC(schema_rows, struct schema_row);

void schema_flatten(struct arena *a, const struct opt *rows, struct schema_rows *out);
struct schema_row *schema_rows_find(const struct schema_rows *rows, str name);
static inline void *schema_field(const struct schema_row *row, void *config)
{
    return (char *)config + row->offset;
}
static inline bool schema_is_block(const struct opt *o)
{
    return o->kind == OPT_KIND_BLOCK || o->kind == OPT_KIND_BLOCKS;
}
/* Neither block nor label: may stand as NAME = VALUE. */
static inline bool schema_is_argument(const struct opt *o)
{
    return !schema_is_block(o) && !(o->flags & OPT_LABEL);
}

/* Store V, known and not null, in FIELD.  False with *WHY ("a number is
 * required"); then the field is as it was. */
bool schema_set_value(struct arena *a, const struct opt *o, void *field, value v, const char **why);
/* Store the text of a scalar: INT, SIZE, DURATION, ENUM, STRING, BOOL. */
bool schema_set_text(struct arena *a, const struct opt *o, void *field, str text, const char **why);
void schema_set_default(struct arena *a, const struct opt *o, void *field);
/* schema_defaults() and schema_check_names() over rows laid flat already. */
void schema_set_defaults(struct arena *a, const struct schema_rows *rows, void *config);
bool schema_check_row_names(const struct body *body, const struct schema_rows *rows,
                            struct arena *a, struct diags *diags);
/* "ssh, winrm or none". */
const char *schema_choices_text(struct arena *a, const struct opt_choice *choices);
/* Minimum, maximum; *WHY as above. */
bool schema_check_bounds(struct arena *a, const struct opt *o, const void *field, const char **why);
/* An error about the value of the argument ROW, with the values of the variables in its expression
 * unless the row itself is a secret. */
bool schema_value_error(const struct schema_row *row, const struct scope *scope, struct arena *a,
                        struct diags *diags, const char *summary, const char *detail);
/* Conflicts, needs, required, deprecated. */
bool schema_check(const struct body *body, const struct schema_rows *rows,
                  const struct scope *scope, const void *config, struct arena *a,
                  struct diags *diags);

#endif
