/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_TEMPLATE_DUMP_H
#define IMGFAC_CLI_TEMPLATE_DUMP_H

/* The variables and locals of a template in Packer's layout, for `inspect` and
 * the console's `variables`. */

#include "base/strbuf.h"
#include "template/template.h"

void template_dump_variables(struct strbuf *out, struct arena *a, const struct template *t);

#endif
