#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The WinRM server of the tests is one: Debian's clients for Windows talk to it in every way, pywinrm, winrmcp (what
# Packer uses), Ansible and curl with GSSAPI.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/winrmd.sh"
requires python3 openssl iconv jq winrmcp ansible curl
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

proof() { # CASE,CASE... TRANSPORT ENCRYPTION [PASSWORD]
    local scheme=http
    [ -z "$tls" ] || scheme=https
    echo "- $1 by $2, encryption $3, $scheme"
    OPENSSL_CONF=$PWD/legacy.cnf $python "$ROOT/tests/lib/winrmd_proof.py" "$1" \
        "$scheme://127.0.0.1:$WINRM_PORT/wsman" "$WINRM_USER" "${4:-$WINRM_PASSWORD}" "$2" "$3" ${tls:+winrmd.pem} ||
        fail "$1 by $2, encryption $3: $(tail -n 5 winrmd.trace | cut -c1-2000)"
}

tls=
start_winrmd
proof short,shell,slow,strict plaintext never
proof wrong plaintext never wrong
assert_contains winrmd.trace 'refused HTTP 401: wrong user or password'
assert_lacks winrmd.trace "$WINRM_PASSWORD"
assert_contains winrmd.trace 'service warning: standard input is a console'
proof short ntlm never
proof short,shell ntlm always
assert_contains winrmd.trace 'seal extended 128 56 key-exchange version target-info mic'
stop_winrmd

start_winrmd --seal required --max-shells 3 --max-operations 5
proof wrong plaintext never
assert_contains winrmd.trace 'refused HTTP 401: Basic is not allowed over plain HTTP'
proof unsealed ntlm never
assert_contains winrmd.trace 'refused HTTP 500: the message is not encrypted'
proof quota,strict,wire ntlm always
for why in 'the connection is not authenticated' 'authentication by Bearer is not offered' 'NTLM message 3 is not expected' \
    'NTLM version 1' 'unknown user' 'Length=3, but' 'wrong signature or sequence' 'the parts are not those of' \
    'the inner content types are wrong' 'protocol and boundary are not those of' 'the content type is multipart/mixed'; do
    assert_contains winrmd.trace "$why"
done
proof wrong ntlm always wrong
assert_contains winrmd.trace 'refused HTTP 401: Negotiate: wrong password'
stop_winrmd

# winrmcp appends lines of base64 to a file in %TEMP%, which a script then decodes.
cat >copy-exec <<'END'
#!/bin/bash
script=$("$WINRMD_EXEC" "$1")
case $1 in
'echo '*' >> "%TEMP%\winrmcp-'*)
    name=${1##*\\} text=${1#echo }
    printf '%s\r\n' "${text%% *}" >>"${name%\"}"
    ;;
*)
    name=$(grep -om1 'winrmcp-[-0-9a-f]*\.tmp' <<<"$script")
    case $script in
    *FromBase64String*) tr -d '\r' <"$name" | while read -r line; do base64 -d <<<"$line"; done >copied ;;
    *Remove-Item*) rm "$name" ;;
    esac
    ;;
esac
END
chmod +x copy-exec
head -c 200000 /dev/urandom >big
export WINRMD_EXEC=$ROOT/tests/lib/winrmd-exec
WINRM_EXEC=$PWD/copy-exec start_winrmd
echo '- winrmcp'
assert_status 0 winrmcp -user "$WINRM_USER" -pass "$WINRM_PASSWORD" -addr "127.0.0.1:$WINRM_PORT" big 'C:/dest/f.bin'
cmp big copied || fail 'winrmcp copied something else'
assert_no_file winrmcp-*.tmp
assert_lacks winrmd.trace ' refused '
stop_winrmd

start_winrmd --seal required
echo '- ansible'
jq -n --arg user "$WINRM_USER" --arg password "$WINRM_PASSWORD" --argjson port "$WINRM_PORT" \
    '{ansible_connection: "winrm", ansible_port: $port, ansible_winrm_scheme: "http", ansible_user: $user,
      ansible_password: $password, ansible_winrm_transport: "ntlm"}' >vars.json
assert_status 0 env OPENSSL_CONF="$PWD/legacy.cnf" ANSIBLE_HOME="$PWD/ansible" ANSIBLE_LOCAL_TEMP="$PWD/ansible" \
    ansible all -i 127.0.0.1, -m raw -a 'echo grüß dich' -e @vars.json
assert_contains stdout '127.0.0.1 | CHANGED | rc=0' 'echo grüß dich'

plugin=$(find /usr/lib/*/gssntlmssp -name gssntlmssp.so 2>/dev/null || true)
if [ -n "$plugin" ]; then
    echo '- curl, NTLM inside SPNEGO'
    printf 'DOM:%s:%s\n' "$WINRM_USER" "$WINRM_PASSWORD" >users
    assert_status 0 env NTLM_USER_FILE="$PWD/users" curl -sS --negotiate -u : -d '' \
        -H 'Content-Type: application/soap+xml;charset=UTF-8' "http://127.0.0.1:$WINRM_PORT/wsman"
    assert_contains winrmd.trace 'authenticated DOM\\vagrant' ': spnego'
else
    echo '- curl, NTLM inside SPNEGO: left out, gss-ntlmssp is not installed'
fi
stop_winrmd

tls=1
start_winrmd --tls winrmd.pem winrmd.key --seal required
proof short ssl never
proof short ntlm never
proof wrong ntlm never wrong
assert_contains winrmd.trace ' mic bound'
stop_winrmd
