#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# imgfac beside Debian's Packer: the same base, the same two shell provisioners (the first waits for cloud-init, as
# a Packer template must), the same emulated machine.  Prints when each phase begins and the ratio of the totals.
. "$(dirname "$0")/../lib/lib.sh"
requires packer bc qemu-system-x86_64 xorriso ssh-keygen awk
requires_base
one_guest_at_a_time

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl PACKER_CACHE_DIR=$PWD/cache CHECKPOINT_DISABLE=1
imgfac catalog import base "$BASE_IMAGE" >/dev/null

ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f key
printf '#cloud-config\nusers:\n  - name: packer\n    sudo: ALL=(ALL) NOPASSWD:ALL\n    shell: /bin/bash\n    ssh_authorized_keys: ["%s"]\n' \
    "$(cat key.pub)" >user-data
printf 'instance-id: bench\nlocal-hostname: bench\n' >meta-data
xorriso -as mkisofs -quiet -V cidata -J -r -o seed.iso user-data meta-data 2>/dev/null

cat >packer.json <<EOF
{
  "builders": [{
    "type": "qemu", "accelerator": "tcg", "headless": true, "memory": 1024, "cpus": 1,
    "disk_image": true, "iso_url": "$BASE_IMAGE", "iso_checksum": "none", "disk_size": "4G", "format": "qcow2",
    "ssh_username": "packer", "ssh_private_key_file": "key", "ssh_timeout": "20m",
    "shutdown_command": "sudo systemctl poweroff", "output_directory": "out", "vm_name": "disk",
    "qemuargs": [["-cpu", "max"],
                 ["-drive", "file=out/disk,if=virtio,format=qcow2"],
                 ["-drive", "file=seed.iso,if=virtio,format=raw,readonly=on"]]
  }],
  "provisioners": [$(for p in "cloud-init status --wait" id; do printf '{"type": "shell", "inline": ["%s"]},' "$p"; done | sed 's/,$//')]
}
EOF
cat >imgfac.pkr.hcl <<EOF
source "qemu" "bench" {
  base             = "base"
  memory           = 1024
  shutdown_command = "sudo systemctl poweroff"
}
build {
  sources = ["source.qemu.bench"]
$(for p in "cloud-init status --wait" id; do printf '  provisioner "shell" {\n    inline = ["%s"]\n  }\n' "$p"; done)
  seal { enabled = ${IMGFAC_BENCH_SEAL:-false} }
  catalog { bucket = "bench" }
}
EOF
# Seconds since the start in front of each line.
stamped() { # COMMAND...
    local start
    start=$(date +%s.%N)
    "$@" 2>&1 | while IFS= read -r line; do
        printf '%7.1f %s\n' "$(echo "$(date +%s.%N) - $start" | bc)" "$line"
    done
    return "${PIPESTATUS[0]}"
}

stamped imgfac build -ui plain imgfac.pkr.hcl >imgfac.log || fail "imgfac: $(tail -n 20 imgfac.log)"
stamped packer build -color=false packer.json >packer.log || fail "packer: $(tail -n 20 packer.log)"

at() { # LOG PATTERN
    grep -m1 -E "$2" "$1" | awk '{ print $1 }'
}
total_imgfac=$(tail -n 1 imgfac.log | awk '{ print $1 }')
total_packer=$(tail -n 1 packer.log | awk '{ print $1 }')
echo "phase                     imgfac   packer"
printf 'until the login        %9s%9s\n' "$(at imgfac.log 'Connected to SSH')" "$(at packer.log 'Connected to SSH')"
printf 'provisioners begin     %9s%9s\n' "$(at imgfac.log 'Provisioning with')" "$(at packer.log 'Provisioning with')"
printf 'shut-down begins       %9s%9s\n' "$(at imgfac.log 'Gracefully halting')" "$(at packer.log 'Gracefully halting')"
printf 'compacting begins      %9s%9s\n' "$(at imgfac.log 'Compacting')" "$(at packer.log 'Converting')"
printf 'total                  %9s%9s\n' "$total_imgfac" "$total_packer"
echo "ratio of the totals: $(echo "scale=2; $total_imgfac / $total_packer" | bc)"
