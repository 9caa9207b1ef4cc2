#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A guest that is logged in to by password and whose sudo wants one: Ansible needs no sshpass, and nothing hangs.
# No guest: a throwaway account of this host, a real sshd, real sudo, and the builder "null".
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/sshd.sh"
requires_root
requires ssh-keygen sudo ansible-playbook chpasswd
getent group sudo >/dev/null || skip 'there is no group sudo'

ordinary=imgfac-p$RANDOM
useradd -m -d "$TMP/home" -G sudo "$ordinary"
cleanup userdel "$ordinary"
chmod 711 "$TMP"
echo "$ordinary:it's \$ecret-72" | chpasswd
echo "password = \"it's \$ecret-72\"" >secret.auto.pkrvars.hcl
start_sshd 'PasswordAuthentication yes' "AllowUsers $ordinary" 'AuthorizedKeysFile none'
printf 'store {\n  path = "%s/store"\n}\n' "$TMP" >config.hcl
cat >site.yml <<'EOF'
- hosts: all
  gather_facts: false
  tasks:
    - command: id -un
      become: true
      register: who
    - copy: {content: '{{ who.stdout }}', dest: '/tmp/{{ mark }}'}
EOF

build() { # STATUS PROVISIONER...
    local status=$1
    cat >t.pkr.hcl <<EOF
variable "password" {
  type      = string
  sensitive = true
}
source "null" "guest" {
  ssh_host     = "127.0.0.1"
  ssh_port     = $SSHD_PORT
  ssh_username = "$ordinary"
  ssh_password = var.password
}
build {
  sources = ["source.null.guest"]
  provisioner $2
}
EOF
    assert_status "$status" env IMGFAC_CONFIG=config.hcl timeout 60 imgfac build -ui plain .
    assert_lacks stdout 'ecret-72'
    assert_lacks stderr 'ecret-72'
}

echo '- ansible, with a password for each'
mark=imgfac-become-$RANDOM
cleanup rm -f "/tmp/$mark"
build 0 "\"ansible\" {
    playbook_file   = \"site.yml\"
    extra_arguments = [\"-e\", \"mark=$mark\", \"-e\", jsonencode({ ansible_become_password = var.password })]
  }"
assert_eq root "$(cat "/tmp/$mark")" 'who the task was'
assert_eq '' "$(find "$TMP/store/work" -mindepth 1)" 'left in the store'

echo '- ansible, without the password of sudo'
build 1 "\"ansible\" {
    playbook_file   = \"site.yml\"
    extra_arguments = [\"-e\", \"mark=$mark\"]
  }"
assert_contains stdout "task 'command' failed on 'default': Missing sudo password"

echo '- shell'
build 1 '"shell" {
    inline = ["sudo true"]
  }'
assert_contains stdout 'sudo: a password is required'
build 0 "$(
    cat <<'EOF'
"shell" {
    inline          = ["id -un"]
    execute_command = "printf '%s\\n' '${replace(var.password, "'", "'\\''")}' | sudo -S sh {{.Path}}"
  }
EOF
)"
assert_contains stdout 'null.guest: root'
