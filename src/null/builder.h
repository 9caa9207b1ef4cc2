/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_NULL_BUILDER_H
#define IMGFAC_NULL_BUILDER_H

/* The builder "null": connects to a machine that runs already and provisions
 * it; makes no image.  Packer's builder of that name.  Stateless; a build is
 * run by one thread. */

extern const struct builder_type builder_null;

#endif
