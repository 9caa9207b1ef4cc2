#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: builds killed (-9) at random instants; the next start leaves nothing of them.  200 builds of a guest
# that powers itself off at once, some ten minutes, a tenth as many while libvirt asks the emulator what it can, as
# many with a TPM, and with IMGFAC_TEST_KILL_REAL=10 that many of a real guest.
# IMGFAC_TEST_KILLS=20 kills fewer.  IMGFAC_TEST_SIGNAL=INT shows that Ctrl-C ends each within ten seconds.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/faults.sh"
requires qemu-img qemu-system-x86_64
requires_base
kills=${IMGFAC_TEST_KILLS:-200} signal=${IMGFAC_TEST_SIGNAL:-KILL}
faults_store
imgfac catalog import base "$BASE_IMAGE" >/dev/null

# A boot sector that powers the PC off: the whole line, from taking the base to recording the image, in seconds.
#   mov dx, 0x604 / mov ax, 0x2000 / out dx, ax / jmp $
truncate -s 8M off.raw
printf '\272\004\006\270\000\040\357\353\376' | dd of=off.raw conv=notrunc status=none
printf '\125\252' | dd of=off.raw bs=1 seek=510 conv=notrunc status=none
qemu-img convert -O qcow2 off.raw off.qcow2
imgfac catalog import off off.qcow2 >/dev/null

objects() { # what is on the host, but for the catalog and caches
    echo "processes: $(pgrep -fc "$PWD/store" || true)"
    find store -mindepth 1 -not -path 'store/cache*' -not -name 'catalog.db*' -not -path 'store/logs*' \
        -not -path 'store/blobs*' -not -path 'store/images*' | sort
}

milliseconds() {
    date +%s%3N
}

before_each() {
    :
}
after_each() {
    :
}

# One build, killed after DELAY milliseconds, then any start.
kill_after() { # DELAY
    local pid begin
    imgfac build -force t.pkr.hcl >out 2>&1 &
    pid=$!
    sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
    begin=$(milliseconds)
    kill -"$signal" "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    took=$(($(milliseconds) - begin))
    [ "$signal" = KILL ] || [ "$took" -le 10000 ] || fail "it took $took ms to end"
    [ "$took" -le "$longest" ] || longest=$took
    step=$(grep -o '^==> .*' out | tail -n 1 | cut -c 1-60 || true)
    assert_status 0 imgfac gc -orphans
    [ "$(cat stdout)" = 'removed 0 left-over things' ] || reaped=$((reaped + 1))
    objects >after
    diff before after >difference || fail "left behind after $1 ms ('$step'): $(cat difference)"
    rm -rf store/logs/*
    [ -z "$(find store/logs -mindepth 1)" ] || fail 'logs of a killed build stay'
}

series() { # NAME COUNT LONGEST_MS
    local i delay begin=$SECONDS
    reaped=0 longest=0
    for ((i = 0; i < $2; i++)); do
        delay=$((RANDOM * 32768 + RANDOM))
        before_each
        kill_after $((delay % $3))
        after_each
    done
    imgfac catalog verify >/dev/null || fail 'the catalog is damaged'
    echo "$1: $2 killed within $3 ms, $reaped had left something, all of it was removed;" \
        "longest end $longest ms; $((SECONDS - begin)) s"
}

template off '  communicator = "none"
  shutdown_timeout = "1m"' '  seal { enabled = false }'
# The first one asks the emulator what it can, which takes longer than all the rest.
assert_status 0 imgfac build t.pkr.hcl
begin=$(milliseconds)
assert_status 0 imgfac build t.pkr.hcl
whole=$(($(milliseconds) - begin))
echo "a whole build takes $whole ms"
objects >before
series 'a guest that powers off' "$kills" "$((whole * 11 / 10))"

before_each() {
    rm -rf store/cache/libvirt
}
series 'an emulator that nobody knows yet' $(((kills + 9) / 10)) 4000
before_each() {
    :
}
if command -v swtpm_setup >/dev/null; then
    template off '  communicator = "none"
  vtpm = true
  shutdown_timeout = "1m"' '  seal { enabled = false }'
    assert_status 0 imgfac build -force t.pkr.hcl
    series 'a guest with a TPM' $(((kills + 9) / 10)) "$((whole * 11 / 10))"
fi

[ -n "${IMGFAC_TEST_KILL_REAL:-}" ] || exit 0
template base '' '  provisioner "shell" { inline = ["echo hello"] }'
# Others have their turn between them.
before_each() {
    one_guest_at_a_time
}
after_each() {
    flock -u 9
}
series 'a real guest' "$IMGFAC_TEST_KILL_REAL" 150000
