/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_DATA_H
#define IMGFAC_CLI_DATA_H

/* What data sources get from the program: the site's configuration, the
 * catalog (opened when one asks for it), cancellation. */

#include "core/data.h"

struct app;

/* Let OPTIONS read data sources through READER, which is filled here and must
 * live as long.  EXECUTE false: their values stay unknown. */
void app_read_data(struct app *app, bool execute, struct data_reader *reader,
                   struct template_options *options);

#endif
