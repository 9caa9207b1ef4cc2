# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Guests that fail: a store of the test's own, one template, and what every failed build must show.
# Needs lib.sh.

faults_store() { # imports the bases "empty" and "loop"
    printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
    export IMGFAC_CONFIG=$PWD/config.hcl
    qemu-img create -q -f qcow2 empty.qcow2 64M
    # A boot sector that only halts: a guest that lives, never says anything and costs nothing.
    truncate -s 64M loop.raw
    printf '\372\364\353\375' | dd of=loop.raw conv=notrunc status=none
    printf '\125\252' | dd of=loop.raw bs=1 seek=510 conv=notrunc status=none
    qemu-img convert -O qcow2 loop.raw loop.qcow2
    imgfac catalog import empty empty.qcow2 >/dev/null
    imgfac catalog import loop loop.qcow2 >/dev/null
}

template() { # BASE SOURCE_LINES [BUILD_LINES]
    printf 'source "qemu" "x" {\n  base = "%s"\n%s\n}\nbuild {\n  sources = ["source.qemu.x"]\n%s\n  catalog { bucket = "x" }\n}\n' \
        "$1" "$2" "${3:-}" >t.pkr.hcl
}

guests() {
    pgrep -f "qemu-system.*$PWD" || true
}

guest_runs() {
    [ -n "$(guests)" ]
}

nothing_is_left() {
    assert_eq '' "$(guests)" 'QEMU processes'
    assert_eq '' "$(find store/work store/tmp store/run store/ledger -mindepth 1)" 'left in the store'
    assert_status 6 imgfac catalog show x
}

# The bundle of the build that has just failed; its last line names the cause.
names() { # CAUSE
    assert_eq 1 "$(find store/logs -mindepth 1 -maxdepth 1 | wc -l)" 'failure bundles'
    bundle=$(echo store/logs/*)
    tail -n 1 stdout | grep -F -e "==> qemu.x failed: $1" >/dev/null ||
        fail "the last line does not name '$1': $(tail -n 5 stdout)"
    assert_contains stdout "$bundle"
    assert_contains "$bundle/cause.txt" "$1"
    assert_file "$bundle/console.log" "$bundle/domain.xml" "$bundle/qemu.log" "$bundle/events.log" \
        "$bundle/domain-events.log"
    assert_contains "$bundle/events.log" 'step_end' 'failed'
    assert_contains "$bundle/domain.xml" '<domain'
    echo "  $(tail -n 1 stdout) [$(find "$bundle" -type f -printf '%f ' | tr ' ' '\n' | sort | tr '\n' ' ')]"
    rm -rf "$bundle"
}

fails_with() { # CAUSE
    assert_status 1 imgfac build t.pkr.hcl
    names "$1"
    nothing_is_left
}
