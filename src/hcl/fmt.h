/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_FMT_H
#define IMGFAC_HCL_FMT_H

/* The one layout of HCL text: indentation, spaces between tokens, aligned
 * equals signs and comments; the same result, byte for byte, as the formatter
 * of the reference implementation.  Line breaks, heredocs and comments stay.
 * Pure functions. */

#include "base/strbuf.h"

struct diags;
struct source_file;

/* Format text that is known to parse. */
void hcl_format(str text, struct strbuf *out);
/* Parse first: false after reporting when F is not valid, OUT unchanged. */
bool hcl_format_file(struct source_file *f, struct diags *d, struct strbuf *out);

#endif
