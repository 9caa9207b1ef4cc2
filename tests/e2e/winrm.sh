#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The communicator "winrm" against the WinRM server of the tests, with a pretended Windows behind it and the builder
# "null": every way to log in, commands, files, the provisioners for Windows, and what goes wrong.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/winrmd.sh"
requires python3 openssl jq
WINDOWS=$TMP/windows
export WINRM_EXEC=$ROOT/tests/lib/windows.py
export WINDOWS IMGFAC_CONFIG=$TMP/config.hcl
mkdir -p "$WINDOWS/c/Windows/Temp" "$WINDOWS/c/Users/vagrant" in
printf 'store {\n  path = "%s/store"\n}\n' "$TMP" >config.hcl
printf 'password = %s\n' "$(jq -Rn --arg p "$WINRM_PASSWORD" '$p')" >p.auto.pkrvars.hcl
winrmd_certificate

template() { # LINES OF THE SOURCE; provisioners on standard input
    cat <<END
variable "password" {
  sensitive = true
}
variable "secret" {
  sensitive = true
  default   = "cnry71 \\"q' \$d"
}
source "null" "w" {
  communicator   = "winrm"
  winrm_host     = "127.0.0.1"
  winrm_port     = $WINRM_PORT
  winrm_username = "$WINRM_USER"
  winrm_password = ${PASSWORD:-var.password}
  winrm_timeout  = "${LIMIT:-30s}"
$1
}
build {
  sources = ["source.null.w"]
$(cat)
}
END
}

run() { # STATUS LINES: as template
    template "$2" >t.pkr.hcl
    # What a machine behind a proxy has: nobody asks it for the loopback.
    assert_status "$1" env http_proxy=http://127.0.0.1:9 IMGFAC_LOG=trace IMGFAC_LOG_PATH="$TMP/log" imgfac build .
    cat stdout stderr >said
    cat said >>everything
}

took() { # WHAT: as the log says it; time between the line before it and its own
    awk -v what="$1" '
        { split($1, t, /[T:Z]/); now = t[2] * 3600 + t[3] * 60 + t[4] }
        /comm: / { if ($0 ~ what) printf "%.1f s", now - last; last = now }' log
}

hello='  provisioner "windows-shell" {
    inline = ["echo hello from cmd"]
  }'

start_winrmd
echo '- Basic over HTTP'
run 0 '' <<<"$hello"
assert_contains said 'Using WinRM communicator to connect: 127.0.0.1' 'WinRM connected.' 'Connected to WinRM!' \
    'hello from cmd'

echo '- provisioners'
head -c 20000000 /dev/urandom >in/large
mkdir -p 'in/tree/ü b/deep' in/tree/empty
echo "it's" >"in/tree/ü b/it's \$x ;&.txt"
: >in/tree/nothing
for i in {1..300}; do echo "$i" >"in/tree/ü b/deep/$i"; done
printf 'Write-Host "channel $env:CHANNEL"\nexit 0\n' >in/script.ps1
printf '%s %s\n' admin 'se"cr$et' >"$WINDOWS/accounts"
run 0 '' <<'END'
  provisioner "file" {
    source      = "in/large"
    destination = "C:/data/new folder/large"
  }
  provisioner "file" {
    source      = "in/tree"
    destination = "c:/data"
  }
  provisioner "file" {
    content     = "x"
    destination = "c:\\data\\empty.txt"
  }
  provisioner "file" {
    direction   = "download"
    source      = "c:/data/new folder/large"
    destination = "out/large"
  }
  provisioner "file" {
    direction   = "download"
    source      = "c:/data/"
    destination = "out/all"
  }
  provisioner "file" {
    direction   = "download"
    source      = "c:\\data\\t*\\empty"
    destination = "out/match"
  }
  provisioner "powershell" {
    env    = { CHANNEL = "a \"b\" `c $d é" }
    inline = ["Write-Host \"one\"", "Write-Output \"channel $env:CHANNEL\"", "[Console]::Error.WriteLine(\"to stderr\")"]
  }
  provisioner "powershell" {
    env    = { CHANNEL = "stable" }
    script = "in/script.ps1"
  }
  provisioner "powershell" {
    elevated_user     = "admin"
    elevated_password = "se\"cr$et"
    inline            = ["Write-Host \"as $env:ELEVATED\"", "exit 7"]
    valid_exit_codes  = [7]
  }
  provisioner "powershell" {
    elevated_user = "SYSTEM"
    inline        = ["Write-Host \"as $env:ELEVATED\""]
  }
  provisioner "powershell" {
    env    = { SECRET = var.secret }
    inline = ["Write-Host \"secret $env:SECRET\""]
  }
  provisioner "windows-shell" {
    env    = { SECRET = var.secret }
    inline = ["echo secret %SECRET%"]
  }
  provisioner "windows-shell" {
    inline          = ["exit 0"]
    execute_command = "flood 10485760"
  }
  provisioner "windows-shell" {
    env              = { GREETING = "50% <&> \"q\" ^!" }
    inline           = ["echo greeting: %GREETING%", "exit /b 3"]
    valid_exit_codes = [3]
  }
