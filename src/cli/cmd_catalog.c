/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalog_commands.h"

const struct opt_choice output_formats[] = {
    {"table", OUTPUT_TABLE, "for people"},
    {"json", OUTPUT_JSON, "for programs"},
    {"csv", OUTPUT_CSV, "for spreadsheets"},
    {0},
};

static const struct command *const subcommands[] = {
    &cmd_catalog_list,
    &cmd_catalog_show,
    &cmd_catalog_import,
    &cmd_catalog_export,
    &cmd_catalog_verify,
    &cmd_catalog_rm,
    NULL,
};

const struct command cmd_catalog = {
    .name = "catalog",
    .args = "",
    .summary = "List, show, import, export, verify and remove images",
    .doc = "The catalog keeps every finished image with what it was made from.  A version is "
           "named BUCKET (its newest), BUCKET@CHANNEL, BUCKET:v3 or BUCKET:FINGERPRINT.",
    .subcommands = subcommands,
};
