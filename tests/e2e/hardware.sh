#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Firmware, TPM and disk buses with real boots: a small system in an EFI partition tells on the serial port what it
# sees, and powers off.
# Opt-in: one boot for each of BIOS, EFI, Secure Boot, TPM, formats and buses; about five minutes under TCG.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/installer.sh"
requires qemu-img qemu-system-x86_64 mformat mcopy mmd cpio busybox swtpm swtpm_setup
KERNEL=$(find /boot -name 'vmlinuz-*-cloud-*' | sort -V | tail -n 1)
SHIM=/usr/lib/shim/shimx64.efi.signed
GRUB=/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
[ -r "$KERNEL" ] || skip "package 'linux-image-cloud-amd64' is missing"
if ! [ -r "$SHIM" ] || ! [ -r "$GRUB" ]; then skip "package 'shim-signed' or 'grub-efi-amd64-signed' is missing"; fi

put_program initramfs "$(command -v busybox)" 2>/dev/null
[ -e initramfs/bin/busybox ] || install -D "$(command -v busybox)" initramfs/bin/busybox
put_modules initramfs virtio_pci virtio_blk virtio_scsi sd_mod ata_piix efivarfs
cat >initramfs/init <<'END'
#!/bin/busybox sh
/bin/busybox mkdir -p /bin /proc /sys /dev
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/list
sleep 1
exec >/dev/ttyS0 2>&1
[ -d /sys/firmware/efi ] && echo 'GUEST firmware=efi' || echo 'GUEST firmware=bios'
if mount -t efivarfs efivarfs /sys/firmware/efi/efivars 2>/dev/null; then
    for f in /sys/firmware/efi/efivars/SecureBoot-*; do echo "GUEST secure-boot=$(od -An -tu1 "$f" | tr -d ' \n' | tail -c 1)"; done
    v=/sys/firmware/efi/efivars/ImgfacTest-3f1c9a52-7b64-4d0e-9c1a-5d2f6e8b0a17
    [ -e $v ] && echo 'GUEST variable=kept' || printf '\007\000\000\000kept' >$v
