#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Podman, the container image and its unit; then one request to the running application.
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o Acquire::Languages=none update
apt-get -qq -y install --no-install-recommends podman crun
podman load --quiet --input /tmp/webapp.tar
install -m 0644 /tmp/webapp.service /etc/systemd/system/webapp.service
systemctl daemon-reload
systemctl enable --now webapp.service

fetch='import urllib.request as u; print(u.urlopen("http://127.0.0.1:8080/", timeout=20).read().decode())'
tries=0
until page=$(python3 -c "$fetch" 2>/dev/null); do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || { systemctl status webapp.service; exit 1; }
    sleep 2
done
printf '%s\n' "$page" | grep 'webapp:1'
systemctl stop webapp.service
