#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: mk/lazy.sh CC LIBRARIES FILE...
# Assembly (x86-64) on standard output: for each function that the objects and archives FILE want and one of the
# LIBRARIES ("virt curl") has, a stub that jumps through a slot.  An empty slot is filled by lazylib_bind(), which
# loads the library: see src/base/lazylib.h.
set -eu
LC_ALL=C export LC_ALL
cc=$1 libs=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
nm "$@" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u >"$tmp/used"
nm "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' | sort -u >"$tmp/own"
comm -23 "$tmp/used" "$tmp/own" >"$tmp/wanted"

for lib in $libs; do
    file=$("$cc" -print-file-name="lib$lib.so")
    nm -D --defined-only "$file" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort -u >"$tmp/has"
    join "$tmp/wanted" "$tmp/has" >"$tmp/names"
    soname=$(objdump -p "$file" | awk '$1 == "SONAME" { print $2 }')
    awk -v so="$soname" '{ print so, $1 }' "$tmp/names"
done >"$tmp/table"

awk '
    { stub[NR] = $2; if ($1 != last) { libs++; so[libs] = $1; first[libs] = NR }; last = $1; count[libs]++ }
    END {
        print ".text"
        for (i = 1; i <= NR; i++) {
            printf ".globl %s\n.hidden %s\n.type %s, @function\n", stub[i], stub[i], stub[i]
            printf "%s: endbr64\n\tmovq slots+%d(%%rip), %%r11\n\ttestq %%r11, %%r11\n\tje 1f\n\tjmp *%%r11\n", \
                stub[i], 8 * (i - 1)
            printf "1:\tpushq $%d\n\tjmp enter\n", i - 1
        }
        # Everything an argument may be in is kept over the call of lazylib_bind().
        print "enter:"
        split("rax rcx rdx rsi rdi r8 r9", reg)
        for (r = 1; r <= 7; r++) printf "\tpushq %%%s\n", reg[r]
        print "\tsubq $136, %rsp"
        for (r = 0; r < 8; r++) printf "\tmovups %%xmm%d, %d(%%rsp)\n", r, 16 * r
        print "\tmovl 192(%rsp), %edi\n\tcall lazylib_bind\n\tmovq %rax, %r11"
        for (r = 0; r < 8; r++) printf "\tmovups %d(%%rsp), %%xmm%d\n", 16 * r, r
        print "\taddq $136, %rsp"
        for (r = 7; r > 0; r--) printf "\tpopq %%%s\n", reg[r]
        print "\taddq $8, %rsp\n\tjmp *%r11"
        printf ".bss\n.balign 8\nslots: .zero %d\n.section .rodata\n", 8 * NR
        for (l = 1; l <= libs; l++) {
            printf "so%d: .asciz \"%s\"\nnames%d:\n", l, so[l], l
            for (i = first[l]; i < first[l] + count[l]; i++) printf "\t.asciz \"%s\"\n", stub[i]
        }
        print ".section .data.rel.ro, \"aw\"\n.balign 8\n.globl lazylib_table\nlazylib_table:"
        for (l = 1; l <= libs; l++)
            printf "\t.quad so%d, names%d, slots+%d, %d\n", l, l, 8 * (first[l] - 1), count[l]
        print "\t.quad 0, 0, 0, 0\n.section .note.GNU-stack, \"\", @progbits"
    }' "$tmp/table"
