#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Guests that fail: each ends with one line that names the cause, a bundle, and leaves nothing else behind.
# faults-all.sh has the rest.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/faults.sh"
requires qemu-img qemu-system-x86_64 ssh
requires_base
one_guest_at_a_time
faults_store
imgfac catalog import base "$BASE_IMAGE" >/dev/null

echo '- a disk with nothing to boot'
template empty '  ssh_timeout = "30s"'
start=$SECONDS
fails_with 'the firmware found nothing to boot'
[ $((SECONDS - start)) -lt 45 ] || fail 'waited longer than ssh_timeout'

echo '- stuck in the firmware shell'
template empty '  efi_boot = true
  vga = "std"
  ssh_timeout = "3m"'
assert_status 1 imgfac build t.pkr.hcl
assert_eq 1 "$(find store/logs -name 'screen-*.png' | wc -l)" 'pictures of the screen'
names 'the guest is in the firmware'
nothing_is_left

echo '- QEMU killed by a signal'
template loop '  ssh_timeout = "2m"'
imgfac build t.pkr.hcl >stdout 2>stderr &
pid=$!
wait_until 60 grep -rqs 'Booting from' store/logs
kill -SEGV "$(guests)"
rc=0
wait "$pid" || rc=$?
assert_eq 1 "$rc" 'exit status'
names 'QEMU died while the guest was running'
nothing_is_left

echo '- a provisioner that fails, one that hangs, one that waits for a look from outside, then a kernel panic'
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
    inline  = ["echo look now; until [ -e /tmp/seen ]; do sleep 1; done"]
    timeout = "3m"
  }
  provisioner "shell" {
    inline = ["sudo sh -c \"echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger\""]
  }'
imgfac build t.pkr.hcl >stdout 2>stderr &
pid=$!
wait_until 400 grep -q 'look now' stdout
imgfac ssh x -- 'id -un; touch /tmp/seen' >seen || fail 'ssh'
assert_contains seen imgfac-build
rc=0
wait "$pid" || rc=$?
assert_eq 1 "$rc" 'exit status'
assert_contains stdout 'before' '7' 'timeout of 3s'
names "the guest's kernel panicked"
nothing_is_left
