#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in (the better part of an hour when emulated): Debian's own installer, driven by examples/debian-preseed; a
# clone of the image boots and lets its user in.
# The ISO is made of the package debian-installer-13-netboot-amd64, whose boot menu is that of Debian's own ISO.
#   IMGFAC_TEST_DI      directory with the installer's images, where the package is not installed
#   IMGFAC_TEST_MIRROR  HOST[:PORT] of a Debian mirror that the guest reaches; default deb.debian.org.  It must carry
#                       the installer's components (*.udeb), which some mirrors of packages leave out.
#   IMGFAC_TEST_UDEBS   directory of a repository (dists/, pool/, key.gpg) with components which that mirror lacks; the
#                       installer takes them besides the mirror's, checks their signature, and forgets about it
#                       before it partitions.
# A slow host needs more than the hour that tests/e2e/run gives: E2E_TIMEOUT=10800.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/guest.sh"
requires qemu-img qemu-system-x86_64 xorriso jq curl ssh
mirror=${IMGFAC_TEST_MIRROR:-deb.debian.org}
images=${IMGFAC_TEST_DI:-/usr/lib/debian-installer/images/13/amd64/text}
[ -e "$images/debian-installer/amd64/linux" ] || skip "package 'debian-installer-13-netboot-amd64' is not installed"
[ -e /usr/lib/ISOLINUX/isolinux.bin ] || skip "package 'isolinux' is not installed"

# One component of each kind stands for the rest.
components=$(curl -fsS -m 60 "http://$mirror/debian/dists/trixie/main/debian-installer/binary-amd64/Packages.xz" |
    xzcat | sed -nE 's/^Filename: (.*\/(grub-installer|e2fsprogs-udeb|partman-auto|scsi-modules-[^_]*)_.*)/\1/p')
[ -n "$components" ] || skip "no Debian mirror at '$mirror'"
for component in $components; do
    [ -z "${IMGFAC_TEST_UDEBS:-}" ] || break
    curl -fsI -m 60 "http://$mirror/debian/$component" >/dev/null || skip "mirror '$mirror' has no '$component'"
done

mkdir iso
cp -r "$images/debian-installer" iso
cp /usr/lib/ISOLINUX/isolinux.bin iso
cp iso/debian-installer/amd64/boot-screens/ldlinux.c32 iso
cp iso/debian-installer/amd64/boot-screens/syslinux.cfg iso/isolinux.cfg
xorriso -as mkisofs -quiet -V DEBIAN -J -R -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
    -boot-info-table -o debian.iso iso
rm -r iso

cp -r "$ROOT/examples/debian-preseed" example
answers=
if [ -n "${IMGFAC_TEST_UDEBS:-}" ]; then
    cp -r "$IMGFAC_TEST_UDEBS" example/http/udebs
    answers='"apt-setup/_DEVEL_/repository=http://{{ .HTTPIP }}:{{ .HTTPPort }}/udebs/"'
    cat >>example/http/preseed.cfg <<EOF
d-i apt-setup/_DEVEL_/key string base64://$(base64 -w0 "$IMGFAC_TEST_UDEBS/key.gpg")
d-i partman/early_command string debconf-set apt-setup/_DEVEL_/repository ''
EOF
fi

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
one_guest_at_a_time
start=$SECONDS
assert_status 0 imgfac build -var "iso_url=$PWD/debian.iso" -var iso_checksum=none -var timeout=150m \
    -var kernel=linux-image-cloud-amd64 -var "mirror=$mirror" -var "answers=[$answers]" example
assert_contains stdout 'Debian GNU/Linux 13' 'Sealing the image' 'Recorded as debian-13-installed v1'
assert_status 0 imgfac catalog show -format json debian-13-installed
assert_eq debian "$(jq -r '.version.os' stdout | cut -d- -f1)" 'operating system'
echo "installed, provisioned, sealed and recorded in $((SECONDS - start)) s"

boot_image "$(jq -r '.version.artifacts[0].path' stdout)"
assert_eq 'ext4 /' "$(guest_run lsblk -nro FSTYPE,MOUNTPOINT /dev/vda1)" 'the root file system'
assert_eq 1 "$(guest_run lsblk -nro TYPE /dev/vda | grep -c part)" 'partitions'
assert_eq 1 "$(guest_run cat /proc/swaps | wc -l)" 'lines of /proc/swaps'
packages='openssh-server sudo cloud-init cloud-guest-utils linux-image-cloud-amd64'
assert_eq installed "$(guest_run "dpkg-query -W -f '\${db:Status-Status}\n' $packages" | sort -u)" "state of $packages"
assert_eq tester "$(guest_run getent passwd | awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }')" accounts
guest_run 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true' >sources
assert_contains sources "http://$mirror/debian/ trixie main"
assert_lacks sources udebs
assert_eq '' "$(guest_run systemctl --failed --no-legend)" 'failed units'
