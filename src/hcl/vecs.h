/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_VECS_H
#define IMGFAC_HCL_VECS_H

/* Growing arrays of tree nodes in an arena, for the parsers. */

#include "base/vec.h"
#include "hcl/ast.h"
#include "hcl/source.h"

DEFINE_ARENA_VEC(exprs, const struct expr *);
DEFINE_ARENA_VEC(attributes, struct attribute);
DEFINE_ARENA_VEC(blocks, struct block);
DEFINE_ARENA_VEC(block_labels, struct block_label);

#endif
