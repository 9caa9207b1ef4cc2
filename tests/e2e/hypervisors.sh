#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: builds under libvirt daemons (session, system) and on another host over qemu+ssh, ten minutes; with
# IMGFAC_TEST_HYPERVISORS="system far ..." some of it.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/libvirtd.sh"
requires qemu-img qemu-system-x86_64 libvirtd virtlogd virsh virt-ssh-helper ssh ip nsenter jq
requires_root
requires_base
[ -x /usr/sbin/sshd ] || skip 'openssh-server is not installed'
own_network

FAR=10.99.1.2
# A boot sector that powers the PC off: the whole line in seconds.
#   mov dx, 0x604 / mov ax, 0x2000 / out dx, ax / jmp $
truncate -s 8M off.raw
printf '\272\004\006\270\000\040\357\353\376' | dd of=off.raw conv=notrunc status=none
printf '\125\252' | dd of=off.raw bs=1 seek=510 conv=notrunc status=none
qemu-img convert -O qcow2 off.raw off.qcow2
# One that only halts.
truncate -s 64M loop.raw
printf '\372\364\353\375' | dd of=loop.raw conv=notrunc status=none
printf '\125\252' | dd of=loop.raw bs=1 seek=510 conv=notrunc status=none
qemu-img convert -O qcow2 loop.raw loop.qcow2

config() { # URI [LINES]
    printf 'store { path = "%s/store" }\nhypervisor "it" {\n  uri = "%s"\n  accelerator = "tcg"\n%s\n}\n' \
        "$PWD" "$1" "${2:-}" >config.hcl
}
export IMGFAC_CONFIG=$PWD/config.hcl

# On failure both streams tell.
builds() { # STATUS
    local rc=0
    imgfac build t.pkr.hcl >stdout 2>stderr || rc=$?
    [ "$rc" -eq "$1" ] || fail "expected exit status $1, got $rc: $(cat stdout stderr)"
}

template() { # BASE SOURCE_LINES [BUILD_LINES]
    printf 'source "qemu" "x" {\n  base = "%s"\n%s\n}\nbuild {\n  sources = ["source.qemu.x"]\n%s\n  catalog { bucket = "x" }\n}\n' \
        "$1" "$2" "${3:-}" >t.pkr.hcl
}
OFF='  communicator = "none"
  shutdown_timeout = "3m"'
UNSEALED='  seal { enabled = false }'

bases() {
    [ ! -e store/catalog.db ] || return 0
    config auto
    imgfac catalog import off off.qcow2 >/dev/null
    imgfac catalog import loop loop.qcow2 >/dev/null
    imgfac catalog import base "$BASE_IMAGE" >/dev/null
    chmod 711 store
}

nothing_is_left() {
    assert_eq '' "$(find store/work store/tmp store/run store/ledger -mindepth 1)" 'left in the store'
}

far_uri() {
    echo "qemu+ssh://root@$FAR/system?keyfile=$HOST_KEY&command=$HOST_SSH"
}
far_volumes() { # but for what stays there for later builds
    on_host far find /var/lib/libvirt/images -mindepth 1 -printf '%f\n' | grep -vE '^imgfac-[0-9a-f]{64}\.' || true
}
far_shared() {
    on_host far find /var/lib/libvirt/images -name 'imgfac-*' -printf '%f %i %s\n' | grep -E '^imgfac-[0-9a-f]{64}\.' | sort
}
far_domains() {
    virsh -q -c "qemu+unix:///system?socket=$PWD/far/run/libvirt/libvirt-sock" list --all --name
}
nothing_is_left_there() {
    assert_eq '' "$(far_volumes)" 'volumes left on the other host'
    assert_eq '' "$(far_domains)" 'domains left on the other host'
}

