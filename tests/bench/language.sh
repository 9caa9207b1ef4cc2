#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# validate, inspect and fmt of templates of 1 000 and 10 000 lines and of 1 MB, beside Debian's Packer where it is
# installed: best of five in milliseconds, then the resident memory in MiB.
. "$(dirname "$0")/../lib/lib.sh"
requires awk python3 /usr/bin/time

template() { # LINES
    awk -v n="$(($1 - 24))" 'BEGIN {
        print "source \"qemu\" \"x\" {"
        print "  iso_url = \"http://127.0.0.1/x.iso\"\n  iso_checksum = \"none\"\n  ssh_username = \"root\""
        print "  ssh_password = \"x\"\n  disk_size = \"10G\"\n  boot_command = [\"<esc><wait>\", \"linux<enter>\"]\n}\n"
        print "build {\n  sources = [\"source.qemu.x\"]\n  provisioner \"shell\" {"
        print "    environment_vars = [\"A=${local.a0}\"]\n    inline           = [\"echo ${var.v0}\", \"id\"]\n  }"
        print "  provisioner \"shell\" {\n    inline = [for i in range(3) : \"echo ${i}\"]\n  }\n}\n"
        for (i = 0; i < n / 18; i++) {
            printf "variable \"v%d\" {\n  type        = string\n  default     = \"value %d\"\n", i, i
            printf "  description = \"Number %d\"\n}\n\n", i
            printf "locals {\n  a%d = upper(\"${var.v%d}-%d\")\n", i, i, i
            printf "  b%d = { name = var.v%d, list = [1, 2, length(var.m%d)] }\n}\n\n# a comment\n", i, i, i
            printf "variable \"m%d\" {\n  type    = map(string)\n  default = { a = \"x\", b = \"y\" }\n}\n\n\n", i
        }
    }'
}

# MILLISECONDS and MIB of a command.
measure() { # COMMAND...
    python3 - "$@" <<'END'
import os, sys, time
best = 1e9
null = os.open("/dev/null", os.O_WRONLY)
for _ in range(5):
    start = time.perf_counter()
    pid = os.posix_spawnp("/usr/bin/env", ["env"] + sys.argv[1:], os.environ,
                          file_actions=[(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)])
    os.waitpid(pid, 0)
    best = min(best, time.perf_counter() - start)
print("%.1f" % (best * 1e3), end=" ")
END
    /usr/bin/time -f '%M' "$@" 2>&1 >/dev/null | tail -n 1 | awk '{ printf "%.1f", $1 / 1024 }'
}

row() { # WHAT FILE COMMAND...
    local what=$1 file=$2 ours peer='- -'
    shift 2
    ours=$(measure imgfac "$@" "$file")
    # Packer takes minutes to validate the largest one.
    if command -v packer >/dev/null && [ "$1" != inspect ] && { [ "$1" = fmt ] || [ "$lines" -le 10000 ]; }; then
        peer=$(measure packer "$@" "$file")
    fi
    # shellcheck disable=SC2086
    printf '%-26s %9s ms %7s MiB %9s ms %7s MiB\n' "$what" $ours $peer
}

echo "what                            imgfac                    packer"
for lines in 1000 10000 40000; do
    template "$lines" >t.pkr.hcl
    size="$(wc -l <t.pkr.hcl) lines"
    row "validate $size" t.pkr.hcl validate
    row "inspect  $size" t.pkr.hcl inspect
    row "fmt      $size" t.pkr.hcl fmt -check
done
printf '%s bytes in the last file\n' "$(wc -c <t.pkr.hcl)"
