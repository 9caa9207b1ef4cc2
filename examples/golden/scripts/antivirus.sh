#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y install --no-install-recommends clamav clamav-daemon clamav-freshclam
systemctl enable clamav-freshclam clamav-daemon
