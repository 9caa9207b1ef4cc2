# SPDX-License-Identifier: Apache-2.0
# What goes wrong between here and a guest, as the user sees it: the builder "null" and a real OpenSSH server.

@ needs /usr/sbin/sshd
$ cat >try.sh <<'END'
> # usage: try.sh SOURCE_LINES BUILD_LINES [SSHD_CONFIG_LINE...]: what was said, without what differs
> . "$ROOT/tests/lib/sshd.sh"
> start_sshd "${@:3}"
> [ ! -e before ] || . ./before
> printf 'store {\n  path = "%s/store"\n}\n' "$PWD" >config.hcl
> printf 'source "null" "a" {\n  ssh_host = "127.0.0.1"\n  ssh_port = %s\n  ssh_username = "%s"\n%s\n}\nbuild {\n  sources = ["source.null.a"]\n%s\n}\n' \
>     "$SSHD_PORT" "$SSHD_USER" "$(sed "s|KEY|\"$SSHD_KEY\"|; s|PORT|$SSHD_PORT|" <<<"$1")" "$2" >a.pkr.hcl
> IMGFAC_CONFIG=config.hcl imgfac build -ui plain a.pkr.hcl >out 2>&1
> echo "status $?"
> sed -n '/^Error/,/^ *Logs/p' out | sed -E "s|$SSHD_DIR|[SSHD]|g; s|'$SSHD_USER'|'[USER]'|; /Logs of/d; /^==>/d; /^\$/d; /on a.pkr.hcl/,/\^/d" |
>     awk '/^(Error|because|status)/ { if (line != "") print line; line = $0; next } { line = line " " $0 } END { print line }'
> END

# Keys that are none.
$ bash try.sh 'ssh_private_key_file = "k"' '' 2>/dev/null; ssh-keygen -q -t ed25519 -N '' -f k; bash try.sh 'ssh_private_key_file = "k.pub"' ''; ssh-keygen -q -t rsa -b 2048 -N 'pass' -f enc; bash try.sh 'ssh_private_key_file = "enc"' ''
| status 4
| Error: Unreadable file ssh_private_key_file is invalid: cannot read "k".
| status 1
| Error: The file 'k.pub' (ssh_private_key_file) is not a private key that can be read It is the public half: name the file without .pub.
| status 1
| Error: The file 'enc' (ssh_private_key_file) is protected by a password Use a key without a password, or load it into ssh-agent and set ssh_agent_auth = true.

# A key that is not admitted.
$ bash try.sh 'ssh_private_key_file = "k"
> ssh_handshake_attempts = 1' ''
| status 1
| Error: No SSH login at 127.0.0.1:[PORT]
| because: gave up after 1 refused login
| because: the guest refused the login of '[USER]' (tried: ssh_private_key_file (ssh-ed25519); it offers: publickey) The account must exist and have the key in its authorized_keys, or the password must be right and password logins allowed.

# A bastion that is not there, and a user it does not want.
$ bash try.sh 'ssh_private_key_file = KEY
> ssh_bastion_host = "127.0.0.1"
> ssh_bastion_port = 1
> ssh_bastion_username = "me"
> ssh_timeout = "1s"' ''
| status 1
| Error: No SSH login at 127.0.0.1:[PORT] within [DURATION]
| because: waiting for SSH at 127.0.0.1:[PORT] took longer than its time limit
| because: bastion 127.0.0.1:[PORT]: no TCP connection: Connection refused Check that 127.0.0.1:[PORT] is up, and that this host may connect to it.

