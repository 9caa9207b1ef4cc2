/* SPDX-License-Identifier: Apache-2.0 */

#include "hcl/eval_internal.h"

#include "hcl/refs.h"
#include "hcl/source.h"

/* The values of the variables of an expression, shown beside its error. */

#define MAX_VALUES 6

/* REF, or the longest part of it (more than the root) that has a value; the
 * part is put in *PART. */
static bool peek_part(struct arena *a, const struct scope *scope, const struct expr *ref,
                      struct expr *part, value *out)
{
    *part = *ref;
    while (!eval_peek(a, scope, part, out)) {
        if (part->traversal.step_count < 2)
            return false;
        part->traversal.step_count--;
        part->range.end = ref->traversal.steps[part->traversal.step_count - 1].range.end;
    }
    return true;
}

void eval_add_values(struct arena *a, const struct scope *scope, const struct expr *about,
                     struct diags *d, struct diag *diag)
{
    struct refs refs = {0};
    str seen[MAX_VALUES];
    size_t count = 0;
    expr_refs(a, about, &refs);
    for (size_t i = 0; i < refs.len && count < MAX_VALUES; i++) {
        value v;
        struct expr part;
        if (!peek_part(a, scope, refs.ptr[i], &part, &v))
            continue;
        str name = source_text(part.range);
        bool known = name.len == 0;
        for (size_t j = 0; j < count; j++)
            known |= str_eq(seen[j], name);
        if (known)
            continue;
        seen[count++] = name;
        diag_add_value(d, diag, str_dup(a, name), value_describe(a, v));
    }
}
