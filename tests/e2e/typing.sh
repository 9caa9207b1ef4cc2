#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in (a quarter of an hour): lines of 300 characters typed 100 times into a boot loader and 10 times into a
# Linux console while two busy programs for each processor compete with the guest; every line must arrive whole.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/installer.sh"
requires qemu-system-x86_64
requires_installer
make_installer_iso test.iso
bios=${IMGFAC_TEST_LINES:-100} console=$(((${IMGFAC_TEST_LINES:-100} + 9) / 10))

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
# Keys of every kind; without < and >, which might make a <word>, and without braces.
make_lines() { # COUNT PREFIX
    awk -v count="$1" -v prefix="$2" -v seed="$RANDOM" 'BEGIN {
        srand(seed)
        set = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()_+-=[]|\\:;\"\047,.?/~`"
        for (n = 1; n <= count; n++) {
            line = prefix n "-"
            while (length(line) < 300)
                line = line substr(set, 1 + int(rand() * length(set)), 1)
            print line
        }
    }'
}
make_lines "$bios" B >bios.txt
make_lines "$console" C >console.txt
sed 's/$/<enter>/' bios.txt | sed "s/<enter>$/&<waitFor 'boot: $' 120s>/" | tr -d '\n' >bios.keys
sed 's/$/<enter>/' console.txt | tr -d '\n' >console.keys
cat >t.pkr.hcl <<'END'
source "qemu" "typing" {
  iso_url      = "test.iso"
  iso_checksum = "none"
  disk_size    = "10M"
  communicator = "none"
  boot_steps = [
    ["<waitFor 'boot: $' 120s>${file("bios.keys")}", "the boot loader"],
    ["console<enter><waitFor 'READING' 300s>${file("console.keys")}END<enter>", "the console"],
  ]
  output_directory = "out"
  shutdown_timeout = "15m"
}
build {
  sources = ["source.qemu.typing"]
  provisioner "shell-local" {
    inline = ["ln store/logs/qemu.typing-*/console.log ."]
  }
}
END
one_guest_at_a_time
burners=()
for _ in $(seq 1 $((2 * $(nproc)))); do
    (exec sh -c 'while :; do :; done') &
    burners+=($!)
done
cleanup kill "${burners[@]}"
start=$SECONDS
assert_status 0 imgfac build t.pkr.hcl
echo "$bios lines and $console lines in $((SECONDS - start)) s"
# The boot loader's lines are wrapped, and the firmware moves the cursor in between.
sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' console.log | tr -d '\r\n' >flat
while read -r line; do
    grep -qF -e "boot: $line" flat || fail "did not arrive: $line"
done <bios.txt
while read -r line; do
    grep -qF -e "LINE[$line]" console.log || fail "did not arrive: $line"
done <console.txt
assert_eq "$console" "$(grep -c '^LINE\[' console.log)" 'lines of the console'
