#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C ends a build within ten seconds; after kill -9 the next start removes what was left; what
# -on-error=abort keeps stays until it is removed; ps, screenshot and attach see all of them.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64 jq python3
one_guest_at_a_time

printf 'store { path = "%s/store" }\nhypervisor "local" { vcpus = 2 }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
# A boot sector that answers each key on the serial port by the next letter, and halts in the BIOS until it comes.
#   mov ah, 0 / int 0x16 / inc al / mov dx, 0x3f8 / out dx, al / jmp back
truncate -s 64M loop.raw
printf '\264\000\315\026\376\300\272\370\003\356\353\364' | dd of=loop.raw conv=notrunc status=none
printf '\125\252' | dd of=loop.raw bs=1 seek=510 conv=notrunc status=none
qemu-img convert -O qcow2 loop.raw loop.qcow2
assert_status 0 imgfac catalog import loop loop.qcow2
cat >t.pkr.hcl <<'EOF'
source "qemu" "never" {
  base        = "loop"
  vga         = "std"
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
assert_status 0 imgfac ps -format json
assert_eq "qemu.never running $pid" "$(jq -r '.builds[] | .build + " " + .state + " " + (.pid | tostring)' stdout)" ps
wait_until 20 imgfac screenshot never
assert_eq '89504e47' "$(od -An -tx1 -N4 qemu.never.png | tr -d ' ')" 'the screenshot'
wait_until 20 grep -q 'Booting from Hard Disk' store/logs/*/console.log
printf '\035' | timeout 10 imgfac attach never >attached 2>&1 || fail "attach: $(cat attached)"
assert_contains attached 'Booting from Hard Disk'
# At a terminal each key goes to the guest, Ctrl-C too; the last one leaves.
"$ROOT/tests/lib/pty" 'expect Console of' 'expect Booting from' 'send hello' 'expect ifmmp' 'send \x03' 'expect \x04' \
    'send \x1d' -- imgfac attach never >attached || true
assert_eq 'exit 0' "$(cat attached)" 'attach at a terminal'
assert_status 2 imgfac gc -kept never
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

echo '- kept'
sed 's/10m/1s/' t.pkr.hcl >short.pkr.hcl
assert_status 1 imgfac build -on-error=abort short.pkr.hcl
assert_contains stdout 'imgfac gc -kept qemu.never'
assert_status 0 imgfac gc -orphans
assert_contains stdout 'removed 0'
assert_status 0 imgfac ps
assert_contains stdout ' kept ' "$(guests)"
assert_status 0 imgfac screenshot never kept.png
printf '\035' | timeout 10 imgfac attach never >attached 2>&1 || fail "attach: $(cat attached)"
assert_eq 1 "$(guests | wc -l)" 'guests that were kept'
assert_status 0 imgfac gc -kept never
nothing_is_left
assert_eq '' "$(find store/run store/ledger -mindepth 1)" 'left of what was kept'

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
