/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

extern const struct command cmd_attach;
extern const struct command cmd_build;
extern const struct command cmd_catalog;
extern const struct command cmd_completion;
extern const struct command cmd_console;
extern const struct command cmd_docs;
extern const struct command cmd_doctor;
extern const struct command cmd_fmt;
extern const struct command cmd_gc;
extern const struct command cmd_hcl2_upgrade;
extern const struct command cmd_init;
extern const struct command cmd_inspect;
extern const struct command cmd_plugins;
extern const struct command cmd_ps;
extern const struct command cmd_screenshot;
extern const struct command cmd_ssh;
extern const struct command cmd_validate;
extern const struct command cmd_version;

/* In the order of --help. */
const struct command *const commands[] = {
    &cmd_build,   &cmd_init,         &cmd_validate, &cmd_fmt,        &cmd_inspect, &cmd_console,
    &cmd_catalog, &cmd_plugins,      &cmd_ps,       &cmd_ssh,        &cmd_attach,  &cmd_screenshot,
    &cmd_gc,      &cmd_hcl2_upgrade, &cmd_docs,     &cmd_completion, &cmd_doctor,  &cmd_version,
    NULL,
};
