#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad input and faults of provisioners, and questions that nobody answers: each ends soon, with its cause on the last
# line.  No guest: throwaway accounts of this host, a real sshd, real sudo, and the builder "null".
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/sshd.sh"
requires_root
requires ssh-keygen sudo python3 chpasswd
getent group sudo >/dev/null || skip 'there is no group sudo'

account=imgfac-q$RANDOM
useradd -m -d "$TMP/home" -s /bin/bash -G sudo "$account"
cleanup userdel "$account"
chmod 711 "$TMP"
echo "$account:four words as password" | chpasswd
start_sshd "AllowUsers root $account" "SetEnv LC_ALL=C.UTF-8 HOME=$TMP/home"
chmod 711 "$SSHD_DIR"
chmod 644 "$SSHD_DIR/user.pub"
printf 'store {\n  path = "%s/store"\n}\n' "$TMP" >config.hcl
export IMGFAC_CONFIG=config.hcl

# Builds of their own, all at once: `add` each, then `run_all`.
add() { # NAME SOURCE_LINES PROVISIONERS: as $as
    {
        SSHD_USER=$as null_source "$1" "$2"
        printf 'build {\n  sources = ["source.null.%s"]\n%s\n}\n' "$1" "$3"
    } >>t.pkr.hcl
}

run_all() { # STATUS SECONDS
    local start=$SECONDS
    assert_status "$1" timeout 100 imgfac build -ui plain -parallel-builds=0 t.pkr.hcl
    [ $((SECONDS - start)) -le "$2" ] || fail "took $((SECONDS - start)) s: $(cat stdout)"
    rm t.pkr.hcl
}

assert_cause() { # NAME TEXT...
    local name=$1 text
    for text in "${@:2}"; do
        grep "^==> null.$name failed: " stdout | grep -qF -e "$text" || fail "$name: $(grep "null.$name" stdout)"
    done
}

assert_output() { # NAME TEXT...
    local text
    for text in "${@:2}"; do
        grep -qF -e "    null.$1: $text" stdout || fail "$1: $(grep "null.$1" stdout)"
    done
}

echo '- questions at a terminal, and without'
as=$account
shell() { # NAME PTY COMMAND [OPTION_LINE...]
    add "$1" "ssh_pty = $2" "  provisioner \"shell\" {
    inline = [\"$3\"]
$(printf '    %s\n' "${@:4}")
  }"
}
touch site.pp
shell sudo true 'sudo id'
shell sudo_no_pty false 'sudo id'
shell command true 'true' 'execute_command = "sudo {{.Path}}"'
shell su true 'su -c id'
shell yes true "read -p 'Do you want to continue? [Y/n] ' answer; test x\$answer = xY" 'inline_shebang = "/bin/bash"'
shell ssh true "ssh -p $SSHD_PORT -o UserKnownHostsFile=/dev/null 127.0.0.1"
add puppet 'ssh_pty = true' '  provisioner "puppet-masterless" {
    manifest_file = "site.pp"
  }'
run_all 1 15
for name in sudo sudo_no_pty command puppet; do
    assert_cause $name 'sudo: a password is required'
done
assert_contains stdout 'NOPASSWD in sudoers'
assert_cause su 'Authentication failure'
assert_cause ssh 'Host key verification failed'
assert_output yes 'Do you want to continue? [Y/n]'

echo '- a folder that is downloaded as if it were a file'
as=root
for method in sftp scp; do
    add $method "ssh_file_transfer_method = \"$method\"" "  provisioner \"file\" {
    direction   = \"download\"
    source      = \"$TMP/home\"
    destination = \"x\"
  }"
done
run_all 1 15
for method in sftp scp; do
    assert_cause $method "'$TMP/home' is a folder of the guest"
done
assert_contains stdout 'End its name in a slash'

echo '- what is not a question; files beside a terminal'
mkdir -p 'tree/in side'
head -c 300000 /dev/urandom >tree/binary
printf '\003\004\021\023\032\034\r\n\r' >'tree/in side/control'
as=$account
add sudo_s 'ssh_pty = true' '  provisioner "shell" {
    execute_command = "echo '"'four words as password'"' | sudo -S sh {{.Path}}"
    inline          = ["sleep 4; echo I am $(id -un)"]
  }'
