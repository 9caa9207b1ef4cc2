#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run shellcheck over every shell script of the tree.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
command -v shellcheck >/dev/null || { echo 'SKIPPED lint shellcheck: shellcheck is not installed'; exit 77; }
scripts=$("$files" '*' | grep -vE '(^|/)(corpus|fixtures|examples)/|\.(c|h|t|hclt|hcl|sql|md|json|mk)$' | while IFS= read -r f; do
    IFS= read -r first <"$f" 2>/dev/null
    case $first in '#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'*) echo "$f" ;; esac
done)
[ -n "$scripts" ] || exit 0
# SC1091: files that are sourced; SC2181, SC2086 in loops over words: by intent.
# shellcheck disable=SC2086
printf '%s\n' $scripts | xargs -r -P "$(nproc)" -n 4 shellcheck -f gcc -S warning -e SC1091,SC2317 || exit 1
