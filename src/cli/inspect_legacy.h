/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_INSPECT_LEGACY_H
#define IMGFAC_CLI_INSPECT_LEGACY_H

/* `inspect` of a template of the old JSON format, in Packer's layout and with
 * its records for -machine-readable. */

#include "upgrade/upgrade.h"

struct app;

void inspect_legacy(struct app *app, const struct upgrade_legacy *legacy);

#endif
