#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the Markdown files point to is there: relative links, paths in backquotes below the directories of this tree, make
# targets, and the commands and flags of imgfac in backquotes and indented lines (these when it is built).
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
rc=0
complain() { # FILE WHAT...
    echo "$1: ${*:2}"
    rc=1
}

# FILE<TAB>TEXT of every match of the expression.
matches() { # EXPRESSION
    "$files" '*.md' | grep -vE '(^|/)(corpus|fixtures)/' | xargs -r grep -oHE "$1" /dev/null | sed 's/:/\t/'
}

while IFS=$'\t' read -r file link; do
    target=${link#](} target=${target%%[#)]*}
    case $target in '' | *://* | mailto:*) continue ;; esac
    [ -e "$(dirname "$file")/$target" ] || complain "$file" "no file for the link ($target)"
done < <(matches '\]\([^)]*\)')

while IFS=$'\t' read -r file path; do
    [ -d "${path%%/*}" ] || continue
    [ -e "$path" ] || complain "$file" "no '$path'"
done < <(matches '`(docs|examples|tests|src|mk|qemu|catalog|cloud-init)/[A-Za-z0-9_/.-]*[A-Za-z0-9_]`' | tr -d '`' | grep -v '[.]\.\.\|NAME')

# Commands: FILE<TAB>WORDS, without what is a comment beside them.
commands() { # WORD
    "$files" '*.md' | grep -vE '(^|/)(corpus|fixtures)/' | xargs -r awk -v word="$1" '
        function emit(text) {
            sub(/^\$ /, "", text)
            while (match(text, /^[A-Z_]+=[^ ]* /)) text = substr(text, RLENGTH + 1)
            if (text ~ "^" word " ") {
                gsub(/  +.*|[|;&)#>].*/, "", text)
                print FILENAME "\t" text
            }
        }
        /^    [^ ]/ { line = $0; sub(/^ +/, "", line); emit(line); next }
        { n = split($0, part, "`"); for (i = 2; i <= n; i += 2) emit(part[i]) }' /dev/null
}

if [ -e Makefile ]; then
    targets=$(cat Makefile mk/*.mk 2>/dev/null | sed -nE 's/^([a-z][a-z0-9 -]*):([^=].*)?$/\1/p' | tr ' ' '\n')
    while IFS=$'\t' read -r file text; do
        read -ra words <<<"$text"
        for word in "${words[@]:1}"; do
            case $word in -* | *=* | *[!a-z0-9-]*) continue ;; esac
            grep -qxF -- "$word" <<<"$targets" || complain "$file" "no target for '$text'"
        done
    done < <(commands make)
fi

imgfac=${B:-build}/imgfac
[ -x "$imgfac" ] || exit $rc
declare -A help
help_of() { # WORDS: text of their -help, or nothing
    [ -n "${help[/$1]+known}" ] || help[/$1]=$(IMGFAC_CONFIG=/dev/null "$imgfac" ${1:+$1} -help 2>/dev/null)
}
while IFS=$'\t' read -r file text; do
    command='' flags=()
    read -ra words <<<"$text"
    for word in "${words[@]:1}"; do
        case $word in
        --) break ;;
        -[a-z]*) flags+=("${word%%[=\]]*}") ;;
        [a-z]*)
            help_of "$command"
            if grep -qE "^ +$word( |\$)" <<<"${help[/$command]}" && grep -q '^Commands' <<<"${help[/$command]}"; then
                command="${command:+$command }$word"
            elif [ -z "$command" ]; then
                complain "$file" "no command for '$text'"
                flags=()
                break
            fi
            ;;
        esac
    done
    help_of "$command"
    for flag in "${flags[@]}"; do
        grep -qE "^ +(-[a-z-]+, )?$flag([ =,]|\$)" <<<"${help[/$command]}" ||
            grep -qE ", $flag( |\$)" <<<"${help[/$command]}" || complain "$file" "no $flag for '$text'"
    done
done < <(commands imgfac)
exit $rc