shell unfinished true "printf 'Working: '; sleep 4; echo done"
as=root
for method in sftp scp; do
    mkdir "$TMP/home/$method"
    add $method "ssh_pty = true
  ssh_file_transfer_method = \"$method\"" "  provisioner \"file\" {
    source      = \"tree\"
    destination = \"$TMP/home/$method\"
  }
  provisioner \"file\" {
    source      = \"tree/binary\"
    destination = \"$TMP/home/$method/copy\"
  }
  provisioner \"file\" {
    direction   = \"download\"
    source      = \"$TMP/home/$method/copy\"
    destination = \"$method.back\"
  }
  provisioner \"file\" {
    direction   = \"download\"
    source      = \"$TMP/home/$method/tree/\"
    destination = \"$method.tree\"
  }"
done
run_all 0 30
grep -q 'null.sudo_s: .*I am root$' stdout || fail "sudo -S: $(grep sudo_s stdout)"
assert_output unfinished 'Working: done'
for method in sftp scp; do
    cmp tree/binary "$TMP/home/$method/copy"
    cmp tree/binary $method.back
    diff -r tree $method.tree
done

echo '- output without end, and output that is no text'
script() { # NAME: runs standard input
    cat >"$1.sh"
    add "$1" '' "  provisioner \"shell\" {
    script = \"$1.sh\"
  }"
}
script flood <<END
#!/bin/sh
yes $(printf 'o%.0s' {1..79}) | head -c ${FLOOD:-20000000}
echo end of the flood
END
script long <<'END'
#!/bin/sh
head -c 3000000 /dev/zero | tr '\0' x
echo end of the line
END
script binary <<'END'
#!/bin/sh
head -c 300000 /dev/urandom
head -c 300000 /dev/urandom >&2
echo; echo end of noise
END
script broken <<'END'
#!/bin/sh
printf 'a\377\376b\303\n\355\240\200\n\0nul\n\033[31mred\033[0m\rover\n'
END
python3 - <<'END'
import json, resource, subprocess
with open("json", "wb") as out:
    subprocess.run(["imgfac", "build", "-ui", "json", "-parallel-builds=0", "t.pkr.hcl"], stdout=out, check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
print("  peak memory:", peak, "MiB")
assert peak < 60, peak
for line in open("json", encoding="utf-8", errors="strict"):
    json.loads(line)
END
run_all 0 60
assert_output flood 'end of the flood'
grep -q 'end of the line$' stdout || fail 'the long line has no end'
assert_output binary 'end of noise'
assert_output broken 'over'

echo '- a bastion that asks questions'
guest_port=$SSHD_PORT
until try_sshd 'UsePAM yes' 'KbdInteractiveAuthentication yes' 'AuthenticationMethods keyboard-interactive' \
    "AllowUsers $account"; do :; done
cleanup kill "$SSHD_PID"
bastion_port=$SSHD_PORT SSHD_PORT=$guest_port
add guest "ssh_timeout = \"30s\"
  ssh_bastion_host = \"127.0.0.1\"
  ssh_bastion_port = $bastion_port
  ssh_bastion_username = \"$account\"
  ssh_bastion_interactive = true" '  provisioner "shell" {
    inline = ["echo through to $(id -un)"]
  }'
at_terminal() { # EXPECTED_LINE STEP...
    local line=$1
    shift
    "$ROOT/tests/lib/pty" "$@" -- imgfac build -color=false t.pkr.hcl >screen
    grep -qxF -e "$line" screen || fail "at the terminal: $(tail -c 300 screen)"
}
at_terminal 'exit 0' 'expect asks: Password:' 'send four words as password\n' 'expect through to root' 'expect finished'
at_terminal 'exit 130' 'expect asks: Password:' 'send \x03' 'expect Cleanly cancelled'
# No terminal: said at once.
assert_status 1 setsid -w timeout 20 imgfac build -ui plain t.pkr.hcl
assert_cause guest "there is no terminal to answer 'Password: ' at"
