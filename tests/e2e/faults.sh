#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Guests that fail: each ends with one message that names the cause, and leaves nothing behind.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64
requires_base
one_guest_at_a_time

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
imgfac catalog import base "$BASE_IMAGE"
qemu-img create -q -f qcow2 empty.qcow2 64M
imgfac catalog import empty empty.qcow2

template() { # BASE SOURCE_LINES BUILD_LINES
    printf 'source "qemu" "x" {\n  base = "%s"\n%s\n}\nbuild {\n  sources = ["source.qemu.x"]\n%s\n  catalog { bucket = "x" }\n}\n' \
        "$1" "$2" "$3" >t.pkr.hcl
}
nothing_is_left() {
    assert_eq '' "$(pgrep -f "qemu-system.*$PWD" || true)" 'QEMU processes'
    assert_eq "" "$(find store/work store/tmp -mindepth 1)" "left in the store"
    assert_status 6 imgfac catalog show x
}

echo '- a disk with nothing to boot'
template empty '  ssh_timeout = "30s"' ''
start=$SECONDS
assert_status 1 imgfac build t.pkr.hcl
assert_contains stdout 'ootable'
[ $((SECONDS - start)) -lt 45 ] || fail 'waited longer than ssh_timeout'
nothing_is_left

echo '- a provisioner that fails, one that hangs, then a kernel panic'
template base '' '  provisioner "shell" {
    inline            = ["echo before; exit 7"]
    continue_on_error = true
  }
  provisioner "shell" {
    inline            = ["sleep 600"]
    timeout           = "3s"
    continue_on_error = true
  }
  provisioner "shell" {
    inline = ["sudo sh -c \"echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger\""]
  }'
assert_status 1 imgfac build t.pkr.hcl
assert_contains stdout 'before' '7' 'timeout of 3s' 'anic'
nothing_is_left
