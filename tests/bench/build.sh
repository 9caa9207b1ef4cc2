#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# imgfac beside Debian's Packer: the same base, machine, provisioners (the first waits for cloud-init, as a Packer
# template must) and result, one compressed qcow2.  RUNS of each alternately, both with warm caches.  Prints when each
# phase begins, for how long the machine ran, by its kernel's clock when it powered off (which begins after firmware,
# boot loader and unpacking), the time in which no machine ran, and the ratio of the totals.
. "$(dirname "$0")/../lib/lib.sh"
requires packer bc qemu-system-x86_64 xorriso ssh-keygen awk
requires_base
RUNS=${RUNS:-2}

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl PACKER_CACHE_DIR=$PWD/cache CHECKPOINT_DISABLE=1
imgfac catalog import base "$BASE_IMAGE" >/dev/null

ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f key
printf '#cloud-config\nusers:\n  - name: packer\n    sudo: ALL=(ALL) NOPASSWD:ALL\n    shell: /bin/bash\n    ssh_authorized_keys: ["%s"]\n' \
    "$(cat key.pub)" >user-data
printf 'instance-id: bench\nlocal-hostname: bench\n' >meta-data
xorriso -as mkisofs -quiet -V cidata -J -r -o seed.iso user-data meta-data 2>/dev/null
printf 'net.ipv4.tcp_syncookies = 1\n' >sysctl.conf

# Provisioners of both: "shell" runs each line, but the one that begins with ">" uploads sysctl.conf there.
cat >provisioners <<'EOF'
cloud-init status --wait
> /tmp/99-bench.conf
sudo install -m 0644 /tmp/99-bench.conf /etc/sysctl.d/99-bench.conf
sudo sysctl -q -p /etc/sysctl.d/99-bench.conf
sudo mkdir -p /srv/bench && sudo touch /srv/bench/made
systemctl is-active ssh
rm /tmp/99-bench.conf && sudo sync
EOF
as_json() {
    sed -e 's|^> \(.*\)|{"type": "file", "source": "sysctl.conf", "destination": "\1"},|; t' \
        -e 's|.*|{"type": "shell", "inline": ["&"]},|' -e '$ s/,$//' provisioners | sed '$ s/,$//'
}
as_hcl() {
    sed -e 's|^> \(.*\)|  provisioner "file" {\n    source      = "sysctl.conf"\n    destination = "\1"\n  }|; t' \
        -e 's|.*|  provisioner "shell" {\n    inline = ["&"]\n  }|' provisioners
}
cat >packer.json <<EOF
{
  "builders": [{
    "type": "qemu", "accelerator": "${ACCELERATOR:-tcg}", "headless": true, "memory": 1024, "cpus": 1,
    "disk_image": true, "iso_url": "$BASE_IMAGE", "iso_checksum": "none", "disk_size": "4G", "format": "qcow2",
    "disk_compression": true,
    "ssh_username": "packer", "ssh_private_key_file": "key", "ssh_timeout": "20m",
    "shutdown_command": "sudo systemctl poweroff", "output_directory": "out", "vm_name": "disk",
    "qemuargs": [["-cpu", "max"], ["-serial", "file:packer.console"],
                 ["-drive", "file=out/disk,if=virtio,format=qcow2"],
                 ["-drive", "file=seed.iso,if=virtio,format=raw,readonly=on"]]
  }],
  "provisioners": [
$(as_json)
  ]
}
EOF
cat >imgfac.pkr.hcl <<EOF
source "qemu" "bench" {
  base             = "base"
  accelerator      = "${ACCELERATOR:-tcg}"
  memory           = 1024
  shutdown_command = "sudo systemctl poweroff"
  qemuargs         = [["-serial", "file:$PWD/imgfac.console"]]
}
build {
  sources = ["source.qemu.bench"]
$(as_hcl)
  seal { enabled = ${IMGFAC_BENCH_SEAL:-false} }
  catalog { bucket = "bench" }
}
EOF
# What libvirt learns of the emulator once is learned here: this guest fails before it runs.
sed -e 's|memory .*|&\n  qemuargs = [["-no-such-switch", ""]]|; /-serial/d' imgfac.pkr.hcl >warm.pkr.hcl

# Seconds since the start in front of each line.
stamped() { # COMMAND...
    local start
    start=$(date +%s.%N)
    "$@" 2>&1 | while IFS= read -r line; do
        printf '%7.1f %s\n' "$(echo "$(date +%s.%N) - $start" | bc)" "$line"
    done
    return "${PIPESTATUS[0]}"
}

at() { # LOG PATTERN
    grep -m1 -E "$2" "$1" | awk '{ print $1 }'
}
guest_clock() { # NAME: of its kernel at the end
    tr -d '\r' <"$1.console" | sed -n 's/^.*\[ *\([0-9.]*\)\] reboot: Power down.*/\1/p' | tail -n 1
}
once() { # NAME COMMAND...
    local name=$1 total off ran
    shift
    rm -rf out "$name.console"
    stamped "$@" >"$name.log" || fail "$name: $(tail -n 20 "$name.log")"
    [ -z "${KEEP_LOGS:-}" ] || cp "$name.log" "$name.console" "$KEEP_LOGS"
    total=$(tail -n 1 "$name.log" | awk '{ print $1 }')
    echo "$total" >>"$name.totals"
    off=$(at "$name.log" 'Compacting|Converting')
    ran=$(echo "$off - $(at "$name.log" 'Waiting for the guest|Starting VM')" | bc)
    printf '%-8s %8s %8s %8s %8s %8s %8s %8s %8s\n' "$name" "$(at "$name.log" 'Connected to SSH')" \
        "$(at "$name.log" 'Provisioning with')" "$(at "$name.log" 'Gracefully halting')" "$off" "$total" "$ran" \
        "$(guest_clock "$name" | awk '{ printf "%.1f", $1 }')" "$(echo "$total - $ran" | bc)"
}

one_guest_at_a_time
imgfac build warm.pkr.hcl >warm.log 2>&1 || true
echo "seconds     login provision     halt      off    total      ran   kernel   beyond"
for ((i = 0; i < RUNS; i++)); do
    once imgfac imgfac build -ui plain imgfac.pkr.hcl
    once packer packer build -color=false packer.json
done
paste imgfac.totals packer.totals |
    awk '{ a += $1; b += $2 } END { printf "ratio of the totals: %.2f\n", a / b }'
