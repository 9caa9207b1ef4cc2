#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The day's patches, and unattended upgrades from now on.
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y dist-upgrade
apt-get -qq -y install --no-install-recommends unattended-upgrades
cat >/etc/apt/apt.conf.d/20auto-upgrades <<'EOT'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
EOT
