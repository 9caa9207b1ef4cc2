#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: the faults that need a booted guest or root, half an hour.  IMGFAC_TEST_FAULTS="a b" runs some of
# panic root guest_full dhcp sshd key host_full libvirt.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/faults.sh"
requires qemu-img qemu-system-x86_64 guestfish
requires_base
# How long a build waits for a login that cannot come.  Those that can come say how fast this host is now:
# guest_full takes the time of a boot and of a provisioner, and is run before the others.
patience=${IMGFAC_TEST_PATIENCE:-5m}
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg

# Starts of Linux with a command line of its own: no image has to be changed for that.
kernel_of_base() {
    [ ! -e vmlinuz ] || return 0
    guestfish --ro -a "$BASE_IMAGE" -i glob copy-out '/boot/vmlinuz-*' . : glob copy-out '/boot/initrd.img-*' .
    mv vmlinuz-* vmlinuz
    mv initrd.img-* initrd
}

kernel_args() { # COMMAND_LINE
    printf '  ssh_timeout = "20m"\n  qemuargs = [["-kernel", "%s/vmlinuz"], ["-initrd", "%s/initrd"], ["-append", "console=ttyS0 %s"]]' \
        "$PWD" "$PWD" "$1"
}

fault_panic() {
    kernel_of_base
    template base "$(kernel_args 'rdinit=/usr/bin/uname')"
    fails_with "the guest's kernel panicked"
}

fault_root() {
    kernel_of_base
    template base "$(kernel_args 'root=/dev/vdz9')"
    fails_with 'the initramfs does not find the root file system'
}

# What the guest sends is held back for longer than the build waits, behind the filter that records it.
fault_dhcp() {
    template base "  ssh_timeout = \"$patience\"
  qemuargs = [[\"-object\", \"filter-buffer,id=hold,netdev=user.0,queue=rx,position=head,interval=4000000000\"]]"
    fails_with 'the guest asked for an address by DHCP and got no answer'
}

fault_sshd() {
    template base "  ssh_timeout = \"$patience\""'
  cloud_init {
    user_data = "#cloud-config\nbootcmd:\n  - [systemctl, mask, --now, ssh.service]\n"
  }'
    fails_with 'the guest has an address, but its SSH server does not run'
}

fault_key() {
    ssh-keygen -q -t ed25519 -N '' -f wrong
    template base "  ssh_timeout          = \"$patience\""'
  ssh_username         = "debian"
  ssh_private_key_file = "wrong"'
    fails_with "the guest's SSH server refuses the login of 'debian'"
}

fault_guest_full() {
    local begin=$SECONDS
    template base '  ssh_timeout = "20m"' '  provisioner "shell" {
    inline = ["sudo fallocate -l $(df -Pk / | tail -n 1 | tr -s \" \" | cut -d \" \" -f 4)K /fill", "yes >$HOME/more"]
  }'
    fails_with "the guest's disk is full"
    patience=${IMGFAC_TEST_PATIENCE:-$(((SECONDS - begin) * 3 / 2 + 60))s}
}

# The store on a file system too small for what the guest writes.
fault_host_full() {
    requires_root
    mkdir small
    mount -t tmpfs -o size=700m tmpfs small
    cleanup umount "$PWD/small"
    cp -a store/. small/
    printf 'store { path = "%s/small" }\n' "$PWD" >small.hcl
    template base '  ssh_timeout = "20m"' '  provisioner "shell" { inline = ["dd if=/dev/urandom of=big bs=1M count=1500"] }'
    rm -rf store
    ln -s small store
    IMGFAC_CONFIG=$PWD/small.hcl assert_status 1 imgfac build t.pkr.hcl
    tail -n 1 stdout | grep -F "==> qemu.x failed: the host's disk is full" || fail "$(tail -n 5 stdout)"
    assert_contains small/logs/*/cause.txt "the host's disk is full"
    IMGFAC_CONFIG=$PWD/small.hcl assert_status 0 imgfac gc -orphans
    assert_eq '' "$(guests)" 'QEMU processes'
    assert_eq '' "$(find small/work small/run small/ledger -mindepth 1)" 'left in the store'
    rm store
    mkdir store
}

# A user's own daemon that is killed in the middle; the next start removes the guest.
fault_libvirt() {
    requires libvirtd
    requires_root
    ordinary_user
    as() { as_user env XDG_RUNTIME_DIR="$HOME_DIR/run" IMGFAC_CONFIG="$HOME_DIR/config.hcl" "$@"; }
    local user_store=$HOME_DIR/.local/share/imgfac sock=$HOME_DIR/run/libvirt/libvirt-sock
    install -m 755 "$B/imgfac" "$TMP/imgfac"
    chmod 644 loop.qcow2
    as mkdir -m 700 "$HOME_DIR/run"
    printf 'hypervisor "own" { uri = "qemu:///session" }\n' >config-own
    template loop '  ssh_timeout = "2m"'
    install -m 644 config-own "$HOME_DIR/config.hcl"
    install -m 644 t.pkr.hcl "$HOME_DIR/t.pkr.hcl"
    as "$TMP/imgfac" catalog import loop "$TMP/loop.qcow2" >/dev/null
    start_daemon() {
        as libvirtd --timeout 600 >libvirtd.log 2>&1 &
        wait_until 30 test -S "$sock"
    }
    start_daemon
    as "$TMP/imgfac" build t.pkr.hcl >stdout 2>stderr &
    pid=$!
    wait_until 120 grep -q 'Waiting for SSH' stdout
    pkill -KILL -u "$TEST_USER" -x libvirtd
    rm -f "$sock"
    rc=0
    wait "$pid" || rc=$?
    assert_eq 1 "$rc" 'exit status'
    tail -n 1 stdout | grep -F 'the connection to libvirt (qemu:///session) was lost' ||
        fail "$(tail -n 5 stdout)"
    start_daemon
    as "$TMP/imgfac" gc -orphans
    assert_eq '' "$(pgrep -u "$TEST_USER" -f qemu-system || true)" 'QEMU processes'
    assert_eq '' "$(find "$user_store"/{work,run,ledger} -mindepth 1)" 'left in the store'
    pkill -TERM -u "$TEST_USER" || true
}

faults_store
imgfac catalog import base "$BASE_IMAGE" >/dev/null
for fault in ${IMGFAC_TEST_FAULTS:-panic root guest_full dhcp sshd key host_full libvirt}; do
    one_guest_at_a_time
    echo "- $fault"
    start=$SECONDS
    "fault_$fault"
    echo "  $((SECONDS - start)) s"
    flock -u 9 # let others have their turn
done
