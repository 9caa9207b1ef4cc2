#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The communicator "winrm" against the WinRM server of the tests, with a pretended Windows behind it and the builder
# "null": every way to log in, commands, files and the provisioners for Windows.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/winrmd.sh"
requires python3 openssl
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
source "null" "w" {
  communicator   = "winrm"
  winrm_host     = "127.0.0.1"
  winrm_port     = $WINRM_PORT
  winrm_username = "$WINRM_USER"
  winrm_password = var.password
  winrm_timeout  = "3s"
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
    cat stdout stderr >>everything
}

hello='  provisioner "windows-shell" {
    inline = ["echo hello from cmd"]
  }'

start_winrmd
echo '- Basic over HTTP'
run 0 '' <<<"$hello"
assert_contains stdout 'Using WinRM communicator to connect: 127.0.0.1' 'WinRM connected.' 'Connected to WinRM!' \
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
  provisioner "windows-shell" {
    env              = { GREETING = "50% <&> \"q\" ^!" }
    inline           = ["echo greeting: %GREETING%", "exit /b 3"]
    valid_exit_codes = [3]
  }
END
assert_contains stdout 'one' 'channel a "b" `c $d é' 'channel stable' 'to stderr' 'as admin' 'as SYSTEM' 'greeting: 50% <&> "q" ^!'
cmp in/large out/large
diff -r in/tree out/all/tree
assert_file out/match/tree/empty out/all/empty.txt
[ "$(ls "$WINDOWS/c/Windows/Temp")" = script.bat ] || fail "left behind: $(ls "$WINDOWS/c/Windows/Temp")"
