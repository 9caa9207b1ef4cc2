#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The layout is what .clang-format says; `make format` makes it so.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
command -v clang-format >/dev/null || { echo 'SKIPPED lint format: clang-format is not installed'; exit 77; }
"$files" '*.c' '*.h' | xargs -r -P "$(nproc)" -n 16 clang-format --dry-run -Werror 2>&1 |
    sed -nE 's/^([^:]+:[0-9]+):.*\[-Wclang-format-violations\]$/\1: not as clang-format lays it out (make format)/p' |
    sort -u -t: -k1,1 | grep . && exit 1
exit 0
