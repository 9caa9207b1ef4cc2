# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real OpenSSH server for shell and golden tests: . "$ROOT/tests/lib/sshd.sh"
#
#   start_sshd [CONFIG_LINE...]     on a free port of the loopback, as whoever runs the test and
#                                   admitting that user alone; ends with the test or the command
#   null_source NAME [LINE...]      HCL of a source "null" that logs in to it, with further LINEs
#   stop_sshd
#
# Sets $SSHD_DIR, $SSHD_PORT, $SSHD_USER, $SSHD_KEY (private key file), $SSHD_PID and $SSHD_LOG.
# $HOME of the sessions is $SSHD_DIR/home, but they begin in the user's real home: use absolute paths.

sshd_config() { # CONFIG_LINE...: the first value of an option counts
    printf '%s\n' "$@"
    cat <<END
Port $SSHD_PORT
ListenAddress 127.0.0.1
HostKey $SSHD_DIR/host
AuthorizedKeysFile $SSHD_DIR/user.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxSessions 20
MaxStartups 100
SetEnv HOME=$SSHD_DIR/home
Subsystem sftp internal-sftp
END
}

# A port that is taken ends sshd at once: another one.
try_sshd() { # CONFIG_LINE...
    local _
    SSHD_PORT=$((20000 + RANDOM % 12000))
    sshd_config "$@" >"$SSHD_DIR/sshd_config"
    : >"$SSHD_LOG"
    /usr/sbin/sshd -D -f "$SSHD_DIR/sshd_config" -E "$SSHD_LOG" >/dev/null 2>&1 9>&- &
    SSHD_PID=$!
    for _ in {1..200}; do
        ! grep -q 'Server listening' "$SSHD_LOG" || return 0
        kill -0 "$SSHD_PID" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

start_sshd() { # [CONFIG_LINE...]
    local _
    [ -x /usr/sbin/sshd ] || { echo "SKIPPED: openssh-server is not installed" && exit 77; }
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    SSHD_DIR=$(mktemp -d "${TMPDIR:-/tmp}/imgfac-sshd-XXXXXX")
    SSHD_KEY=$SSHD_DIR/user SSHD_LOG=$SSHD_DIR/sshd.log SSHD_USER=$(id -un)
    mkdir "$SSHD_DIR/home"
    ssh-keygen -q -t ed25519 -N '' -f "$SSHD_KEY"
    ssh-keygen -q -t ed25519 -N '' -f "$SSHD_DIR/host"
    if declare -F cleanup >/dev/null; then
        cleanup stop_sshd
    else
        trap stop_sshd EXIT
    fi
    for _ in {1..20}; do
        try_sshd "$@" && return 0
    done
    echo "sshd does not start: $(cat "$SSHD_LOG")" >&2
    return 1
}

stop_sshd() {
    kill "$SSHD_PID" 2>/dev/null || true
    wait "$SSHD_PID" 2>/dev/null || true
    rm -rf "$SSHD_DIR"
}

null_source() { # NAME [LINE...]
    cat <<END
source "null" "$1" {
  ssh_host             = "127.0.0.1"
  ssh_port             = $SSHD_PORT
  ssh_username         = "$SSHD_USER"
  ssh_private_key_file = "$SSHD_KEY"
$(printf '  %s\n' "${@:2}")
}
END
}
