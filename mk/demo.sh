#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make demo`: everything a new user needs, with the time that each part took.
set -eu
cd "$(dirname "$0")/.."
begin=$(date +%s)

part() {
    printf '\n### %s (%ss so far)\n' "$1" "$(($(date +%s) - begin))"
}

part 'Installing what is missing'
make --no-print-directory deps SETS='build run'

part 'Compiling imgfac'
make --no-print-directory -j"$(nproc)"

imgfac=build/imgfac
if $imgfac catalog show debian-12-base@stable >/dev/null 2>&1; then
    part 'The base is in the catalog already'
else
    part 'Building the base: Debian 12 out of a mirror'
    $imgfac build examples/base
fi

part 'Building the golden image from it'
$imgfac build -var-file=examples/golden/demo.pkrvars.hcl examples/golden

part 'The catalog'
$imgfac catalog list