# A script that kills the server, and one that is killed.
$ bash try.sh 'ssh_private_key_file = KEY' 'provisioner "shell" {
> inline = ["p=$$; while [ $(cat /proc/$p/comm) != sshd ]; do p=$(cut -d\\  -f4 /proc/$p/stat); done; kill -9 $p; sleep 5"]
> }'; bash try.sh 'ssh_private_key_file = KEY' 'provisioner "shell" {
> inline = ["kill -KILL $$"]
> }'
| status 1
| Error: Provisioner 'shell' failed
| because: shell script 'inline' failed
| because: script disconnected unexpectedly If the script restarts the guest, set expect_disconnect = true, and pause_before in the next provisioner.
| status 1
| Error: Provisioner 'shell' failed
| because: shell script 'inline' failed
| because: script exited with status 137 (allowed: 0); its last error line: Killed 137: it was killed (SIGKILL); the guest may be out of memory.

# A connection that a script breaks on purpose is made again.
$ bash try.sh 'ssh_private_key_file = KEY' 'provisioner "shell" {
> expect_disconnect = true
> inline = ["p=$$; while [ $(cat /proc/$p/comm) != sshd ]; do p=$(cut -d\\  -f4 /proc/$p/stat); done; kill -9 $p; sleep 5"]
> }
> provisioner "shell" {
> inline = ["echo here again"]
> }'; grep 'again' out
| status 0
|
|     null.a: here again

# No secret is ever said: both are wrong here, and everything is logged.
$ cat >canary.hcl <<'END'
> ssh_password = "can,\"$ar`y\\bird\nsecond-half"
> ssh_handshake_attempts = 1
> END
$ cat >bastion.hcl <<'END'
> ssh_bastion_host = "127.0.0.1"
> ssh_bastion_username = "x"
> ssh_bastion_password = "can,\"$ar`y\\bird\nsecond-half"
> ssh_bastion_port = PORT
> END
$ echo 'export IMGFAC_LOG=trace IMGFAC_LOG_PATH=$PWD/log' >before; bash try.sh "$(cat canary.hcl)" '' 'PasswordAuthentication yes'; bash try.sh "$(cat canary.hcl bastion.hcl)" '' 'PasswordAuthentication yes'; test -s log; grep -rcF -e 'bird' -e 'second-half' out log store/logs | grep -v ':0$'
| status 1
| Error: No SSH login at 127.0.0.1:[PORT]
| because: gave up after 1 refused login
| because: the guest refused the login of '[USER]' (tried: password; it offers: publickey, password) The account must exist and have the key in its authorized_keys, or the password must be right and password logins allowed.
| status 1
| Error: No SSH login at 127.0.0.1:[PORT]
| because: gave up after 1 refused login
| because: no login at the bastion 127.0.0.1:[PORT]
| because: the bastion refused the login of 'x' (tried: password; it offers: publickey, password) The account must exist and have the key in its authorized_keys, or the password must be right and password logins allowed.
? 1

@ needs root
# A disk of the guest that is full.
$ rm before; cat >before <<'END'
> mkdir "$SSHD_DIR/full" && mount -t tmpfs -o size=64k none "$SSHD_DIR/full"
> trap 'umount "$SSHD_DIR/full"; stop_sshd' EXIT
> ln -sfn "$SSHD_DIR/full" full
> END
$ head -c 100000 /dev/zero >big; for method in sftp scp; do bash try.sh "ssh_private_key_file = KEY
> ssh_file_transfer_method = \"$method\"" "provisioner \"file\" {
> source = \"big\"
> destination = \"$PWD/full/big\"
> }"; done
| status 1
| Error: Provisioner 'file' failed
| because: Upload failed
| because: cannot upload 'big' => '[TMP]/full/big'
| because: the disk of the guest is full: 0 KiB are free for '[TMP]/full/big'
| because: [TMP]/full/big: the guest's SFTP server failed (Failure) Enlarge the disk (disk_size), free space with a provisioner before, or upload to another file system.
| status 1
| Error: Provisioner 'file' failed
| because: Upload failed
| because: cannot upload 'big' => '[TMP]/full/big'
| because: the disk of the guest is full: 0 KiB are free for '[TMP]/full/big'
| because: scp in the guest refused: scp: [TMP]/full/big: No space left on device Enlarge the disk (disk_size), free space with a provisioner before, or upload to another file system.
