#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plants in an image everything that sealing must take out, seals it, looks
# with guestfish, and, with IMGFAC_TEST_BOOT=1, boots the sealed image.
# The base is not written to.
# shellcheck source=tests/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

requires_base
base=$BASE_IMAGE
requires guestfish qemu-img ssh-keygen openssl
export LIBGUESTFS_BACKEND=direct
[ -n "${IMGFAC_TEST_KVM:-}" ] || export LIBGUESTFS_BACKEND_SETTINGS=force_tcg

cd "$TMP" || exit
test_guest=$B/unit/test_seal_guest
[ -x "$test_guest" ] || make -C "$ROOT" -s "B=$B" "$test_guest"
one_guest_at_a_time

ssh-keygen -q -t ed25519 -N '' -C build-canary -f key
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj '/O=Seal Test/CN=Seal Test Root' -keyout ca.key -out seal-root.pem 2>/dev/null
qemu-img create -q -f qcow2 -F qcow2 -b "$base" disk.qcow2
root=$(guestfish --ro -a disk.qcow2 run : inspect-os)
pub=$(cat key.pub)

# One shell script, run in the guest's tree.
cat >plant.sh <<EOF
set -e
useradd -m -s /bin/bash packer
useradd -m -s /bin/bash clerk
useradd -m -s /bin/bash leaver
usermod -aG sudo packer
echo 'packer:secret-canary' | chpasswd
echo 'clerk:keepme' | chpasswd
for h in /root /home/packer /home/clerk; do
    mkdir -p \$h/.ssh
    echo '$pub' >>\$h/.ssh/authorized_keys
    echo 'ls canary' >\$h/.bash_history
    echo x >\$h/.viminfo; echo x >\$h/.lesshst; echo x >\$h/.wget-hsts; echo x >\$h/.python_history
done
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeepThisOneeeeeeeeeeeeeeeeeeeeeeeeeeeeee kept' >>/home/clerk/.ssh/authorized_keys
printf '# Created by cloud-init\npacker ALL=(ALL) NOPASSWD:ALL\nclerk ALL=(ALL) ALL\n' >/etc/sudoers.d/90-cloud-init-users
printf 'packer ALL=(ALL) NOPASSWD:ALL\n' >/etc/sudoers.d/packer
mkdir -p /var/mail /var/spool/cron/crontabs
echo mail >/var/mail/packer
echo '* * * * * true' >/var/spool/cron/crontabs/packer
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
mkdir -p /var/lib/dbus && rm -f /var/lib/dbus/machine-id && cp /etc/machine-id /var/lib/dbus/machine-id
for t in ed25519 ecdsa; do rm -f /etc/ssh/ssh_host_\${t}_key*; ssh-keygen -q -t \$t -N '' -f /etc/ssh/ssh_host_\${t}_key; done
rm -f /etc/systemd/system/ssh-host-keys.service /etc/systemd/system/multi-user.target.wants/ssh-host-keys.service
mkdir -p /var/lib/cloud/instances/i-canary /var/lib/cloud/data /var/lib/cloud/seed/nocloud /var/lib/cloud/sem /etc/netplan
ln -sfn /var/lib/cloud/instances/i-canary /var/lib/cloud/instance
echo '$pub' >/var/lib/cloud/instances/i-canary/user-data.txt
echo keep >/var/lib/cloud/seed/nocloud/meta-data
echo build-host >/etc/hostname
echo build-host >/var/lib/cloud/data/previous-hostname
printf '127.0.0.1 localhost\n127.0.1.1 build-host.example build-host\n' >/etc/hosts
echo 'network: {}' >/etc/netplan/50-cloud-init.yaml
echo '# net' >/etc/systemd/network/10-cloud-init-ens3.network
mkdir -p /var/log/journal/0123456789abcdef0123456789abcdef /var/lib/dhcp /var/log/apt
echo j >/var/log/journal/0123456789abcdef0123456789abcdef/system.journal
echo log >/var/log/syslog; chmod 640 /var/log/syslog; chown root:adm /var/log/syslog
echo log >/var/log/syslog.1; echo z >/var/log/dpkg.log.2.gz; echo c >/var/log/cloud-init.log
echo w >/var/log/wtmp; echo b >/var/log/btmp; echo l >/var/log/lastlog
echo lease >/var/lib/dhcp/dhclient.leases
echo seed >/var/lib/systemd/random-seed; chmod 600 /var/lib/systemd/random-seed
mkdir -p /var/lib/apt/lists /var/cache/apt/archives/partial
echo deb >/var/cache/apt/archives/x_1_all.deb
echo list >/var/lib/apt/lists/mirror_dists_Packages
mkdir -p /etc/iscsi; echo InitiatorName=iqn.2026-01.example:canary >/etc/iscsi/initiatorname.iscsi
echo rule >/etc/udev/rules.d/70-persistent-net.rules
echo t >/tmp/leftover; mkdir -p /var/tmp/dir/deep; echo t >/var/tmp/.hidden
mkdir -p /opt/junk; echo x >/opt/junk/a
EOF
guestfish --rw -a disk.qcow2 run : mount "$root" / : upload plant.sh /root/plant.sh : \
    sh 'sh -e /root/plant.sh' : rm /root/plant.sh >/dev/null || fail 'cannot plant'

