#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole line as an ordinary user: a base in the catalog, the golden example from it, sealed and recorded,
# and a clone that boots with an identity of its own.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/guest.sh"
requires qemu-img qemu-system-x86_64 xorriso ssh jq
requires_base
one_guest_at_a_time
ordinary_user

install -m 755 "$B/imgfac" "$TMP/imgfac"
cp -r "$ROOT/examples" "$TMP/examples"
install -m 644 "$BASE_IMAGE" "$TMP/base.qcow2"
chmod -R a+rX "$TMP/examples"
run() {
    as_user "$TMP/imgfac" "$@"
}

echo '- base'
assert_status 0 run catalog import -channel=stable debian-12-base "$TMP/base.qcow2"
assert_contains stdout 'debian-12-base v1'

echo '- golden'
assert_status 0 run build -var-file="$TMP/examples/golden/demo.pkrvars.hcl" "$TMP/examples/golden"
assert_contains stdout 'Recorded as golden v1' 'Sealing the image' "Build 'qemu.golden' finished"

echo '- catalog'
assert_status 0 run catalog list
assert_contains stdout debian-12-base golden
assert_status 0 run catalog list -format json
assert_eq 'debian-12-base v1' "$(jq -r '.versions[] | select(.bucket == "golden") | .parent.bucket + " " + .parent.version' stdout)" parent
assert_eq 'latest nightly' "$(jq -r '.versions[] | select(.bucket == "golden") | .channels | join(" ")' stdout)" channels
assert_status 0 run catalog verify
store=$HOME_DIR/.local/share/imgfac
base=$(run catalog show -format json debian-12-base | jq -r '.version.artifacts[0].path')
golden=$(run catalog show -format json golden | jq -r '.version.artifacts[0].path')
assert_eq 444 "$(stat -c %a "$base")" 'mode of the base'
left=$(find "$store/work" "$store/tmp" "$store/logs" "$store/ledger" -mindepth 1)
assert_eq '' "$left" 'left in the store'
[ -z "$(pgrep -f "qemu-system.*$store" || true)" ] || fail 'a QEMU process is left'

echo '- a clone boots'
boot_image "$golden"
guest_run cat /etc/machine-id >machine-id
grep -qxE '[0-9a-f]{32}' machine-id || fail "machine-id of the clone is '$(cat machine-id)'"
guest_run 'stat -c %Y /etc/ssh/ssh_host_ed25519_key.pub; stat -c %Y /proc/1' >boot-times
[ "$(sed -n 1p boot-times)" -ge "$(($(sed -n 2p boot-times) - 60))" ] || fail 'the host key is older than the boot'
guest_run getent passwd >passwd
assert_eq tester "$(awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' passwd)" accounts
guest_run 'sudo getent shadow root' | cut -d: -f2 | grep -q '^[!*]' || fail 'root is not locked'
guest_run 'sudo cat /root/.ssh/authorized_keys 2>/dev/null || true' >root-keys
grep -v '^no-port-forwarding' root-keys && fail 'root has a key'
guest_run 'openssl verify -CApath /etc/ssl/certs /dev/stdin' <"$ROOT/examples/golden/files/corp-root.pem" >verified
assert_contains verified OK
guest_run cat /etc/motd /etc/image-release >identity
assert_contains identity 'Golden image of' 'IMAGE_ID=golden'
assert_eq '' "$(guest_run systemctl --failed --no-legend)" 'failed units'