# An ordinary user's daemon.
test_session() {
    ordinary_user
    as() { as_user env XDG_RUNTIME_DIR="$HOME_DIR/run" IMGFAC_CONFIG="$HOME_DIR/config.hcl" "$@"; }
    install -m 755 "$B/imgfac" imgfac
    as mkdir -m 700 "$HOME_DIR/run"
    printf 'hypervisor "own" {\n  uri = "qemu:///session"\n  accelerator = "tcg"\n}\n' >config-session
    template off "$OFF" "$UNSEALED"
    install -m 644 config-session "$HOME_DIR/config.hcl"
    install -m 644 t.pkr.hcl off.qcow2 "$HOME_DIR"
    as libvirtd --timeout 600 >libvirtd-session.log 2>&1 &
    wait_until 60 test -S "$HOME_DIR/run/libvirt/libvirt-sock"
    assert_status 0 as "$PWD/imgfac" catalog import off off.qcow2
    assert_status 0 as "$PWD/imgfac" build t.pkr.hcl
    assert_contains stdout 'Recorded as x v1'
    assert_eq '' "$(find "$HOME_DIR"/.local/share/imgfac/{work,run,ledger} -mindepth 1)" 'left in the store'
    pkill -TERM -u "$TEST_USER" -x libvirtd || true
}

