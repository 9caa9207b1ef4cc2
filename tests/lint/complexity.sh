#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Functions of the program: cyclomatic complexity at most 15, at most 80 lines;
# files at most 900 lines.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
command -v pmccabe >/dev/null || { echo 'SKIPPED lint complexity: pmccabe is not installed'; exit 77; }
sources=$("$files" '*.c' | grep -E '^(src|qemu|cloud-init|catalog)/')
rc=0
# Fields: modified complexity, traditional one, statements, first line, lines, file(line): function
# shellcheck disable=SC2086
printf '%s\n' $sources | xargs -r pmccabe | awk '
    $1 > 15 { print $6 " " $7 " has complexity " $1 " (limit 15)"; rc = 1 }
    $5 > 80 { print $6 " " $7 " has " $5 " lines (limit 80)"; rc = 1 }
    END { exit rc }' || rc=1
"$files" '*.c' '*.h' | xargs -r wc -l | awk '
    $2 != "total" && $1 > 900 { print $2 " has " $1 " lines (limit 900)"; rc = 1 }
    END { exit rc }' || rc=1
exit $rc
