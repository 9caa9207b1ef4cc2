#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: needs a mirror, 1 GB of memory and some minutes for a Java program to start.
# The provisioner puppet-server against a real Puppet server with a real agent, both from Debian.  No guest: Debian's
# packages are laid over /usr and /etc of this host in a mount namespace of the test, where a real sshd is the "guest".
if [ -z "${IN_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
    exec env IN_NAMESPACE=1 unshare -m "$0" "$@"
fi
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/sshd.sh"
requires_root
requires apt-get dpkg-deb ssh-keygen java setpriv
[ -n "${IN_NAMESPACE:-}" ] || skip 'no mount namespace'

echo '- packages'
mkdir -p pool/partial tools/{usr,etc,var/lib,var/log} layers
apt-get -o Dir::Cache::archives="$PWD/pool" -o APT::Install-Recommends=false --download-only -qq -y --reinstall \
    install puppetserver puppet-agent >apt.log 2>&1 || skip "no mirror: $(tail -n 1 apt.log)"
for deb in pool/*.deb; do
    dpkg-deb -x "$deb" tools
done
[ ! -d tools/lib ] || { cp -a tools/lib/. tools/usr/lib/ && rm -r tools/lib; }
mount -t tmpfs none layers
cleanup umount -l "$PWD/layers"
for dir in usr etc var/lib var/log; do
    mkdir -p layers/{upper,work}/$dir
    mount -t overlay overlay "/$dir" \
        -o "lowerdir=$PWD/tools/$dir:/$dir,upperdir=$PWD/layers/upper/$dir,workdir=$PWD/layers/work/$dir" ||
        skip 'no overlay file system'
done
ldconfig
# What the packages' scripts would do.
clojure=$(find /usr/share/java -name 'clojure-[0-9]*.jar' | sort | tail -n 1)
update-alternatives --quiet --install /usr/share/java/clojure.jar libclojure "$clojure" 210
getent passwd puppet >/dev/null || useradd -r -U -d /var/lib/puppet puppet
mkdir -p /run/puppetserver /var/l{ib,og}/puppetserver /etc/puppet/code/environments/production/manifests

echo '- the server'
sed -i '1i 127.0.0.1 puppet.test' /etc/hosts
printf '[main]\nserver = puppet.test\n[server]\nautosign = true\ncertname = puppet.test\n' >/etc/puppet/puppet.conf
cat >/etc/puppet/code/environments/production/manifests/site.pp <<END
file { '$TMP/from-server': content => "\${facts['role']} at \${trusted['certname']}\n" }
END
printf 0 >/run/puppetserver/restart
chown -R puppet:puppet /etc/puppet /run/puppetserver /var/l{ib,og}/puppetserver
chmod 711 "$TMP"
setpriv --reuid puppet --regid puppet --init-groups env HOME=/var/lib/puppetserver \
    java -Xms512m -Xmx512m -Djruby.lib=/usr/share/jruby/lib -jar /usr/share/puppetserver/puppetserver.jar \
    --config /etc/puppet/puppetserver/conf.d --bootstrap-config /etc/puppet/puppetserver/services.d \
    --restart-file /run/puppetserver/restart >server.out 2>&1 9>&- &
server=$!
cleanup kill $server
is_up() {
    kill -0 $server || fail "the server died: $(tail -n 5 server.out)"
    grep -q '^1' /run/puppetserver/restart
}
wait_until 900 is_up
echo "  up after $SECONDS s"

start_sshd
printf 'store {\n  path = "%s/store"\n}\n' "$TMP" >config.hcl
build() { # STATUS OPTION_LINE...
    {
        null_source guest
        printf 'build {\n  sources = ["source.null.guest"]\n  provisioner "puppet-server" {\n'
        printf '    puppet_server = "puppet.test"\n    prevent_sudo = true\n'
        printf '    staging_dir = "%s/staging"\n' "$TMP"
        printf '    %s\n' "${@:2}"
        printf '  }\n}\n'
    } >t.pkr.hcl
    rm -f from-server
    assert_status "$1" env IMGFAC_CONFIG=config.hcl imgfac build -ui plain t.pkr.hcl
}

echo '- a node that the server has not seen'
build 0 'puppet_node = "golden-image"' "facter = { role = \"web's\" }"
assert_eq "web's at golden-image" "$(cat from-server)" 'what the catalog of the server made'

echo '- the same node with its certificate and key given'
ssl=/var/lib/puppet/ssl
[ -d $ssl/certs ] || ssl=$(puppet config print ssldir)
mkdir certs keys
mv $ssl/certs/golden-image.pem certs
cp $ssl/certs/ca.pem certs
mv $ssl/private_keys/golden-image.pem keys
build 0 'puppet_node = "golden-image"' 'facter = { role = "again" }' 'client_cert_path = "certs"' \
    'client_private_key_path = "keys"'
assert_eq 'again at golden-image' "$(cat from-server)" 'what the catalog of the server made'

echo '- a catalog that cannot be made'
echo 'fail("no catalog for you")' >>/etc/puppet/code/environments/production/manifests/site.pp
build 1 'puppet_node = "golden-image"' 'extra_arguments = ["--no-usecacheonfailure"]' 'client_cert_path = "certs"' \
    'client_private_key_path = "keys"'
assert_contains stdout 'no catalog for you'
grep '^==> null.guest failed: ' stdout | grep -q 'Puppet failed: .*Error: ' || fail "$(tail -n 5 stdout)"
