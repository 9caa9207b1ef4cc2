# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A look at a finished image from outside imgfac: boot a throwaway overlay with plain QEMU and log in
# with a key of our own.  Needs lib.sh.

# A NoCloud seed for user "tester", made with xorriso and not with imgfac's own code.
make_seed() { # FILE PUBLIC_KEY
    mkdir -p seed
    printf 'instance-id: test-%s\nlocal-hostname: tester\n' "$RANDOM" >seed/meta-data
    cat >seed/user-data <<EOF
#cloud-config
users:
  - name: tester
    sudo: ALL=(ALL) NOPASSWD:ALL
    shell: /bin/bash
    ssh_authorized_keys: ["$(cat "$2")"]
EOF
    xorriso -as genisoimage -quiet -volid cidata -joliet -rock -output "$1" seed
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null ||
        echo $((20000 + RANDOM % 20000))
}

# Starts the guest; guest_run then runs a command in it.  The serial console is in ./console.log.
boot_image() { # IMAGE
    ssh-keygen -q -t ed25519 -N '' -f guest_key
    make_seed seed.iso guest_key.pub
    qemu-img create -q -f qcow2 -b "$1" -F qcow2 throwaway.qcow2
    GUEST_PORT=$(free_port)
    qemu-system-x86_64 -accel tcg -cpu max -m 1024 -smp 1 -display none -serial file:console.log \
        -drive file=throwaway.qcow2,if=virtio,cache=unsafe -drive file=seed.iso,if=virtio,format=raw,readonly=on \
        -netdev "user,id=n0,hostfwd=tcp:127.0.0.1:$GUEST_PORT-:22" -device virtio-net-pci,netdev=n0 \
        -device virtio-rng-pci -pidfile qemu.pid -daemonize
    cleanup kill_guest
    wait_until 400 guest_run true
    wait_until 200 guest_run test -e /run/cloud-init/result.json
}

kill_guest() {
    [ ! -e qemu.pid ] || kill -9 "$(cat qemu.pid)" 2>/dev/null || true
}

guest_run() { # COMMAND ARGUMENT...
    ssh -q -i guest_key -p "$GUEST_PORT" -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=5 \
        -o UserKnownHostsFile="$PWD/known_hosts" tester@127.0.0.1 "$@"
}
