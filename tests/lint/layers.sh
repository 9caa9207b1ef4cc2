#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dependency rule: a file includes its own module or a lower layer.  The
# number is the layer; modules of one layer may not include one another.  The
# digit after the point orders a layer where that was needed.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
"$files" '*.c' '*.h' | grep -E '^(src|qemu|cloud-init|catalog)/' | xargs -r awk '
BEGIN {
    n = split("base 0  host 0.5  hcl 1.0 net 1.0 httpd 1.0 media 1.0 ui 1.0  schema 1.1 gotemplate 1.1 " \
        "plug 2.0  upgrade 2.05  template 2.1 config 2.1 ledger 2.1 cloud-init 2.1 catalog 2.1 cache 2.1 " \
        "qemu 3 bootstrap 3 null 3 communicator 3 provisioner 3 seal 3 postprocessor 3 publish 3 datasource 3 plugin 3 " \
        "core 4  registry.c 5  cli 6 main.c 7", word, " +")
    for (i = 1; i < n; i += 2)
        layer[word[i]] = word[i + 1]
}
FNR == 1 {
    path = FILENAME
    sub(/^src\//, "", path)
    module = path
    sub(/\/.*/, "", module)
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    target = $0
    sub(/^[^"]*"/, "", target)
    sub(/".*/, "", target)
    if (target !~ /\// || target ~ /^\.\.?\//) {
        bad("includes \"" target "\": write the module, \"" module "/...\"")
        next
    }
    sub(/\/.*/, "", target)
    if (!(module in layer))
        bad("module " module " has no layer in tests/lint/layers.sh")
    else if (!(target in layer))
        bad("includes " target "/, which has no layer in tests/lint/layers.sh")
    else if (target != module && layer[target] + 0 >= layer[module] + 0)
        bad("layer " layer[module] " (" module ") may not include layer " layer[target] " (" target ")")
}
function bad(text) {
    print FILENAME ":" FNR ": " text
    rc = 1
}
END { exit rc }'
[ $? -eq 0 ] || exit 1
