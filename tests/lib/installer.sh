# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A small bootable installer as vendors make them: ISOLINUX with a boot prompt (and GRUB behind it), Debian's
# cloud kernel, an initramfs with busybox whose installer (installer/init) fetches its answers over HTTP, and
# the root file system it unpacks.  All of it comes out of packages of this host.  Needs lib.sh.

INSTALLER_FILES=$ROOT/tests/lib/installer
ISOLINUX=/usr/lib/ISOLINUX/isolinux.bin
SYSLINUX_MODULES=/usr/lib/syslinux/modules/bios
GRUB_FILES=/usr/lib/grub/i386-pc

requires_installer() {
    requires cpio gzip busybox xorriso grub-mkimage dropbear
    [ -e "$ISOLINUX" ] && [ -e "$SYSLINUX_MODULES/ldlinux.c32" ] || skip "package 'isolinux' or 'syslinux-common' is missing"
    [ -e "$GRUB_FILES/lnxboot.img" ] || skip "package 'grub-pc-bin' is missing"
    KERNEL=$(find /boot -name 'vmlinuz-*-cloud-*' | sort -V | tail -n 1)
    [ -r "$KERNEL" ] || skip "package 'linux-image-cloud-amd64' is missing"
}

# A program with its libraries, at the same places.
put_program() { # TREE PROGRAM...
    local tree=$1 program library
    shift
    for program; do
        mkdir -p "$tree${program%/*}"
        cp -L "$program" "$tree$program"
        ldd "$program" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
            [ -e "$tree$library" ] || install -D -m 755 "$library" "$tree$library"
        done
    done
}

put_modules() { # TREE MODULE...
    local tree=$1 module version=${KERNEL#/boot/vmlinuz-}
    shift
    mkdir -p "$tree/modules"
    for module; do
        # "insmod /lib/modules/.../x.ko": in the order they are to be loaded in
        /sbin/modprobe -S "$version" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
        cp "$path" "$tree/modules"
        basename "$path"
    done >"$tree/modules/list"
}

make_initramfs() { # FILE
    put_program initramfs "$(command -v busybox)"
    [ -e initramfs/bin/busybox ] || install -D "$(command -v busybox)" initramfs/bin/busybox
    put_modules initramfs virtio_pci virtio_blk virtio_net ata_piix sr_mod isofs
    install -m 755 "$INSTALLER_FILES/init" "$INSTALLER_FILES/udhcpc.script" initramfs
    (cd initramfs && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$1"
}

# A system just large enough to be logged in to and to be known as Debian.
make_installed_root() { # FILE
    local tree=installed applet
    mkdir -p $tree/{etc/init.d,proc,sys,dev,mnt,tmp,run,root,home,sbin,usr/sbin,usr/bin,var/log,var/lib/dpkg,usr/lib/openssh}
    mkdir -p $tree/{bin,var/tmp,boot}
    chmod 1777 $tree/tmp $tree/var/tmp
    chmod 700 $tree/root
    put_program $tree /usr/sbin/dropbear /usr/lib/openssh/sftp-server
    put_program $tree "$(command -v busybox)"
    [ -e $tree/bin/busybox ] || install -D "$(command -v busybox)" $tree/bin/busybox
    ln -s openssh/sftp-server $tree/usr/lib/sftp-server
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
    done
    for applet in init halt poweroff reboot; do
        ln -s ../bin/busybox "$tree/sbin/$applet"
    done
    printf 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n' >$tree/etc/os-release
    echo 12.0 >$tree/etc/debian_version
    printf 'Package: busybox\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.35.0\n' >$tree/var/lib/dpkg/status
    printf 'root:x:0:0:root:/root:/bin/sh\n' >$tree/etc/passwd
    printf 'root:x:0:\n' >$tree/etc/group
    printf '/bin/sh\n' >$tree/etc/shells
    printf '/dev/vda1 / ext2 defaults 0 1\n' >$tree/etc/fstab
    printf '::sysinit:/etc/init.d/rcS\nttyS0::respawn:/bin/getty -L 115200 ttyS0\n::shutdown:/bin/umount -a -r\n' >$tree/etc/inittab
    : >$tree/etc/machine-id
    install -m 755 "$INSTALLER_FILES/rcS" $tree/etc/init.d/rcS
    install -m 755 "$INSTALLER_FILES/udhcpc.script" $tree/etc/udhcpc.script
    tar --owner=0 --group=0 -C $tree -c . | gzip -1 >"$1"
}

make_grub() { # DIRECTORY
    printf 'set root=(hd0,msdos1)\nlinux /boot/vmlinuz root=/dev/vda1 console=ttyS0\ninitrd /boot/initrd.gz\nboot\n' >disk.cfg
    # ISOLINUX starts this one, which stops at its prompt.
    printf 'normal\n' >prompt.cfg
    mkdir -p "$1"
    cp "$GRUB_FILES/boot.img" "$GRUB_FILES/lnxboot.img" "$1"
    grub-mkimage -O i386-pc -p /none -c disk.cfg -o "$1/disk.img" biosdisk part_msdos ext2 linux boot
    grub-mkimage -O i386-pc -p /none -c prompt.cfg -o "$1/prompt.img" biosdisk fat iso9660 normal cat ls echo reboot
}

make_installer_iso() { # FILE
    mkdir -p iso/isolinux iso/install
    cp "$ISOLINUX" "$SYSLINUX_MODULES/ldlinux.c32" iso/isolinux
    cp "$KERNEL" iso/install/vmlinuz
    make_initramfs iso/install/initrd.gz
    make_installed_root iso/root.tar.gz
    make_grub iso/grub
    cat >iso/isolinux/isolinux.cfg <<'END'
PROMPT 1
TIMEOUT 0
F1 f1.txt
F10 f10.txt
SAY The installer of the tests: install or loader
LABEL install
  KERNEL /install/vmlinuz
  APPEND initrd=/install/initrd.gz console=ttyS0
LABEL console
  KERNEL /install/vmlinuz
  APPEND initrd=/install/initrd.gz console=ttyS0 typing
LABEL loader
  LINUX /grub/lnxboot.img
  INITRD /grub/prompt.img
END
    printf 'help of F1\n' >iso/isolinux/f1.txt
    printf 'help of F10\n' >iso/isolinux/f10.txt
    xorriso -as mkisofs -quiet -V TESTINSTALL -J -R -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot \
        -boot-load-size 4 -boot-info-table -o "$1" iso
}
