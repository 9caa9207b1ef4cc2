/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_DATASOURCE_DATASOURCE_H
#define IMGFAC_DATASOURCE_DATASOURCE_H

/* The data sources that are built in.  Constant tables; src/registry.c lists
 * them, everybody else finds them by name through plug/registry.h. */

#include "plug/datasource.h"

extern const struct datasource_type datasource_null;
extern const struct datasource_type datasource_http;
extern const struct datasource_type datasource_external;
extern const struct datasource_type datasource_external_raw;
extern const struct datasource_type datasource_catalog_image;
extern const struct datasource_type datasource_hcp_version;
extern const struct datasource_type datasource_hcp_artifact;
extern const struct datasource_type datasource_hcp_iteration;
extern const struct datasource_type datasource_hcp_image;

#endif
