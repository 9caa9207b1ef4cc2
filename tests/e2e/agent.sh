#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: needs a mirror, and minutes.
# A guest provisioned by its guest agent alone.  The base has no agent: cloud-init installs it
# from packages in the user-data, which this host fetches from its mirror.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64 apt-get
requires_base

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
imgfac catalog import base "$BASE_IMAGE"
mkdir debs && (cd debs && apt-get download -q qemu-guest-agent libglib2.0-0 liburing2 libnuma1)

mkdir tree && printf 'deep\n' >tree/file
cat >agent.pkr.hcl <<'END'
locals {
  debs = fileset("debs", "*.deb")
}
source "qemu" "agent" {
  base         = "base"
  communicator = "guest-agent"
  cloud_init {
    user_data = {
      write_files = [for deb in local.debs : {
        path     = "/var/tmp/debs/${deb}"
        encoding = "b64"
        content  = filebase64("debs/${deb}")
      }]
      runcmd = ["dpkg -i /var/tmp/debs/*.deb", "systemctl start qemu-guest-agent"]
    }
  }
}
build {
  sources = ["source.qemu.agent"]
  provisioner "shell" {
    inline = ["echo I am $(id -un) of $(hostname)", "echo err >&2", "ls /sys/class/net"]
  }
  provisioner "file" {
    source      = "tree"
    destination = "/root"
  }
  provisioner "shell" {
    inline = ["cat /root/tree/file", "seq 200000 | sha256sum"]
  }
  provisioner "file" {
    direction   = "download"
    source      = "/etc/os-release"
    destination = "os-release"
  }
}
END
one_guest_at_a_time
assert_status 0 imgfac build agent.pkr.hcl
assert_contains stdout 'Connected to the guest agent!' 'I am root of' 'deep' "$(seq 200000 | sha256sum)"
assert_contains os-release 'ID=debian'
