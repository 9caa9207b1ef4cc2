/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_COMMAND_H
#define IMGFAC_CLI_COMMAND_H

/* A command of the program is one file src/cli/cmd_NAME.c that exports one
 * constant struct, listed in src/cli/commands.c.  Flags are schema rows, so
 * --help, man page and completion come from the same table. */

#include "schema/schema.h"

struct app;

struct command {
    const char *name;       /* "build"; for a nested one its last word: "list" */
    const char *args;       /* "TEMPLATE" in the usage line; "" for none */
    const char *summary;    /* one line, no full stop */
    const char *doc;        /* paragraphs; may be NULL */
    const struct opt *opts; /* flags; may be NULL */
    size_t config_size;
    int min_args, max_args;                   /* max -1: any number */
    const struct command *const *subcommands; /* NULL-ended; then run is NULL */
    bool hidden;
    bool plain_signals; /* Ctrl-C just ends it: run() does not look at app->cancel */
    /* Returns an exit code of cli/exit.h; reports its own errors through the app. */
    int (*run)(struct app *app, const void *flags, const struct opt_strings *args);
};

/* NULL-ended; the top level. */
extern const struct command *const commands[];

#endif
