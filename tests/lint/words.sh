#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No notes of unfinished work in the sources, no sleeping for a fixed time, and
# each .c file includes its own header first.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
rc=0
notes='TO''DO|FIX''ME|XX''X'
"$files" '*.c' '*.h' '*.sh' '*.mk' '*.hcl' '*.sql' '*.md' Makefile | grep -vE '(^|/)(corpus|fixtures)/' |
    xargs -r grep -nwE "$notes" /dev/null && rc=1
sources=$("$files" '*.c' | grep -E '^(src|qemu|cloud-init|catalog)/')
[ -n "$sources" ] || exit $rc
# shellcheck disable=SC2086
grep -nE '(^|[^a-z_.>])(sleep|usleep|nanosleep|clock_nanosleep|g_usleep)\(' /dev/null $sources &&
    { echo 'wait for an event with a deadline (base/cancel.h) instead of sleeping'; rc=1; }
# shellcheck disable=SC2086
awk '
    FNR == 1 { own = FILENAME; sub(/\.c$/, ".h", own); own_name = own; sub(/^src\//, "", own_name)
               check = (getline line <own) >= 0; close(own) }
    check && /^#include/ {
        check = 0
        if ($2 != "\"" own_name "\"") { print FILENAME ":" FNR ": \"" own_name "\" must be included first"; rc = 1 }
    }
    END { exit rc }' $sources || rc=1
exit $rc
