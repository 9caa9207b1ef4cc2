#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A base image out of a mirror, made by an ordinary user, booted with SeaBIOS
# and with OVMF.  Needs the network.  IMGFAC_TEST_MIRROR names another mirror.
. "$(dirname "$0")/../lib/lib.sh"
requires mmdebstrap mke2fs mformat qemu-img qemu-system-x86_64 ssh ssh-keygen xorriso sfdisk newuidmap
mirror=${IMGFAC_TEST_MIRROR:-http://deb.debian.org/debian}
curl -fsI -m 20 "$mirror/dists/bookworm/InRelease" >/dev/null || skip "no mirror at '$mirror'"
port=$((20000 + RANDOM % 10000))

# Root makes itself an ordinary user whose home nobody else may enter.
home=$TMP/home
chmod 711 "$TMP"
if [ "$(id -u)" -eq 0 ]; then
    user=imgfac-t$RANDOM
    useradd -m -d "$home" -K HOME_MODE=0700 "$user"
    cleanup userdel "$user"
    as_user() { setpriv --reuid "$user" --regid "$user" --init-groups env HOME="$home" "$@"; }
    install -m 755 "$B/imgfac" "$TMP/imgfac"
else
    mkdir -m 700 "$home"
    as_user() { env HOME="$home" "$@"; }
    ln -s "$B/imgfac" "$TMP/imgfac"
fi

template() { # LINES...
    printf 'source "debootstrap" "base" {\n  mirror = "%s"\n  output_directory = "%s/out"\n  vm_name = "base.qcow2"\n%s\n}\nbuild {\n  sources = ["source.debootstrap.base"]\n}\n' \
        "$mirror" "$home" "$*" >base.pkr.hcl
    chmod 644 base.pkr.hcl
}

nothing_left() {
    [ -z "$(ls -A "$home/.local/share/imgfac/work" 2>/dev/null)" ] ||
        fail "left behind: $(find "$home/.local/share/imgfac/work" | head)"
}

build() { # FLAGS...
    (cd "$home" && as_user "$TMP/imgfac" build "$@" "$TMP/base.pkr.hcl")
}

one_guest_at_a_time

# One clear error for each thing that goes wrong outside.
template '  suite = "nosuchsuite"'
build >errors 2>&1 && fail 'a suite that is not there was built'
assert_contains errors "has no suite 'nosuchsuite'"
template '  packages = ["no-such-package-here"]'
build >errors 2>&1 && fail 'a package that is not there was installed'
assert_contains errors 'no-such-package-here'
nothing_left

# Killed in the middle: nothing remains, the next start removes what a SIGKILL left.
template ''
(cd "$home" && exec setsid setpriv --reuid "$(stat -c %u "$home")" --regid "$(stat -c %g "$home")" \
    --clear-groups env HOME="$home" "$TMP/imgfac" build "$TMP/base.pkr.hcl") >killed 2>&1 &
victim=$!
wait_until 300 grep -q 'Unpacking' killed
kill -9 "$victim"
wait "$victim" || true
wait_until 10 sh -c "! pgrep -u $(stat -c %u "$home") dpkg"

start=$SECONDS
build -force >log 2>&1 || fail "the build failed: $(tail -n 20 log)"
echo "built in $((SECONDS - start)) s"
nothing_left
disk=$home/out/base.qcow2
assert_file "$disk"
qemu-img check -q "$disk"
qemu-img info "$disk" | grep -q 'compression type: zstd' || fail 'not compressed by zstd'
qemu-img convert -O raw "$disk" raw
sfdisk -q --verify raw
rm raw
cp "$disk" "$B/e2e-base.qcow2.part" # for the tests that need a base
mv "$B/e2e-base.qcow2.part" "$B/e2e-base.qcow2"

ssh-keygen -q -t ed25519 -N '' -f key
printf '#cloud-config\nssh_authorized_keys:\n  - %s\n' "$(cat key.pub)" >user-data
printf 'instance-id: i-1\nlocal-hostname: guest\n' >meta-data
xorriso -as mkisofs -quiet -V cidata -J -r -o seed.iso user-data meta-data 2>/dev/null

in_guest() {
    ssh -q -i key -p "$port" -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null debian@127.0.0.1 "$@"
}

boot() { # FIRMWARE
    local firmware=()
    qemu-img create -q -f qcow2 -F qcow2 -b "$disk" "$1.qcow2" 6G
    if [ "$1" = uefi ]; then
        cp /usr/share/OVMF/OVMF_VARS_4M.fd vars.fd
        firmware=(-machine q35 -drive "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
            -drive "if=pflash,format=raw,file=vars.fd")
    fi
    qemu-system-x86_64 -accel tcg -cpu max -m 1024 -smp 1 "${firmware[@]}" -display none -serial "file:$1.log" \
        -drive "if=virtio,file=$1.qcow2" -drive if=virtio,format=raw,readonly=on,file=seed.iso \
        -nic "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:$port-:22" &
    guest=$!
    cleanup kill "$guest"
    start=$SECONDS
    wait_until 400 in_guest true
    echo "$1: SSH after $((SECONDS - start)) s"
    in_guest cloud-init status --wait >status || fail "cloud-init: $(cat status)"
    assert_contains status 'status: done'
    assert_eq 0 "$(in_guest systemctl --failed --no-legend | wc -l)" 'failed units'
    [ "$(in_guest findmnt -bno SIZE /)" -gt $((5 * 1000 * 1000 * 1000)) ] || fail 'the root did not grow'
    in_guest test -s /etc/ssh/ssh_host_ed25519_key.pub -a -s /etc/machine-id || fail 'no keys, no machine ID'
    assert_eq '' "$(in_guest sudo find / -xdev -nouser -o -xdev -nogroup)" 'files of unknown owners'
    assert_eq root:root "$(in_guest stat -c %U:%G /usr/bin/sudo)" 'owner'
}

halt_guest() {
    in_guest sudo systemctl poweroff || true
    wait_until 120 sh -c "! kill -0 $guest"
}

boot bios
halt_guest
boot uefi
in_guest test -d /sys/firmware/efi || fail 'not booted by UEFI'
in_guest sudo update-grub >update-grub 2>&1 || fail "update-grub: $(cat update-grub)"
assert_lacks update-grub 'improperly nested'
halt_guest
