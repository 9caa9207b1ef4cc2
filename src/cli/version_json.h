/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_VERSION_JSON_H
#define IMGFAC_CLI_VERSION_JSON_H

/* A version of the catalog as JSON, the same in every command; the members are
 * documented in docs/catalog-json.md and only ever grow. */

#include <jansson.h>

#include "catalog/catalog.h"

/* A new reference. */
json_t *version_json(const struct catalog_version *v);
/* {"format_version":"1.0",KEY:VALUE} and a newline; takes VALUE. */
void version_json_print(FILE *out, const char *key, json_t *value);

#endif
