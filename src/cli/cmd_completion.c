/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "cli/app.h"
#include "cli/cli.h"
#include "cli/exit.h"

/* The scripts ask the program itself: `imgfac completion -words COMMAND...`
 * prints what may stand next, so a new flag needs no new script. */

struct completion_flags {
    bool words;
};

static const struct opt opts[] = {
    OPT_BOOL(struct completion_flags, words, "words"),
    OPT_END,
};

static const char bash_script[] =
    "# bash completion for imgfac: source this file, or install it as\n"
    "# /usr/share/bash-completion/completions/imgfac\n"
    "_imgfac() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
    "    COMPREPLY=($(compgen -W \"$(imgfac completion -words -- \"${COMP_WORDS[@]:1:COMP_CWORD-1}\""
    " 2>/dev/null)\" -- \"$cur\"))\n"
    "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "}\n"
    "complete -o filenames -F _imgfac imgfac\n";

static const char zsh_script[] =
    "#compdef imgfac\n"
    "# zsh completion for imgfac: install as _imgfac in a directory of $fpath\n"
    "_imgfac() {\n"
    "    local -a next\n"
    "    next=(${(f)\"$(imgfac completion -words -- \"${words[@]:1:$((CURRENT-2))}\" "
    "2>/dev/null)\"})\n"
    "    compadd -a next\n"
    "    _files\n"
    "}\n"
    "compdef _imgfac imgfac\n";

static const char fish_script[] =
    "# fish completion for imgfac: install as ~/.config/fish/completions/imgfac.fish\n"
    "complete -c imgfac -a '(imgfac completion -words -- (commandline -opc)[2..-1] 2>/dev/null)'\n";

static void print_flags(FILE *f, const struct opt *rows)
{
    for (const struct opt *o = rows; o != NULL && o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            print_flags(f, o->opts);
        else if (o->doc != NULL)
            fprintf(f, "-%s%s\n", o->name,
                    o->kind == OPT_KIND_BOOL || o->kind == OPT_KIND_TRISTATE ? "" : "=");
    }
}

static void print_words(struct app *app, const struct opt_strings *typed)
{
    const struct command *const *table = commands;
    const struct command *last = NULL;
    for (size_t i = 0; i < typed->len && table != NULL; i++) {
        if (typed->ptr[i][0] == '-')
            continue;
        last = cli_find_command(table, str_from(typed->ptr[i]));
        table = last == NULL ? NULL : last->subcommands;
    }
    for (; table != NULL && *table != NULL; table++)
        if (!(*table)->hidden)
            fprintf(app->out, "%s\n", (*table)->name);
    if (last != NULL)
        print_flags(app->out, last->opts);
    print_flags(app->out, cli_opts);
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    static const struct {
        const char *shell, *script;
    } scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
    const struct completion_flags *f = flags;
    if (f->words) {
        print_words(app, args);
        return EXIT_OK;
    }
    for (size_t i = 0; args->len == 1 && i < ARRAY_SIZE(scripts); i++)
        if (strcmp(args->ptr[0], scripts[i].shell) == 0) {
            fputs(scripts[i].script, app->out);
            return EXIT_OK;
        }
    struct error *err = NULL;
    error_set(&err, ERR_USAGE, 0, "the name of a shell is missing or not known");
    error_hint(&err, "One of bash, zsh, fish.");
    return app_fail(app, err);
}

const struct command cmd_completion = {
    .name = "completion",
    .args = "bash|zsh|fish",
    .summary = "Print a script that completes commands and flags",
    .opts = opts,
    .config_size = sizeof(struct completion_flags),
    .max_args = -1,
    .plain_signals = true,
    .run = run,
};
