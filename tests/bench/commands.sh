#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ten shell provisioners of one command each on a guest that runs already, beside Debian's Packer: whole processes with
# login, alternately, of each the best of ROUNDS; and the same without provisioners, which is what the login costs.
. "$(dirname "$0")/../lib/lib.sh"
requires packer bc qemu-system-x86_64 qemu-img xorriso ssh ssh-keygen awk
requires_base
ROUNDS=${ROUNDS:-3}

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl PACKER_CACHE_DIR=$PWD/cache CHECKPOINT_DISABLE=1
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f key
printf '#cloud-config\nusers:\n  - name: bench\n    shell: /bin/bash\n    ssh_authorized_keys: ["%s"]\n' "$(cat key.pub)" >user-data
printf 'instance-id: bench\nlocal-hostname: bench\n' >meta-data
xorriso -as mkisofs -quiet -V cidata -J -r -o seed.iso user-data meta-data 2>/dev/null
qemu-img create -q -f qcow2 -b "$BASE_IMAGE" -F qcow2 disk.qcow2

provision() { # NAME COUNT
    local i
    {
        printf 'source "null" "x" {\n  ssh_host = "127.0.0.1"\n  ssh_port = %d\n  ssh_username = "bench"\n' "$port"
        printf '  ssh_private_key_file = "key"\n}\nbuild {\n  sources = ["source.null.x"]\n'
        for ((i = 0; i < $2; i++)); do printf '  provisioner "shell" {\n    inline = ["true"]\n  }\n'; done
        printf '}\n'
    } >"$1.pkr.hcl"
    {
        printf '{"builders": [{"type": "null", "ssh_host": "127.0.0.1", "ssh_port": %d, "ssh_username": "bench",\n' "$port"
        printf '"ssh_private_key_file": "key"}],\n"provisioners": ['
        for ((i = 0; i < $2; i++)); do printf '%s{"type": "shell", "inline": ["true"]}' "${sep:-}" && sep=,; done
        printf ']}\n'
    } >"$1.json"
    sep=
}
in_guest() { # COMMAND
    ssh -F none -i key -p "$port" -o BatchMode=yes -o ConnectTimeout=20 -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR bench@127.0.0.1 "$1"
}
once() { # COMMAND...: seconds
    local start
    start=$(date +%s.%N)
    "$@" >log 2>&1 || fail "$*: $(tail -n 5 log)"
    echo "$(date +%s.%N) - $start" | bc
}
best() {
    sort -g | awk 'NF { print; exit }'
}

one_guest_at_a_time
port=$((20000 + RANDOM % 12000))
qemu-system-x86_64 -accel "${ACCELERATOR:-tcg}" -cpu max -m 1024 -nodefaults -display none -snapshot \
    -drive file=disk.qcow2,if=virtio,format=qcow2 -drive file=seed.iso,if=virtio,format=raw,readonly=on \
    -netdev "user,id=n,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=n,romfile= \
    -device virtio-rng-pci 9>&- &
cleanup kill $!
provision zero 0
provision ten 10
wait_until 400 in_guest 'test -s /run/cloud-init/result.json'

printf '%-44s %9s %9s  %s\n' '' imgfac Packer ratio
for what in zero ten; do
    ours='' theirs=''
    for ((i = 0; i < ROUNDS; i++)); do
        ours+=$(once imgfac build "$what.pkr.hcl")$'\n'
        theirs+=$(once packer build -color=false "$what.json")$'\n'
    done
    awk -v t="$what provisioners" -v a="$(best <<<"$ours")" -v b="$(best <<<"$theirs")" \
        'BEGIN { printf "%-44s %7.2f s %7.2f s  %.2f\n", t, a, b, a / b }'
done
