#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C ends a build within ten seconds, and after kill -9 the next start removes what was left.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64
one_guest_at_a_time

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
# A boot sector that only jumps to itself: a guest that lives and never says anything.
truncate -s 64M loop.raw
printf '\353\376' | dd of=loop.raw conv=notrunc status=none
printf '\125\252' | dd of=loop.raw bs=1 seek=510 conv=notrunc status=none
qemu-img convert -O qcow2 loop.raw loop.qcow2
assert_status 0 imgfac catalog import loop loop.qcow2
cat >t.pkr.hcl <<'EOF'
source "qemu" "never" {
  base        = "loop"
  ssh_timeout = "10m"
}
build {
  sources = ["source.qemu.never"]
  catalog { bucket = "never" }
}
EOF

guests() {
    pgrep -f "qemu-system.*$PWD" || true
}
guest_runs() {
    [ -n "$(guests)" ]
}
nothing_is_left() {
    assert_eq '' "$(guests)" 'QEMU processes'
    assert_eq "" "$(find store/work store/tmp -mindepth 1)" "left in the store"
    imgfac catalog verify >/dev/null || fail 'the base was touched'
    assert_eq '' "$(imgfac catalog list -format json never | jq -r '.versions[]')" 'versions recorded'
}

echo '- Ctrl-C'
imgfac build t.pkr.hcl >out 2>&1 &
pid=$!
wait_until 60 guest_runs
start=$SECONDS
kill -INT "$pid"
rc=0
wait "$pid" || rc=$?
assert_eq 130 "$rc" 'exit status'
[ $((SECONDS - start)) -le 10 ] || fail "took $((SECONDS - start)) s to end"
nothing_is_left

echo '- kill -9'
imgfac build t.pkr.hcl >out 2>&1 &
pid=$!
wait_until 60 guest_runs
kill -KILL "$pid"
wait "$pid" || true
assert_status 0 imgfac catalog list
nothing_is_left

echo '- two at the same time'
imgfac build t.pkr.hcl >out1 2>&1 &
first=$!
wait_until 60 guest_runs
imgfac build t.pkr.hcl >out2 2>&1 &
second=$!
two_guests_run() { [ "$(guests | wc -l)" -ge 2 ]; }
wait_until 60 two_guests_run
kill -KILL "$first"
wait "$first" || true
assert_status 0 imgfac catalog list
kill -0 "$second" || fail 'reaping the one ended the other'
assert_eq 1 "$(guests | wc -l)" 'guests after reaping one of two'
kill -INT "$second"
wait "$second" || true
nothing_is_left
