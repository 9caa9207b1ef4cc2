/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SCHEMA_DYNAMIC_H
#define IMGFAC_SCHEMA_DYNAMIC_H

/* Nested blocks of one type, `dynamic` blocks expanded: each comes with the
 * scope its body is to be evaluated in.  Source: HCL's dynamic block
 * extension (for_each, iterator, labels, content). */

#include "base/vec.h"
#include "hcl/ast.h"
#include "schema/schema.h"

struct schema_block {
    const struct block *block;
    const struct scope *scope;
};
DEFINE_ARENA_VEC(schema_blocks, struct schema_block);

/* All blocks of TYPE in BODY in source order, LABELS of them each.  False when
 * a diagnostic was added; the others are in *OUT all the same. */
bool schema_find_blocks(const struct body *body, str type, size_t labels, const struct scope *scope,
                        struct arena *a, struct schema_blocks *out, struct diags *diags);

#endif
