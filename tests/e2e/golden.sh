#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole line: a base out of a mirror, a golden image from it, sealed and recorded, and a clone that boots.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/guest.sh"
requires mmdebstrap qemu-img qemu-system-x86_64 xorriso ssh jq
one_guest_at_a_time

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl

echo '- base'
assert_status 0 imgfac build "$ROOT/examples/base"
assert_contains stdout 'Recorded as debian-12-base v1'

echo '- golden'
assert_status 0 imgfac build -var-file="$ROOT/examples/golden/demo.pkrvars.hcl" "$ROOT/examples/golden"
assert_contains stdout 'Recorded as golden v1' 'Sealing the image'

echo '- catalog'
assert_status 0 imgfac catalog list
assert_contains stdout debian-12-base golden
assert_status 0 imgfac catalog list -format json
assert_eq 'debian-12-base v1' "$(jq -r '.versions[] | select(.bucket == "golden") | .parent.bucket + " " + .parent.version' stdout)" parent
assert_status 0 imgfac catalog verify
base=$(imgfac catalog show -format json debian-12-base | jq -r '.version.artifacts[0].path')
golden=$(imgfac catalog show -format json golden | jq -r '.version.artifacts[0].path')
assert_eq 444 "$(stat -c %a "$base")" 'mode of the base'
[ -z "$(ls store/work store/tmp store/logs)" ] || fail "left in the store: $(ls store/work store/tmp store/logs)"

echo '- a clone boots'
boot_image "$golden"
guest_run 'cat /etc/machine-id' >machine-id
grep -qxE '[0-9a-f]{32}' machine-id || fail "machine-id of the clone is '$(cat machine-id)'"
guest_run 'sudo stat -c %Y /etc/ssh/ssh_host_ed25519_key; stat -c %Y /proc/1' >boot-times
[ "$(sed -n 1p boot-times)" -ge "$(($(sed -n 2p boot-times) - 60))" ] || fail 'the host key is older than the boot'
guest_run 'getent passwd' >passwd
[ "$(awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' passwd)" = tester ] || fail "accounts: $(cat passwd)"
guest_run 'sudo getent shadow root' | cut -d: -f2 | grep -q '^[!*]' || fail 'root is not locked'
guest_run 'sudo cat /root/.ssh/authorized_keys 2>/dev/null || true' >root_keys
[ ! -s root_keys ] || ! grep -v '^no-port-forwarding' root_keys || fail 'root has a key'
guest_run 'openssl verify -CApath /etc/ssl/certs /dev/stdin' <"$ROOT/examples/golden/files/corp-root.pem" |
    grep -q OK || fail 'the company certificate is not trusted'
guest_run 'cat /etc/motd /etc/image-release' >identity
assert_contains identity 'Golden image of' 'IMAGE_ID=golden'
guest_run 'systemctl is-system-running || systemctl --failed --no-legend' >system
grep -qE 'running|starting' system || fail "failed units: $(cat system)"
