#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: needs a mirror for the host, and two to five minutes.
# A guest provisioned by its guest agent alone.  The base has no agent: cloud-init unpacks it early in the boot,
# from packages on a further CD.  (Within the user-data they would keep cloud-init's YAML parser busy for minutes.)
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64 apt-get
requires_base

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
imgfac catalog import base "$BASE_IMAGE"
mkdir debs
(cd debs && apt-get download -q qemu-guest-agent libglib2.0-0 liburing2 libnuma1) || skip 'no mirror'

mkdir tree && printf 'deep\n' >tree/file
cat >agent.pkr.hcl <<'END'
source "qemu" "agent" {
  base            = "base"
  communicator    = "guest-agent"
  cd_files        = ["debs/*.deb"]
  cd_label        = "debs"
  cdrom_interface = "virtio"
  cloud_init {
    user_data = {
      bootcmd = [<<-EOT
        mount -o ro LABEL=debs /mnt
        for deb in /mnt/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -xC / --keep-directory-symlink; done
        umount /mnt
        ldconfig
        systemctl daemon-reload
        systemctl start --no-block qemu-guest-agent
      EOT
      ]
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
since=$SECONDS
assert_status 0 imgfac build agent.pkr.hcl
echo "- built in $((SECONDS - since)) s"
assert_contains stdout 'Connected to the guest agent!' 'I am root of' 'deep' "$(seq 200000 | sha256sum)"
assert_contains os-release 'ID=debian'
