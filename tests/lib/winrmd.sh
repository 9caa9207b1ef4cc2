# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A WinRM server of our own for the shell tests: . "$ROOT/tests/lib/winrmd.sh" after lib.sh.
# tests/e2e/winrmd.sh shows with other people's clients that it is one.
# shellcheck disable=SC2034
WINRM_USER=vagrant
WINRM_PASSWORD='pä ss<&>"'

# A key and a certificate for 127.0.0.1: winrmd.pem, winrmd.key.
winrmd_certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext 'subjectAltName=IP:127.0.0.1' \
        -keyout winrmd.key -out winrmd.pem 2>/dev/null
}

# Starts the server; sets WINRM_PORT and WINRM_PID.  Its trace is ./winrmd.trace.
start_winrmd() { # ARGUMENT...
    rm -f winrmd.port winrmd.trace
    PYTHONDONTWRITEBYTECODE=1 python3 "$ROOT/tests/lib/winrmd.py" --port-file winrmd.port --trace winrmd.trace \
        --user "$WINRM_USER" --password "$WINRM_PASSWORD" --exec "${WINRM_EXEC:-$ROOT/tests/lib/winrmd-exec}" "$@" &
    WINRM_PID=$!
    cleanup eval "kill $WINRM_PID 2>/dev/null"
    wait_until 20 [ -e winrmd.port ]
    WINRM_PORT=$(cat winrmd.port)
}

stop_winrmd() {
    kill "$WINRM_PID"
    wait "$WINRM_PID" || true
}
