/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_DATASOURCE_CATALOG_H
#define IMGFAC_DATASOURCE_CATALOG_H

/* What the data sources that ask the catalog share. */

#include "catalog/catalog.h"
#include "plug/datasource.h"

/* One version of BUCKET: what CHANNEL points to, or, when that is NULL, the one
 * with this fingerprint or "v3".  A revoked one is refused. */
bool data_find_version(struct data_call *call, const char *bucket, const char *channel,
                       const char *version, struct catalog_version *out, struct error **err);
/* The same for a reference as in `base`: "golden@stable". */
bool data_find_ref(struct data_call *call, const char *ref, struct catalog_version *out,
                   struct error **err);
/* The disk; false with the error when the version has none. */
bool data_find_disk(const struct catalog_version *v, const struct catalog_artifact **out,
                    struct error **err);

#endif
