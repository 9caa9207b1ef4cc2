#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone and has the guard IMGFAC_<MODULE>_<FILE>_H.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
command -v "${CC:-cc}" >/dev/null || { echo 'SKIPPED lint headers: no C compiler'; exit 77; }
cflags=$(pkg-config --cflags libxml-2.0 libcurl libarchive 2>/dev/null)
headers=$("$files" '*.h' | grep -E '^(src|qemu|cloud-init|catalog)/')
rc=0
for h in $headers; do
    guard=IMGFAC_$(echo "${h#src/}" | tr 'a-z/.-' 'A-Z___')
    grep -qx "#ifndef $guard" "$h" || { echo "$h: the guard should be $guard"; rc=1; }
done
# shellcheck disable=SC2086
printf '%s\n' $headers | xargs -r -P "$(nproc)" -n 8 "${CC:-cc}" -x c -std=gnu17 -fsyntax-only -Wall -Wextra -Werror \
    -Wno-unused-function -D_GNU_SOURCE -I. -Isrc $cflags || rc=1
exit $rc
