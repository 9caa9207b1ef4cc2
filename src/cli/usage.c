/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/cli.h"

#include "cli/opt.h"

static void add_commands(struct strbuf *out, const struct command *const *table, unsigned width)
{
    strbuf_adds(out, "Commands:\n");
    for (; *table != NULL; table++) {
        if ((*table)->hidden)
            continue;
        strbuf_addf(out, "  %-14s", (*table)->name);
        strbuf_add_wrapped(out, str_from((*table)->summary), 16, width);
    }
}

void cli_add_usage(struct strbuf *out, unsigned width)
{
    strbuf_adds(out, "Usage: imgfac [flags] COMMAND [flags] [arguments]\n\n"
                     "Makes golden VM images from templates and keeps them in a catalog.\n\n");
    add_commands(out, commands, width);
    strbuf_adds(out, "\nFlags of every command:\n");
    opt_help(out, cli_opts, width);
    strbuf_adds(out, "\n`imgfac COMMAND -help` says more; `imgfac docs` is the reference.\n");
}

static void add_paragraphs(struct strbuf *out, const char *doc, unsigned width)
{
    str rest = str_from(doc);
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (line.len == 0 || line.ptr[0] == ' ') { /* blank or an example */
            strbuf_addstr(out, line);
            strbuf_addc(out, '\n');
        } else
            strbuf_add_wrapped(out, line, 0, width);
    }
}

void cli_add_command_usage(struct strbuf *out, const struct command *c, const char *path,
                           unsigned width)
{
    if (c->subcommands != NULL)
        strbuf_addf(out, "Usage: %s COMMAND [flags] [arguments]\n\n%s.\n\n", path, c->summary);
    else
        strbuf_addf(out, "Usage: %s [flags]%s%s\n\n%s.\n\n", path,
                    c->args != NULL && c->args[0] != '\0' ? " " : "",
                    c->args == NULL ? "" : c->args, c->summary);
    if (c->doc != NULL) {
        add_paragraphs(out, c->doc, width);
        strbuf_addc(out, '\n');
    }
    if (c->subcommands != NULL)
        add_commands(out, c->subcommands, width);
    strbuf_adds(out, c->subcommands != NULL ? "\nFlags:\n" : "Flags:\n");
    opt_help(out, c->opts, width);
    opt_help(out, cli_opts, width);
}
