#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The daemon answers; then what would be the same in every clone goes: the identity of the engine.
docker version --format 'Docker {{.Server.Version}}'
docker info --format 'storage {{.Driver}}, logs {{.LoggingDriver}}'
systemctl -q is-enabled docker.service
command -v apparmor_parser
systemctl stop docker.socket docker.service
rm -f /etc/docker/key.json /var/lib/docker/engine-id
