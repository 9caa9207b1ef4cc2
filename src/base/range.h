/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_RANGE_H
#define IMGFAC_BASE_RANGE_H

/* A place in a source file: half-open byte offsets.  Lines and columns are
 * computed only when printing (hcl/source.h).  A plain value; `file` is
 * borrowed and NULL when the place is unknown. */

#include <stdint.h>

struct source_file;

struct range {
    const struct source_file *file;
    uint32_t start; /* byte offset of the first byte */
    uint32_t end;   /* byte offset after the last byte */
};

#define RANGE_NONE ((struct range){0})

#endif
