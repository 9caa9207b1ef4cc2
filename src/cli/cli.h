/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_CLI_H
#define IMGFAC_CLI_CLI_H

/* The program behind main(): global flags, the command named by the words, its
 * flags and arguments, the exit code; and the usage texts made from the
 * tables. */

#include "base/strbuf.h"
#include "cli/command.h"

/* Flags that every command has too. */
struct cli_flags {
    const char *config;
    bool help;
};
extern const struct opt cli_opts[];

int cli_main(int argc, char **argv);

/* Full help of the program or of a command; PATH is "imgfac catalog list". */
void cli_add_usage(struct strbuf *out, unsigned width);
void cli_add_command_usage(struct strbuf *out, const struct command *c, const char *path,
                           unsigned width);
/* NULL when there is none. */
const struct command *cli_find_command(const struct command *const *table, str name);

#endif
