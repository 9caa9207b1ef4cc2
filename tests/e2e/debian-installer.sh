#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in (the better part of an hour when emulated): Debian's own installer, driven by examples/debian-preseed.
# The ISO is made of the package debian-installer-12-netboot-amd64, whose boot menu is that of Debian's own ISO.
#   IMGFAC_TEST_DI      directory with the installer's images, where the package is not installed
#   IMGFAC_TEST_MIRROR  host of a Debian mirror that the guest reaches; default deb.debian.org.  It must carry the
#                       installer's components (*.udeb), which some mirrors of packages leave out.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64 xorriso jq curl
mirror=${IMGFAC_TEST_MIRROR:-deb.debian.org}
images=${IMGFAC_TEST_DI:-/usr/lib/debian-installer/images/12/amd64/text}
[ -e "$images/debian-installer/amd64/linux" ] || skip "package 'debian-installer-12-netboot-amd64' is not installed"
[ -e /usr/lib/ISOLINUX/isolinux.bin ] || skip "package 'isolinux' is not installed"

component=$(curl -fsS -m 60 "http://$mirror/debian/dists/bookworm/main/debian-installer/binary-amd64/Packages.gz" |
    zcat | sed -n 's/^Filename: \(.*\/grub-installer_.*\)/\1/p' | tail -n 1)
[ -n "$component" ] || skip "no Debian mirror at '$mirror'"
curl -fsI -m 60 "http://$mirror/debian/$component" >/dev/null || skip "mirror '$mirror' has no '$component'"

mkdir iso
cp -r "$images/debian-installer" iso
cp /usr/lib/ISOLINUX/isolinux.bin iso
cp iso/debian-installer/amd64/boot-screens/ldlinux.c32 iso
cp iso/debian-installer/amd64/boot-screens/syslinux.cfg iso/isolinux.cfg
xorriso -as mkisofs -quiet -V DEBIAN -J -R -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
    -boot-info-table -o debian.iso iso
rm -r iso

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
one_guest_at_a_time
start=$SECONDS
assert_status 0 imgfac build -var "iso_url=$PWD/debian.iso" -var iso_checksum=none -var timeout=150m -var memory=1536 \
    -var kernel=linux-image-cloud-amd64 \
    -var "mirror=$mirror" "$ROOT/examples/debian-preseed"
assert_contains stdout 'Debian GNU/Linux 12' 'Sealing the image' 'Recorded as debian-12-installed v1'
assert_status 0 imgfac catalog show -format json debian-12-installed
assert_eq debian "$(jq -r '.version.os' stdout | cut -d- -f1)" 'operating system'
echo "installed, provisioned, sealed and recorded in $((SECONDS - start)) s"
