#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The WinRM server of the tests is one: pywinrm, Debian's client for Windows, talks to it in every way.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/winrmd.sh"
requires python3 openssl iconv
# Debian's Python has Debian's modules, whichever python3 is first in the path.
python=/usr/bin/python3
$python -c 'import winrm, requests_ntlm' 2>/dev/null || skip 'python3-winrm and python3-requests-ntlm are not installed'
export PYTHONDONTWRITEBYTECODE=1
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
winrmd_certificate

# ntlm_auth wants MD4, which OpenSSL 3 keeps apart.
cat >legacy.cnf <<'END'
openssl_conf = init
[init]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
END

proof() { # CASE TRANSPORT ENCRYPTION [PASSWORD]
    local scheme=http
    [ -z "$tls" ] || scheme=https
    echo "- $1 by $2, encryption $3, $scheme"
    OPENSSL_CONF=$PWD/legacy.cnf $python "$ROOT/tests/lib/winrmd_proof.py" "$1" \
        "$scheme://127.0.0.1:$WINRM_PORT/wsman" "$WINRM_USER" "${4:-$WINRM_PASSWORD}" "$2" "$3" ${tls:+winrmd.pem} ||
        fail "$1 by $2, encryption $3: $(tail -n 5 winrmd.trace | cut -c1-2000)"
}

tls=
start_winrmd
for case in short shell slow strict; do
    proof $case plaintext never
done
proof wrong plaintext never wrong
assert_contains winrmd.trace 'refused HTTP 401: wrong user or password'
assert_lacks winrmd.trace "$WINRM_PASSWORD"
proof short ntlm never
proof short ntlm always
proof shell ntlm always
assert_contains winrmd.trace 'seal extended 128 56 key-exchange version target-info mic'
stop_winrmd

start_winrmd --seal required --max-shells 3 --max-operations 5
proof wrong plaintext never
assert_contains winrmd.trace 'refused HTTP 401: Basic is not allowed over plain HTTP'
proof unsealed ntlm never
assert_contains winrmd.trace 'refused HTTP 500: the message is not encrypted'
proof quota ntlm always
proof strict ntlm always
proof wrong ntlm always wrong
assert_contains winrmd.trace 'refused HTTP 401: Negotiate: wrong password'
stop_winrmd

tls=1
start_winrmd --tls winrmd.pem winrmd.key --seal required
proof short ssl never
proof short ntlm never
proof wrong ntlm never wrong
assert_contains winrmd.trace ' mic bound'
stop_winrmd