END
assert_contains said 'one' 'channel a "b" `c $d é' 'channel stable' 'to stderr' 'as admin' 'as SYSTEM' 'greeting: 50% <&> "q" ^!'
cmp in/large out/large
diff -r in/tree out/all/tree
assert_file out/match/tree/empty out/all/empty.txt
[ "$(ls "$WINDOWS/c/Windows/Temp")" = script.bat ] || fail "left behind: $(ls "$WINDOWS/c/Windows/Temp")"
assert_eq 163840 "$(grep -c '^    null.w: 0000000000000' stdout)" 'lines of output'
echo "  20 MB up in $(took 'upload .in/large'), down in $(took 'download .c:/data/new folder/large')"

echo '- restart'
run 0 '' <<'END' &
  provisioner "windows-restart" {
    check_registry = true
  }
  provisioner "windows-shell" {
    inline = ["echo after the restart"]
  }
END
build=$!
wait_until 20 [ -e "$WINDOWS/restart" ]
stop_winrmd
rm "$WINDOWS/restart"
start_winrmd --port "$WINRM_PORT"
wait "$build" || exit 1
assert_contains said 'windows restarted.' 'Machine successfully restarted, moving on' 'after the restart'

echo '- a command that fails, Ctrl-C, a server that dies'
run 1 '' <<<"${hello/echo hello from cmd/exit 5}"
assert_contains said 'script exited with status 5 (allowed: 0)'
hang='  provisioner "windows-shell" {
    inline          = ["exit 0"]
    execute_command = "hang"
  }'
hang() { # WHAT TO DO to it
    rm -f "$WINDOWS/hanging"
    template '' <<<"$hang" >t.pkr.hcl
    imgfac build . >said 2>&1 &
    build=$!
    wait_until 20 [ -s "$WINDOWS/hanging" ]
    SECONDS=0
    "$@"
    ! wait "$build" || fail 'the build succeeded'
    [ "$SECONDS" -lt 10 ] || fail "took $SECONDS s"
    wait_until 5 is_gone "$(cat "$WINDOWS/hanging")"
}
is_gone() {
    [ ! -e "/proc/$1" ]
}
interrupt() {
    kill -INT "$build"
}
hang interrupt
hang stop_winrmd
assert_contains said 'disconnected unexpectedly'

if command -v ansible-playbook >/dev/null && /usr/bin/python3 -c 'import winrm' 2>/dev/null; then
    echo '- Ansible'
    start_winrmd
    printf -- '- hosts: all\n  gather_facts: false\n  tasks:\n    - raw: "echo \\"ansible as vagrant\\""\n' >play.yml
    run 0 'winrm_no_proxy = true' <<'END'
  provisioner "ansible" {
    playbook_file   = "play.yml"
    extra_arguments = ["-v"]
  }
END
    assert_contains said '"stdout_lines": ["ansible as vagrant"]'
    stop_winrmd
fi

echo '- nobody there, wrong passwords'
LIMIT=1s run 1 '' <<<"$hello"
assert_contains said 'Timeout waiting for WinRM' 'Connection refused'
start_winrmd
PASSWORD='"wrong"' LIMIT=1s run 1 '' <<<"$hello"
assert_contains said "refused the login of 'vagrant' by Basic (401)"
stop_winrmd
start_winrmd --auth ntlm --seal required
LIMIT=1s run 1 '' <<<"$hello"
assert_contains said 'takes no login by Basic but by Negotiate' 'winrm_use_ntlm = true'
PASSWORD='"wrong"' LIMIT=1s run 1 'winrm_use_ntlm = true' <<<"$hello"
assert_contains said "refused the login of 'vagrant' by NTLM (401)"

echo '- NTLM, sealed'
run 0 'winrm_use_ntlm = true' <<<"$hello"
assert_contains said 'hello from cmd'
assert_contains winrmd.trace 'seal extended 128'
GSS_MECH_CONFIG=/dev/null run 1 'winrm_use_ntlm = true' <<<"$hello"
assert_contains said 'GSSAPI has no NTLM' 'gss-ntlmssp'
stop_winrmd

echo '- HTTPS'
start_winrmd --tls winrmd.pem winrmd.key
run 1 'winrm_use_ssl = true' <<<"$hello"
assert_contains said 'is not trusted' 'winrm_insecure'
run 0 'winrm_use_ssl = true
  winrm_insecure = true' <<<"$hello"
SSL_CERT_FILE=$TMP/winrmd.pem run 0 'winrm_use_ssl = true' <<<"$hello"
SSL_CERT_FILE=$TMP/winrmd.pem run 0 'winrm_use_ssl = true
  winrm_use_ntlm = true' <<<"$hello"
stop_winrmd

echo '- secrets'
assert_contains everything 'secret <sensitive>'
for f in everything log winrmd.trace; do
    ! grep -qF -e cnry71 -e "$WINRM_PASSWORD" -e 'se"cr$et' "$f" || fail "a secret is in $f"
done
! grep -rqF -e cnry71 -e "$WINRM_PASSWORD" store || fail 'a secret is in the store'