# The system's daemon: QEMU runs as another account.
test_system() {
    bases
    start_host near
    config "qemu+unix:///system?socket=$HOST_SOCKET_NAME"
    template off "$OFF" "$UNSEALED"
    builds 0
    assert_contains stdout 'Recorded as x'
    assert_status 0 imgfac catalog verify
    nothing_is_left
    # where that account cannot pass, it is said
    chmod 700 store
    builds 1
    chmod 711 store
    cat stdout stderr >both
    assert_contains both 'QEMU of' 'chmod o+x'
    rm -rf store/logs/*
    nothing_is_left
    stop_host near
}

start_far() {
    bases
    start_host far "$FAR"
    config "$(far_uri)" "${1:-  pool_path = \"/var/lib/libvirt/images\"}"
}

# Nothing but libvirt and SSH: no file of this host is seen there.
test_far() {
    start_far
    template off "$OFF" "$UNSEALED"
    builds 0
    assert_contains stdout 'Uploaded to storage pool' 'Recorded as x'
    nothing_is_left
    nothing_is_left_there
    far_shared >first
    assert_eq 2 "$(wc -l <first)" 'volumes of the base'
    builds 0
    assert_contains stdout 'has it already'
    far_shared >second
    cmp first second || fail "the base was uploaded again: $(diff first second)"
    imgfac catalog show -format json x | jq -r '.version.artifacts[0].path' >path
    qemu-img check -q "$(cat path)"
    stop_host far
}

# kill -9 while the guest runs, while the host is away, and after it came back.
test_killed() {
    local pid
    start_far
    template loop '  ssh_timeout = "10m"'
    imgfac build t.pkr.hcl >out 2>&1 &
    pid=$!
    wait_until 240 grep -q 'Waiting for SSH\|accept a login' out
    [ -n "$(far_domains)" ] || fail "no guest there: $(cat out)"
    kill -KILL "$pid"
    wait "$pid" || true
    [ -n "$(far_volumes)" ] || fail 'nothing was there to be left'
    # the host does not answer: all is kept, and said
    ip link set vfar down
    assert_status 0 imgfac catalog list
    assert_contains stderr 'could not be removed yet' "$FAR"
    [ -n "$(find store/ledger -mindepth 1)" ] || fail 'the ledger forgot'
    ip link set vfar up
    assert_status 0 imgfac catalog list
    assert_lacks stderr 'could not be removed'
    nothing_is_left_there
    nothing_is_left
    stop_host far
}

# The connection goes while the guest runs.
test_lost() {
    local pid rc=0
    start_far
    template loop '  ssh_timeout = "10m"'
    imgfac build t.pkr.hcl >out 2>&1 &
    pid=$!
    wait_until 240 grep -q 'Waiting for SSH\|accept a login' out
    ip link set vfar down
    wait "$pid" || rc=$?
    assert_eq 1 "$rc" 'exit status'
    tail -n 1 out | grep -F 'the connection to libvirt' >/dev/null || fail "$(tail -n 5 out)"
    ip link set vfar up
    assert_status 0 imgfac gc -orphans
    nothing_is_left_there
    nothing_is_left
    rm -rf store/logs/*
    stop_host far
}

# What cannot be is said before anything is made.
test_refused() {
    start_far '  pool = "none"'
    template off "$OFF" "$UNSEALED"
    builds 1
    assert_contains stdout "has no storage pool 'none'"
    config "qemu+ssh://root@10.99.1.77/system?keyfile=$HOST_KEY&command=$HOST_SSH"
    builds 1
    assert_contains stdout 'cannot connect to hypervisor'
    config "qemu+ssh://root@$FAR/system?keyfile=/nonexistent&command=$HOST_SSH&no_tty=1"
    builds 1
    cat stdout stderr >both
    grep -qE 'Permission denied|The program that connects' both || fail "no reason: $(cat both)"
    on_host far mount -t tmpfs -o size=1m,mode=711 tmpfs /var/lib/libvirt/images
    config "$(far_uri)" '  pool_path = "/var/lib/libvirt/images"'
    builds 1
    assert_contains stdout 'are free in storage pool'
    on_host far umount /var/lib/libvirt/images
    nothing_is_left_there
    nothing_is_left
    rm -rf store/logs/*
    config "$(far_uri)" '  pool_path = "/var/lib/libvirt/images"'
    assert_status 0 imgfac doctor
    assert_contains stdout 'libvirt 9' "storage pool 'default'"
    stop_host far
}

# No guest: QEMU refuses its network card.  The base is sent once by two builds, again after a kill in
# the middle, not at all by the next, and never used when it is not what it should be.
test_upload() {
    local pid other begin=$SECONDS
    start_far
    template base '  net_device = "no-such-card"'
    imgfac build t.pkr.hcl >out 2>&1 &
    pid=$!
    wait_until 60 is_arriving
    kill -KILL "$pid"
    wait "$pid" || true
    assert_eq 1 "$(far_shared | wc -l)" 'volumes of a cut off upload'
    assert_status 0 imgfac catalog list
    assert_eq '' "$(far_shared)" 'of a cut off upload'
    nothing_is_left_there
    nothing_is_left
    imgfac build t.pkr.hcl >out1 2>&1 &
    pid=$!
    imgfac build t.pkr.hcl >out2 2>&1 &
    other=$!
    wait "$pid" || true
    wait "$other" || true
    assert_contains out1 'no-such-card'
    assert_contains out2 'no-such-card'
    assert_eq '1 1' "$(cat out1 out2 | grep -c 'Uploaded to') $(cat out1 out2 | grep -c 'has it already')" uploads
    assert_eq "$(sha256sum <"$BASE_IMAGE")" "$(on_host far sh -c 'cat /var/lib/libvirt/images/imgfac-*.qcow2' | sha256sum)" bytes
    far_shared >first
    begin=$SECONDS
    builds 1
    assert_contains stdout 'has it already'
    echo "  reused in $((SECONDS - begin)) s"
    far_shared >second
    cmp first second || fail "the base was uploaded again: $(diff first second)"
    on_host far sh -c 'dd if=/dev/zero of=$(echo /var/lib/libvirt/images/imgfac-*.qcow2) bs=1M count=1 conv=notrunc status=none'
    builds 1
    assert_contains stdout 'Uploaded to'
    nothing_is_left_there
    nothing_is_left
    rm -rf store/logs/*
    stop_host far
}
is_arriving() {
    [ "$(on_host far sh -c 'du -k /var/lib/libvirt/images | tail -n 1 | cut -f 1')" -gt 10000 ]
}

# A whole build: cloud-init, SSH and HTTP through tunnels, sealed here, recorded.
test_real() {
    local begin=$SECONDS
    start_far
    mkdir -p http
    echo from-the-http-server >http/file
    template base '  http_directory = "http"' '  provisioner "shell" {
    inline = [
      "echo over-ssh > /tmp/proof",
      "python3 -c \"import urllib.request as u; print(u.urlopen(\\\"http://$PACKER_HTTP_ADDR/file\\\").read().decode())\"",
    ]
  }'
    builds 0
    assert_contains stdout 'Uploaded to storage pool' 'from-the-http-server' 'Sealing the image' 'Recorded as x'
    echo "  the first in $((SECONDS - begin)) s"
    nothing_is_left
    nothing_is_left_there
    imgfac catalog show -format json x | jq -r '.version.artifacts[0].path' >path
    qemu-img check -q "$(cat path)"
    stop_host far
}

for part in ${IMGFAC_TEST_HYPERVISORS:-refused upload session system far killed lost real}; do
    case $part in refused | upload) ;; *) one_guest_at_a_time ;; esac
    echo "- $part"
    begin=$SECONDS
    "test_$part"
    echo "  $((SECONDS - begin)) s"
    case $part in refused | upload) ;; *) flock -u 9 ;; esac # let others have their turn
done
