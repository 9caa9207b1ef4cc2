# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Library of the shell tests: . "$(dirname "$0")/../lib/lib.sh"
#
# The test gets $ROOT (the source tree), $B (absolute build directory), its
# program first in $PATH, and a directory of its own as the current one, which
# is removed at the end.  It ends with 0 (passed), 77 (skipped) or else.
set -eu

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
B=$(cd "$ROOT" && mkdir -p "${B:-build}" && cd "${B:-build}" && pwd)
PATH=$B:$PATH
TMP=$(mktemp -d "${TMPDIR:-/var/tmp}/imgfac-test-XXXXXX")
export ROOT B PATH
cleanups=()

# Clean-up commands run last first, also after a failure or Ctrl-C.
cleanup() { # COMMAND ARGUMENT...
    cleanups+=("$(printf '%q ' "$@")")
}

# What a test that failed still has running would go on, with the guest lock.
end_jobs() {
    local end=$((SECONDS + 15))
    # shellcheck disable=SC2046
    kill $(jobs -pr) 2>/dev/null
    while [ -n "$(jobs -pr)" ] && [ "$SECONDS" -lt "$end" ]; do
        sleep 0.1
    done
    # shellcheck disable=SC2046
    kill -KILL $(jobs -pr) 2>/dev/null
}

run_cleanups() {
    local rc=$? i
    trap '' INT TERM
    set +e
    [ -z "$(jobs -pr)" ] || end_jobs
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
        eval "${cleanups[i]}"
    done
    cd /
    rm -rf "$TMP"
    exit "$rc"
}
trap run_cleanups EXIT
trap 'exit 130' INT TERM

fail() { # MESSAGE...
    echo "FAILED: $*" >&2
    exit 1
}

skip() { # REASON...
    echo "SKIPPED: $*"
    exit 77
}

requires() { # PROGRAM...
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip "'$tool' is not installed"
    done
}

requires_root() {
    [ "$(id -u)" -eq 0 ] || skip 'needs root'
}

# One guest at a time: under TCG two starve each other.
one_guest_at_a_time() {
    exec 9>"${TMPDIR:-/tmp}/imgfac-guest.lock"
    flock -w 3600 9 || fail 'another test keeps the guest lock'
}

assert_eq() { # EXPECTED ACTUAL [WHAT]
    [ "$1" = "$2" ] || fail "${3:-value}: expected '$1', got '$2'"
}

assert_file() { # PATH...
    local path
    for path; do
        [ -e "$path" ] || fail "'$path' is missing"
    done
}

assert_no_file() { # PATH...
    local path
    for path; do
        [ ! -e "$path" ] || fail "'$path' is still there"
    done
}

assert_contains() { # FILE FIXED_STRING...
    local file=$1 text
    shift
    for text; do
        grep -qF -e "$text" "$file" || fail "'$file' does not contain '$text': $(tail -n 20 "$file")"
    done
}

assert_lacks() { # FILE FIXED_STRING...
    local file=$1 text
    shift
    for text; do
        ! grep -qF -e "$text" "$file" || fail "'$file' contains '$text'"
    done
}

# Run a command; its output is in ./stdout and ./stderr.
assert_status() { # STATUS COMMAND ARGUMENT...
    local expected=$1 rc=0
    shift
    "$@" >stdout 2>stderr || rc=$?
    [ "$rc" -eq "$expected" ] || fail "'$*': expected exit status $expected, got $rc: $(tail -n 20 stderr stdout)"
}

# Ask again until the command succeeds: no fixed sleeps in tests.
wait_until() { # SECONDS COMMAND ARGUMENT...
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}

# An ordinary user with a home nobody else may enter: root makes a fresh one, $HOME_DIR, and
# `as_user COMMAND...` runs as that user in it; everybody else stays who they are.
ordinary_user() {
    HOME_DIR=$TMP/home
    chmod 711 "$TMP"
    if [ "$(id -u)" -ne 0 ]; then
        mkdir -m 700 "$HOME_DIR"
        as_user() { (cd "$HOME_DIR" && env HOME="$HOME_DIR" "$@"); }
        return
    fi
    TEST_USER=imgfac-t$RANDOM
    useradd -m -d "$HOME_DIR" -K HOME_MODE=0700 "$TEST_USER"
    cleanup userdel "$TEST_USER"
    cleanup pkill -KILL -u "$TEST_USER"
    as_user() {
        (cd "$HOME_DIR" && setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups env HOME="$HOME_DIR" "$@")
    }
}

# A base image for the tests that need one: made once by tests/e2e/bootstrap.sh and kept in the
# build directory; IMGFAC_TEST_BASE names another.
BASE_IMAGE=${IMGFAC_TEST_BASE:-$B/e2e-base.qcow2}
requires_base() {
    [ -e "$BASE_IMAGE" ] || skip "no base image: run tests/e2e/bootstrap.sh first, or set IMGFAC_TEST_BASE"
}

cd "$TMP"
