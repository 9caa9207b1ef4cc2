/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "cli/app.h"
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/exit.h"

/* The scripts ask the program itself: `imgfac completion -words -- WORD...`
 * prints what may stand at the last word, so a new flag needs no new script. */

struct completion_flags {
    bool words;
};

static const struct opt opts[] = {
    OPT_BOOL(struct completion_flags, words, "words"),
    OPT_END,
};

/* bash cuts words at "=" and ":", which are part of ours. */
static const char bash_script[] =
    "# bash completion for imgfac: source this file, or install it as\n"
    "# /usr/share/bash-completion/completions/imgfac\n"
    "_imgfac() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} word cut next\n"
    "    local -a words\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line != *[[:space:]] ]] || words+=('')\n"
    "    word=${words[-1]}\n"
    "    cut=${word%\"${word##*[=:]}\"}\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r next; do\n"
    "        if [[ $next == ':files '* ]]; then\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            next=${next#':files '}\n"
    "            while IFS= read -r next; do COMPREPLY+=(\"$next\"); done \\\n"
    "                < <(compgen -f -- \"${word#\"$next\"}\")\n"
    "        else\n"
    "            [[ $next != *= ]] || compopt -o nospace 2>/dev/null\n"
    "            COMPREPLY+=(\"${next#\"$cut\"}\")\n"
    "        fi\n"
    "    done < <(imgfac completion -words -- \"${words[@]:1}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _imgfac imgfac\n";

static const char zsh_script[] =
    "#compdef imgfac\n"
    "# zsh completion for imgfac: install as _imgfac in a directory of $fpath\n"
    "_imgfac() {\n"
    "    local next\n"
    "    for next in ${(f)\"$(imgfac completion -words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"}; do\n"
    "        case $next in\n"
    "        ':files '*) compset -P \"${next#:files }\"; _files ;;\n"
    "        *=) compadd -S '' -- $next ;;\n"
    "        *) compadd -- $next ;;\n"
    "        esac\n"
    "    done\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _imgfac ]; then _imgfac \"$@\"; else compdef _imgfac imgfac; fi\n";

static const char fish_script[] =
    "# fish completion for imgfac: install as ~/.config/fish/completions/imgfac.fish\n"
    "function __imgfac_words\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    for next in (imgfac completion -words -- $words[2..-1] 2>/dev/null)\n"
    "        if string match -q ':files *' -- $next\n"
    "            set -l prefix (string replace ':files ' '' -- $next)\n"
    "            set -l typed (string sub -s (math (string length -- $prefix) + 1) -- $words[-1])\n"
    "            for file in (__fish_complete_path $typed)\n"
    "                echo $prefix$file\n"
    "            end\n"
    "        else\n"
    "            echo $next\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c imgfac -f -a '(__imgfac_words)'\n";

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    static const struct {
        const char *shell, *script;
    } scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
    const struct completion_flags *f = flags;
    if (f->words) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        complete_words(app, args, &out);
        fwrite(out.buf, 1, out.len, app->out);
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