fi
for f in /sys/class/tpm/tpm*/tpm_version_major; do [ -e "$f" ] && echo "GUEST tpm=$(cat "$f")"; done
for d in /sys/block/*; do echo "GUEST disk ${d##*/} $(cat "$d/size")"; done
echo 'GUEST done'
poweroff -f
END
chmod +x initramfs/init
(cd initramfs && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >initrd.gz

truncate -s 64M system.img
mformat -i system.img -F ::
mmd -i system.img ::/EFI ::/EFI/BOOT ::/EFI/debian
printf 'linux /vmlinuz console=ttyS0 panic=-1\ninitrd /initrd.gz\nboot\n' >grub.cfg
mcopy -i system.img "$SHIM" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i system.img "$GRUB" ::/EFI/BOOT/grubx64.efi
mcopy -i system.img grub.cfg ::/EFI/debian/grub.cfg
mcopy -i system.img "$KERNEL" ::/vmlinuz
mcopy -i system.img initrd.gz ::/initrd.gz

echo "store { path = \"$TMP/store\" }" >config.hcl
export IMGFAC_CONFIG=$TMP/config.hcl

# What to start from, and what to do with it; both are changed below.
from="iso_url = \"$TMP/system.img\"
  iso_checksum     = \"none\"
  disk_image       = true"
into=
# One build; what the guest said is in ./said.
boot() { # NAME OPTION...
    local name=$1 begin
    shift
    one_guest_at_a_time
    begin=$SECONDS
    cat >"$name.pkr.hcl" <<END
source "qemu" "$name" {
  $from
  accelerator      = "tcg"
  communicator     = "none"
  shutdown_timeout = "15m"
  memory           = 512
  output_directory = "$TMP/out-$name"
  vm_name          = "disk"
  $(printf '%s\n  ' "$@")
}
build {
  sources = ["qemu.$name"]
  $into
}
END
    assert_status 0 imgfac build "$name.pkr.hcl"
    flock -u 9 # let others have their turn
    tr -d '\r' <console.log | grep -a '^GUEST ' >said || true
    assert_contains said 'GUEST done'
    echo "  $name: $((SECONDS - begin)) s: $(sed -n 's/^GUEST \(.*=.*\)/\1/p' said | tr '\n' ' ')"
}
serial='["-serial", "file:console.log"]'

echo '- BIOS, the kernel by qemuargs'
boot bios "qemuargs = [$serial, [\"-kernel\", \"$KERNEL\"], [\"-initrd\", \"initrd.gz\"], [\"-append\", \"console=ttyS0\"]]"
assert_contains said 'firmware=bios' 'disk vda 131072'

echo '- EFI, a variable store beside the image'
boot efi 'efi_boot = true' "qemuargs = [$serial]"
assert_contains said 'firmware=efi' 'secure-boot=0'
[ -s out-efi/efivars.fd ] || fail 'no efivars.fd'
cmp -s out-efi/efivars.fd /usr/share/OVMF/OVMF_VARS_4M.fd && fail 'nothing was written to efivars.fd'

echo '- the catalog keeps the variables, and a build from there has them'
from="base = \"system\""
into='seal { enabled = false }
  catalog { bucket = "system" }'
imgfac catalog import system system.img >/dev/null
boot first 'efi_boot = true' "qemuargs = [$serial]"
assert_lacks said 'variable=kept'
into=
boot second 'efi_boot = true' "qemuargs = [$serial]"
assert_contains said 'firmware=efi' 'variable=kept'
assert_status 0 imgfac catalog export -efivars=kept.fd system kept.qcow2
cmp kept.fd out-first/efivars.fd || fail 'the catalog has other variables than the guest left'
from="iso_url = \"$TMP/system.img\"
  iso_checksum     = \"none\"
  disk_image       = true"

echo '- Secure Boot by the paths of Debian, a TPM'
boot secure 'machine_type = "q35"' 'efi_firmware_code = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd"' \
    'efi_firmware_vars = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"' 'vtpm = true' 'tpm_device_type = "tpm-crb"' \
    'efi_drop_efivars = true' "qemuargs = [$serial]"
assert_contains said 'firmware=efi' 'secure-boot=1' 'tpm=2'
[ ! -e out-secure/efivars.fd ] || fail 'efivars.fd was not dropped'

echo '- the format raw, further disks'
boot raw 'efi_boot = true' 'format = "raw"' 'disk_additional_size = ["16M", "32M"]' "qemuargs = [$serial]"
assert_contains said 'disk vda 131072' 'disk vdb 32768' 'disk vdc 65536'
cmp out-raw/disk system.img || fail 'the raw image is not what the guest had'
assert_eq 33554432 "$(stat -c %s out-raw/disk-2)" 'size of the second disk'

echo '- each bus boots'
for bus in virtio-scsi scsi sata ide; do
    boot "bus-$bus" 'efi_boot = true' "disk_interface = \"$bus\"" "qemuargs = [$serial]"
    assert_contains said 'firmware=efi'
done
# OVMF of Debian 12 has no driver for SD cards, SeaBIOS has.  A boot sector that says so and powers the PC off:
#   mov si, text / mov dx, 0x3f8 / xor ax, ax / mov ds, ax / a: lodsb / test al, al / jz b / out dx, al / jmp a
#   b: mov dx, 0x604 / mov ax, 0x2000 / out dx, ax / jmp $ / text:
truncate -s 8M card.raw
printf '\276\033\174\272\370\003\061\300\216\330\254\204\300\164\003\356\353\370\272\004\006\270\000\040\357\353\376\r\nGUEST done\r\n' |
    dd of=card.raw conv=notrunc status=none
printf '\125\252' | dd of=card.raw bs=1 seek=510 conv=notrunc status=none
from="iso_url = \"$TMP/card.raw\"
  iso_checksum     = \"none\"
  disk_image       = true"
boot bus-sd 'disk_interface = "sd"' "qemuargs = [$serial]"

left=$(find store/work store/ledger -mindepth 1)
assert_eq '' "$left" 'left in the store'
[ -z "$(pgrep -f "swtpm.*$TMP" || true)" ] || fail 'a swtpm process is left'
