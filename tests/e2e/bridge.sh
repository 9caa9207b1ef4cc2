#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in (two to five minutes): a guest on a bridge of the host, with an address that another program gives it.
# All of it happens in a network namespace, so the host's own network stays as it is.
if [ -z "${IMGFAC_TEST_NETNS:-}" ] && unshare -n true 2>/dev/null; then
    IMGFAC_TEST_NETNS=1 exec unshare -n "$0"
fi
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/faults.sh"
requires qemu-img qemu-system-x86_64 ip dnsmasq
requires_root
requires_base
[ -n "${IMGFAC_TEST_NETNS:-}" ] || skip 'no network namespaces here'
ip link add imgfacbr type bridge || skip 'this kernel makes no bridges'
ip address add 10.77.0.1/24 dev imgfacbr
ip link set imgfacbr up
ip link set lo up
dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --port=0 --interface=imgfacbr --bind-interfaces \
    --dhcp-range=10.77.0.50,10.77.0.99,1h --dhcp-leasefile="$PWD/leases" --log-dhcp >dnsmasq.log 2>&1 &
cleanup kill $!

faults_store
imgfac catalog import base "$BASE_IMAGE" >/dev/null
template base '  net_bridge  = "imgfacbr"
  ssh_timeout = "15m"' '  provisioner "shell" { inline = ["echo connected $SSH_CONNECTION"] }
  seal { enabled = false }'
one_guest_at_a_time
start=$SECONDS
assert_status 0 imgfac build t.pkr.hcl
address=$(sed -n 's/.*The guest has the address //p' stdout)
assert_contains leases "$address"
grep -qE "connected 10\.77\.0\.1 [0-9]+ $address 22" stdout || fail "$(tail -n 20 stdout)"
echo "$address was noticed and logged in to; $((SECONDS - start)) s"
assert_eq '' "$(find store/work store/run store/ledger -mindepth 1)" 'left in the store'
assert_eq '' "$(ip -o link show master imgfacbr)" 'interfaces left on the bridge'

# Nobody answers DHCP.
template loop '  net_bridge  = "imgfacbr"
  ssh_timeout = "5s"'
assert_status 1 imgfac build -force t.pkr.hcl
assert_contains stdout "no address of" "was seen on the bridge 'imgfacbr'"
