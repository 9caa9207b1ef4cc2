#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every source file and script names its licence in one of its first lines.
files=$(dirname "$(realpath "$0")")/files
cd "${1:-.}" || exit 2
"$files" '*.c' '*.h' '*.sh' '*.S' | grep -vE '(^|/)(examples|corpus|fixtures)/' | xargs -r awk '
    FNR == 1 && NR > 1 && !found { print last ": no SPDX line"; rc = 1 }
    FNR == 1 { found = 0; last = FILENAME }
    FNR <= 3 && /SPDX-License-Identifier: Apache-2\.0/ { found = 1 }
    END { if (NR > 0 && !found) { print last ": no SPDX line"; rc = 1 } exit rc }'
[ $? -eq 0 ] || exit 1
