#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Central logging: everything goes to the site's log server over TCP.
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y install --no-install-recommends rsyslog
printf '*.* @@%s\n' "$LOG_SERVER" >/etc/rsyslog.d/60-central.conf
