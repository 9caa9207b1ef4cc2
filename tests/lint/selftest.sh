#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each check must be able to fail: plant one bad file in a tree of its own, and
# see that the check which it offends says so and that a good tree passes.
lint=$(dirname "$(realpath "$0")")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp "$lint/../../.clang-format" "$tree"
spdx='/* SPDX-License-Identifier: Apache-2.0 */'
rc=0

fresh() {
    rm -rf "$tree/src" "$tree/qemu" "$tree/x.sh" "$tree/a.md"
    mkdir -p "$tree/src/base" "$tree/src/hcl" "$tree/src/seal" "$tree/qemu"
    printf '%s\n#ifndef IMGFAC_BASE_A_H\n#define IMGFAC_BASE_A_H\n\n#endif\n' "$spdx" >"$tree/src/base/a.h"
    printf '%s\n#include "base/a.h"\n\nint a;\n' "$spdx" >"$tree/src/base/a.c"
    printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\necho a\n' >"$tree/x.sh"
}

expect() { # WANTED CHECK DESCRIPTION
    "$lint/$2.sh" "$tree" >/dev/null 2>&1
    got=$?
    [ $got -ne 77 ] || return # its tool is missing: the check itself says so
    [ $got -eq "$1" ] || { echo "selftest: $2.sh ended with $got, not $1: $3"; rc=1; }
}

plant() { # CHECK FILE TEXT
    fresh
    printf '%b' "$3" >"$tree/$2"
    expect 1 "$1" "$3"
}

fresh
for check in layers headers complexity spdx format words shellcheck links; do
    expect 0 $check 'a good tree'
done
plant layers src/base/b.c "$spdx\n#include \"hcl/value.h\"\n"
plant layers src/seal/b.c "$spdx\n#include \"qemu/domain.h\"\n"
plant layers qemu/b.c "$spdx\n#include \"core/run.h\"\n"
plant layers src/seal/b.h "$spdx\n#include \"seal.h\"\n"
plant layers src/registry.c "$spdx\n#include \"cli/app.h\"\n"
plant layers src/base/b.c "$spdx\n#include \"nowhere/x.h\"\n"
plant headers src/base/b.h "$spdx\n#ifndef IMGFAC_BASE_B_H\n#define IMGFAC_BASE_B_H\n\nsize_t b(void);\n\n#endif\n"
plant headers src/base/b.h "$spdx\n#ifndef WRONG_H\n#define WRONG_H\n\n#endif\n"
plant spdx src/base/b.c 'int b;\n'
plant spdx x.sh '#!/bin/sh\necho\n'
plant format src/base/b.c "$spdx\nint  b ;\n"
plant words src/base/b.c "$spdx\n/* TO""DO: more */\nint b;\n"
plant words src/base/b.c "$spdx\nvoid f(void)\n{\n    sleep(1);\n}\n"
plant words src/base/a.c "$spdx\n#include <stdio.h>\n#include \"base/a.h\"\n"
plant shellcheck x.sh '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\nx="a\n'
plant links a.md 'See [it](docs/nowhere.md#here).\n'
plant links a.md 'See `src/base/nowhere.c`.\n'
branches=$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do printf '    if (x == %d)\\n        x++;\\n' $i; done)
plant complexity src/base/b.c "$spdx\nint f(int x)\n{\n$branches    return x;\n}\n"
lines=$(for i in 1 2 3 4 5 6 7 8 9; do printf '    x++;\\n    x++;\\n    x++;\\n    x++;\\n    x++;\\n    x++;\\n    x++;\\n    x++;\\n    x++;\\n'; done)
plant complexity src/base/b.c "$spdx\nint f(int x)\n{\n$lines    return x;\n}\n"
plant complexity src/base/b.c "$(yes 'int b;' | head -n 901 | sed 's/$/\\n/' | tr -d '\n')"
exit $rc
