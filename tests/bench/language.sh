#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# validate and fmt of templates of 1 000 and 10 000 lines, beside Debian's Packer where it is installed.
. "$(dirname "$0")/../lib/lib.sh"
requires bc awk

template() { # LINES
    printf 'source "null" "x" {\n  communicator = "none"\n}\n'
    awk -v n="$1" 'BEGIN { for (i = 0; i < n / 5; i++)
        printf "variable \"v%d\" {\n  type    = string\n  default = \"value %d\"\n}\n\n", i, i }'
    printf 'build {\n  sources = ["source.null.x"]\n}\n'
}

milliseconds() { # COMMAND...: the best of five
    local best=999999999 start now
    for _ in 1 2 3 4 5; do
        start=$(date +%s%N)
        "$@" >/dev/null 2>&1 || true
        now=$((($(date +%s%N) - start) / 1000))
        [ "$now" -ge "$best" ] || best=$now
    done
    echo "scale=1; $best / 1000" | bc
}

echo "what                        imgfac ms   packer ms"
for lines in 1000 10000; do
    template "$lines" >"t$lines.pkr.hcl"
    peer=-
    ! command -v packer >/dev/null || peer=$(milliseconds packer validate "t$lines.pkr.hcl")
    printf 'validate %6d lines      %9s   %9s\n' "$lines" "$(milliseconds imgfac inspect "t$lines.pkr.hcl")" "$peer"
    ! command -v packer >/dev/null || peer=$(milliseconds packer fmt -check "t$lines.pkr.hcl")
    printf 'fmt      %6d lines      %9s   %9s\n' "$lines" "$(milliseconds imgfac fmt -check "t$lines.pkr.hcl")" "$peer"
done