IMGFAC_TEST_SEAL_DISK=$TMP/disk.qcow2 IMGFAC_TEST_SEAL_USER=packer IMGFAC_TEST_SEAL_KEY=$pub \
    IMGFAC_TEST_SEAL_CA=$TMP/seal-root.pem IMGFAC_TEST_SEAL_LOCK=clerk \
    IMGFAC_TEST_SEAL_REMOVE=leaver IMGFAC_TEST_SEAL_DELETE='/opt/ju*' \
    IMGFAC_TEST_SEAL_RUN='echo ran; echo x >/tmp/by-run' "$test_guest" || fail 'sealing failed'

# The second look: another program, a new appliance, every planted thing.
cat >look.sh <<'EOF'
gone() { for p; do [ ! -e "$p" ] && [ ! -L "$p" ] || echo "LEFT $p"; done; }
empty() { for p; do [ -e "$p" ] && [ ! -s "$p" ] || echo "NOT EMPTY $p"; done; }
has() { grep -q -e "$1" "$2" || echo "MISSING $1 in $2"; }
lacks() { ! grep -q -e "$1" "$2" || echo "FOUND $1 in $2"; }
gone /home/packer /home/leaver /var/mail/packer /var/spool/cron/crontabs/packer /etc/sudoers.d/packer \
    /root/.ssh/authorized_keys /etc/ssh/ssh_host_* /var/lib/cloud/instance* /var/lib/cloud/data /var/lib/cloud/sem \
    /etc/netplan/50-cloud-init.yaml /etc/systemd/network/10-cloud-init-* /var/log/journal/* /var/log/syslog.1 \
    /var/log/*.gz /var/log/cloud-init.log /var/lib/dhcp/* /var/lib/systemd/random-seed /var/cache/apt/archives/*.deb \
    /var/lib/apt/lists/mirror* /etc/udev/rules.d/70-persistent-net.rules /tmp/* /var/tmp/* /var/tmp/.hidden /opt/junk \
    /var/lib/dbus/machine-id
for h in /root /home/clerk; do
    gone $h/.bash_history $h/.viminfo $h/.lesshst $h/.wget-hsts $h/.python_history
done
empty /etc/machine-id /var/log/syslog /var/log/wtmp /var/log/btmp /var/log/lastlog
for f in passwd shadow group gshadow subuid subgid passwd- shadow- group- gshadow- subuid- subgid-; do
    [ ! -e /etc/$f ] || { lacks '^packer:' /etc/$f; lacks '^leaver:' /etc/$f; }
done
lacks 'packer' /etc/group
lacks packer /etc/sudoers.d/90-cloud-init-users
has '^clerk ALL' /etc/sudoers.d/90-cloud-init-users
has KeepThisOne /home/clerk/.ssh/authorized_keys
lacks build-canary /home/clerk/.ssh/authorized_keys
has '^clerk:!\$.*:1:$' /etc/shadow
has '^root:!' /etc/shadow
has '^keep' /var/lib/cloud/seed/nocloud/meta-data
has '^localhost$' /etc/hostname
lacks build-host /etc/hosts
has GenerateName=yes /etc/iscsi/initiatorname.iscsi
has 127.0.0.1 /etc/hosts
has ssh-keygen /etc/systemd/system/multi-user.target.wants/imgfac-ssh-host-keys.service
[ "$(stat -c '%a %U:%G' /etc/shadow)" = '640 root:shadow' ] || echo "MODE of shadow $(stat -c '%a %U:%G' /etc/shadow)"
[ "$(stat -c '%a %U:%G' /var/log/syslog)" = '640 root:adm' ] || echo 'MODE of syslog'
[ "$(stat -c %a /tmp)" = 1777 ] || echo 'MODE of /tmp'
[ "$(readlink -f /etc/localtime)" = /usr/share/zoneinfo/Europe/Berlin ] || echo 'ZONE'
openssl verify -CApath /etc/ssl/certs /usr/local/share/ca-certificates/seal-root.crt >/dev/null || echo 'CA not in CApath'
openssl verify -CAfile /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates/seal-root.crt >/dev/null ||
    echo 'CA not in bundle'
grep -rl build-canary /etc /root /home /var 2>/dev/null | sed 's/^/CANARY /'
true
EOF
found=$(guestfish --ro -a disk.qcow2 run : mount-ro "$root" / : sh "$(cat look.sh)") || fail 'cannot look'
[ -z "$found" ] || fail "$found"

# Deleted bytes are not in free blocks either: the flattened image has no trace of them.
qemu-img convert -O raw disk.qcow2 flat.raw
for canary in "$(cut -d' ' -f2 key.pub)" secret-canary 'ls canary'; do
    ! grep -qaF -e "$canary" flat.raw || fail "'$canary' is still in the image's blocks"
done
rm -f flat.raw
echo 'sealed image: nothing left'
[ -z "${IMGFAC_TEST_KEEP:-}" ] || cp disk.qcow2 "$IMGFAC_TEST_KEEP"

# Cancelling in the middle gives the machine back at once.
qemu-img create -q -f qcow2 -F qcow2 -b "$base" other.qcow2
IMGFAC_TEST_SEAL_CANCEL_DISK=$TMP/other.qcow2 IMGFAC_TEST_SEAL_CANCEL_MS=9000 "$test_guest" ||
    fail 'cancelling failed'
! pgrep -f "$TMP/other.qcow2" || fail 'the appliance still runs'

[ -n "${IMGFAC_TEST_BOOT:-}" ] || exit 0

# First boot of a clone, without any seed: what was removed is made anew.
requires qemu-system-x86_64
cat >report.service <<'EOF'
[Unit]
After=ssh.service systemd-machine-id-commit.service
[Service]
Type=oneshot
StandardOutput=file:/dev/ttyS0
ExecStart=/bin/sh -c 'echo; echo "R id $(cat /etc/machine-id)"; for k in /etc/ssh/ssh_host_*_key.pub; do echo "R key $(cut -d" " -f2 $k)"; done; echo "R ssh $(systemctl is-active ssh)"; echo "R packer $(id -u packer 2>&1)"; openssl verify -CApath /etc/ssl/certs /usr/local/share/ca-certificates/seal-root.crt | sed "s/^/R ca /"; echo "R failed $(systemctl --failed --no-legend --plain | tr "\n" ";")"; echo "R END"'
ExecStartPost=/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
EOF
guestfish --rw -a disk.qcow2 run : mount "$root" / : upload report.service /etc/systemd/system/report.service : \
    ln-s /etc/systemd/system/report.service /etc/systemd/system/multi-user.target.wants/report.service
accel=tcg
[ -z "${IMGFAC_TEST_KVM:-}" ] || accel=kvm
timeout 400 qemu-system-x86_64 -accel "$accel" -m 1024 -nodefaults -display none -no-reboot \
    -drive file=disk.qcow2,if=virtio,format=qcow2,cache=unsafe -serial file:console.log || fail 'no clean power-off'
tr -d '\r' <console.log | grep -a '^R ' >report || fail 'the clone reported nothing'
cat report
! grep -q '^R id 0123456789abcdef' report || fail 'the machine ID is the old one'
grep -qE '^R id [0-9a-f]{32}$' report || fail 'no machine ID was made'
grep -q '^R key AAAA' report || fail 'no host key was made'
grep -q '^R ssh active' report || fail 'sshd does not run'
grep -q '^R packer .*no such user' report || fail 'the account of the build is there'
grep -q '^R ca .*OK$' report || fail 'the CA is not trusted'
echo 'first boot: identity made anew'
