/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_TEMPLATE_SCHEMA_H
#define IMGFAC_CLI_TEMPLATE_SCHEMA_H

/* The JSON Schema (draft 2020-12) of a whole template in JSON syntax
 * (*.pkr.json), for editors: the blocks of the language, with the bodies of
 * everything the registry has.  Types it does not have stay open. */

#include "base/strbuf.h"

void template_schema(struct strbuf *out);

#endif
