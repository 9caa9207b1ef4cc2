#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y install --no-install-recommends prometheus-node-exporter
systemctl enable prometheus-node-exporter
