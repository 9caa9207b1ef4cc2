/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_CATALOG_COMMANDS_H
#define IMGFAC_CLI_CATALOG_COMMANDS_H

/* `imgfac catalog ...`: one file per command, and the output format they share. */

#include "cli/command.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };
extern const struct opt_choice output_formats[];

extern const struct command cmd_catalog_list, cmd_catalog_show, cmd_catalog_import,
    cmd_catalog_export, cmd_catalog_verify, cmd_catalog_rm;

#endif
