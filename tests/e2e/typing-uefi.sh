#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in (some five minutes): lines of 300 characters typed at GRUB's prompt under UEFI firmware, while two busy
# programs for each processor compete with the guest; every line must arrive whole.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-system-x86_64 qemu-img mformat mcopy mmd
GRUB=/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
[ -r "$GRUB" ] || skip "package 'grub-efi-amd64-signed' is missing"
lines=${IMGFAC_TEST_LINES:-5}
burners=${IMGFAC_TEST_BURNERS:-$((2 * $(nproc)))}

# GRUB alone, without a configuration: it stops at its prompt.
truncate -s 64M grub.img
mformat -i grub.img -F ::
mmd -i grub.img ::/EFI ::/EFI/BOOT
mcopy -i grub.img "$GRUB" ::/EFI/BOOT/BOOTX64.EFI

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
awk -v count="$lines" -v seed="$RANDOM" 'BEGIN {
    srand(seed)
    set = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%^"
    for (n = 1; n <= count; n++) {
        line = "U" n "-"
        while (length(line) < 300)
            line = line substr(set, 1 + int(rand() * length(set)), 1)
        print line
    }
}' >lines.txt
sed 's/.*/echo &<enter>/' lines.txt | tr -d '\n' >keys
cat >t.pkr.hcl <<'END'
source "qemu" "uefi" {
  iso_url          = "grub.img"
  iso_checksum     = "none"
  disk_image       = true
  efi_boot         = true
  communicator     = "none"
  boot_command     = ["<waitFor 'grub> ' 900s>", file("keys"), "halt<enter>"]
  output_directory = "out"
  shutdown_timeout = "15m"
}
build {
  sources = ["source.qemu.uefi"]
  provisioner "shell-local" {
    inline = ["ln store/logs/qemu.uefi-*/console.log ."]
  }
}
END
one_guest_at_a_time
pids=()
for ((n = 0; n < burners; n++)); do
    (exec sh -c 'while :; do :; done') &
    pids+=($!)
done
[ "$burners" -eq 0 ] || cleanup kill "${pids[@]}"
start=$SECONDS
assert_status 0 imgfac build t.pkr.hcl
echo "$lines lines in $((SECONDS - start)) s"
# What `echo` said is wrapped by the firmware, which moves the cursor in between.
sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' console.log | tr -d '\r\n' >flat
while read -r line; do
    [ "$(grep -oF -e "$line" flat | wc -l)" -ge 1 ] || fail "did not arrive: $line"
done <lines.txt
