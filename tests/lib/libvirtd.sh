# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Hosts with a libvirt daemon of their own: . "$ROOT/tests/lib/libvirtd.sh"  (needs lib.sh and root)
#
#   start_host NAME [ADDRESS]   libvirtd and virtlogd in namespaces of their own (mounts, processes) with
#                               private /etc/libvirt, /run, /var/log, /var/cache and /var/lib/libvirt.  With
#                               ADDRESS (10.99.N.2) it has a network of its own too, an sshd there, and the
#                               store of the test (./store) is hidden from it: another machine.
#   stop_host NAME              power cut: everything on it ends at once
#   on_host NAME COMMAND...     run there
#
# What libvirt learns about the emulators takes a minute: $B/e2e-libvirt keeps it between runs.
# $HOST_SOCKET_NAME is the daemon's socket seen from here, $HOST_KEY a private key that may log in, $HOST_SSH
# a program that is ssh and knows the key of the host.
# Networks can only be joined inside a network of the test's own: own_network, first thing in the test.

own_network() {
    [ -z "${IMGFAC_TEST_NETWORK:-}" ] || { ip link set lo up && return; }
    rm -rf "$TMP"
    trap - EXIT
    case $0 in /*) ;; *) cd "$OLDPWD" ;; esac
    exec env IMGFAC_TEST_NETWORK=1 unshare -n bash "$0"
}

host_inside() { # DIRECTORY STORE [ADDRESS]
    local dir=$1
    mount --make-rprivate /
    mkdir -p "$dir"/{etc,run,log,cache,lib}
    mount --bind "$dir/etc" /etc/libvirt
    mount --bind "$dir/lib" /var/lib/libvirt
    mount --bind "$dir/log" /var/log
    mount --bind "$dir/cache" /var/cache
    mount --bind "$dir/run" /run
    mkdir -p "$CACHE" /var/cache/libvirt
    mount --bind "$CACHE" /var/cache/libvirt
    mkdir -p /run/sshd /run/lock /var/log/libvirt /var/lib/libvirt/images
    printf 'cgroup_controllers = []\nnamespaces = []\n' >/etc/libvirt/qemu.conf
    printf 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n' >/etc/libvirt/libvirtd.conf
    if [ -n "${3:-}" ]; then
        mount -t tmpfs -o size=1m tmpfs "$2"
        mount -t sysfs sysfs /sys
        ip link set lo up
        /usr/sbin/sshd -D -f "$dir/sshd_config" -E "$dir/sshd.log" &
    fi
    # This shell is the first process there and buries orphans; libvirt waits for that.
    virtlogd 2>"$dir/virtlogd.log" &
    libvirtd 2>"$dir/libvirtd.log" &
    wait
}

host_sshd_config() { # DIRECTORY ADDRESS
    ssh-keygen -q -t ed25519 -N '' -f "$1/key"
    ssh-keygen -q -t ed25519 -N '' -f "$1/hostkey"
    cat >"$1/sshd_config" <<END
ListenAddress 0.0.0.0
HostKey $1/hostkey
AuthorizedKeysFile $1/key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
MaxSessions 20
MaxStartups 100
Subsystem sftp internal-sftp
END
}

# The user's own list of hosts is left alone.
host_ssh() { # DIRECTORY ADDRESS
    printf '%s %s\n' "$2" "$(cut -d ' ' -f 1-2 "$1/hostkey.pub")" >"$1/known_hosts"
    printf '#!/bin/sh\nexec ssh -o UserKnownHostsFile=%s "$@"\n' "$1/known_hosts" >"$1/ssh"
    chmod 755 "$1/ssh"
}

# Interface names are at most 15 characters long.
join_network() { # NAME PID ADDRESS
    local near=${3%.*}.1
    ip link add name "v$1" type veth peer name eth0 netns "$2"
    ip addr add "$near/24" dev "v$1"
    ip link set "v$1" up
    nsenter -t "$2" -n ip addr add "$3/24" dev eth0
    nsenter -t "$2" -n ip link set eth0 up
}

start_host() { # NAME [ADDRESS]
    local dir=$PWD/$1 net=()
    mkdir -p "$dir" store
    chmod 711 "$TMP" "$dir"
    if [ -n "${2:-}" ]; then
        net=(-n)
        [ -e "$dir/key" ] || host_sshd_config "$dir" "$2"
        host_ssh "$dir" "$2"
        HOST_KEY=$dir/key HOST_SSH=$dir/ssh
    fi
    rm -rf "$dir/run"
    CACHE=$B/e2e-libvirt unshare -mp "${net[@]}" --fork --kill-child --mount-proc \
        bash "$ROOT/tests/lib/libvirtd.sh" "$dir" "$PWD/store" "${2:-}" 9>&- &
    echo $! >"$dir.pid"
    cleanup stop_host "$1"
    [ -z "${2:-}" ] || { wait_until 10 host_pid "$1" && join_network "$1" "$(host_pid "$1")" "$2"; }
    HOST_SOCKET_NAME=$dir/run/libvirt/libvirt-sock
    wait_until 30 test -S "$HOST_SOCKET_NAME"
    wait_until 60 virsh -q -c "qemu+unix:///system?socket=$HOST_SOCKET_NAME" list
    [ -z "${2:-}" ] || wait_until 10 grep -q 'Server listening' "$dir/sshd.log"
}

host_pid() { # NAME: of the first process inside, as seen from here
    pgrep -P "$(cat "$1.pid")"
}

on_host() { # NAME COMMAND...
    local pid
    pid=$(host_pid "$1")
    nsenter -t "$pid" -m -p -n -- "${@:2}"
}

stop_host() { # NAME
    local pid
    pid=$(cat "$1.pid" 2>/dev/null) || return 0
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rm -f "$1.pid"
    ip link delete "v$1" 2>/dev/null || true
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    host_inside "$@"
fi
