/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_REFS_H
#define IMGFAC_HCL_REFS_H

/* Which outer names an expression uses: every EXPR_TRAVERSAL in it whose root
 * is not bound by a `for` around it.  For ordering of locals and data sources
 * and for checks of what may be referred to.  Pure functions over the tree. */

#include "base/vec.h"
#include "hcl/ast.h"

DEFINE_ARENA_VEC(refs, const struct expr *); /* EXPR_TRAVERSAL nodes, in source order */

void expr_refs(struct arena *a, const struct expr *e, struct refs *out);
/* All expressions of a body, its blocks included.  (In JSON syntax: all
 * properties as expressions.) */
void body_refs(struct arena *a, const struct body *b, struct refs *out);
/* The name of step I of a reference (`.name` or ["name"]), or .ptr NULL. */
str ref_step_name(const struct expr *ref, size_t i);

#endif
