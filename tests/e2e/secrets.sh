#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A secret with every awkward character goes through every provisioner, in success and in failure: it is in no
# output, log, event, catalog or process's arguments.  No guest: a real sshd and the builder "null".
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/sshd.sh"
requires ssh-keygen
start_sshd
D=$TMP/guest
mkdir -p "$D/mod" store
printf 'store {\n  path = "%s/store"\n}\n' "$TMP" >config.hcl

# Every hit is a line with this head, however the rest is quoted.
HEAD=cnry71
cat >secret.auto.pkrvars.hcl <<'EOF'
secret = "cnry71,\"b'c$HOME\\d`e`\ncnry71-second line"
EOF

# Tools that take anything: what a Windows, Chef or Salt guest would have.
printf '#!/bin/sh\nfor a; do [ ! -f "$a" ] || cat "$a"; done\n' >"$D/tool"
printf '#!/bin/sh\nfor a; do [ ! -f "$a" ] || cat "$a" >&2; done; exit 3\n' >"$D/bad"
chmod 755 "$D/tool" "$D/bad"
cat >"$D/keep.yml" <<'EOF'
- hosts: all
  gather_facts: false
  tasks:
    - copy: {content: '{{ s }}', dest: '{{ out }}'}
    - name: "fails with {{ s }}"
      fail: {msg: 'no {{ s }}'}
EOF
touch "$D/site.pp"

block() { # TYPE LINES: a failure does not end the build
    printf '  provisioner "%s" {\n    continue_on_error = true\n%s\n  }\n' "$1" "${2//@/$D}"
}

quick() {
    block shell 'env = { S = var.secret }
    inline = ["printf %s \"$S\" >@/got-shell", "env >&2", "exit 3"]'
    block shell 'env = { S = var.secret }
    use_env_var_file = true
    inline = ["printf %s \"$S\" >@/got-file"]'
    block shell 'environment_vars = ["S=${var.secret}"]
    execute_command = "{{.Vars}} sh -x {{.Path}}"
    inline = ["echo \"$S\"; exit 3"]'
    block shell 'inline = ["cat <<\\\\X\n${var.secret}\nX", "no-such ${base64encode(var.secret)}"]'
    block shell 'env = { S = var.secret }
    inline = ["true"]
    remote_path = "/nonexistent/${var.secret}"
    start_retry_timeout = "1s"'
    block shell-local 'env = { S = var.secret }
    inline = ["printf %s \"$S\" >@/got-local", "echo \"$S\"; exit 3"]'
    block shell-local 'inline = ["cat <<\\\\X\n${var.secret}\nX"]'
    block file 'content = var.secret
    destination = "@/got-content"'
    block file 'content = var.secret
    destination = "/nonexistent/${var.secret}"'
    block file 'source = var.secret
    generated = true
    destination = "/tmp/x"'
    block powershell 'env = { S = var.secret }
    inline = ["x ${var.secret}"]
    remote_path = "@/x.ps1"
    remote_env_var_path = "@/env.ps1"
    skip_clean = true
    execute_command = "@/bad {{.Path}} {{.Vars}}"'
    block powershell 'elevated_user = "u"
    elevated_password = var.secret
    inline = ["x"]
    remote_path = "@/x.ps1"
    remote_env_var_path = "@/env.ps1"
    skip_clean = true
    start_retry_timeout = "1s"'
    block windows-shell 'env = { S = replace(var.secret, "\n", " ") }
    inline = ["echo ${var.secret}"]
    remote_path = "@/x.bat"
    execute_command = "@/bad {{.Path}}"'
    block windows-shell 'env = { S = var.secret }
    inline = ["x"]
    remote_path = "@/x.bat"'
    block chef-solo 'json = { s = var.secret }
    staging_directory = "@/chef"
    skip_install = true
    prevent_sudo = true
    execute_command = "@/bad {{.JsonPath}}"'
    block chef-client 'server_url = "u"
    json = { s = var.secret }
    staging_directory = "@/chef-client"
    skip_install = true
    prevent_sudo = true
    knife_command = "true"
    execute_command = "@/bad {{.JsonPath}}"'
    block puppet-masterless 'manifest_file = "@/site.pp"
    facter = { s = var.secret }
    prevent_sudo = true
    staging_directory = "@/pp"
    execute_command = "{{.FacterVars}} sh -c '"'printf %s \\\"\$FACTER_s\\\" >@/got-fact; env; exit 3'"'"'
    block puppet-server 'facter = { s = var.secret }
    extra_arguments = ["--x=${var.secret}"]
    prevent_sudo = true
    staging_dir = "@/ps"'
    block salt-masterless 'local_state_tree = "@/mod"
    skip_bootstrap = true
    disable_sudo = true
    temp_config_dir = "@/salt"
    remote_state_tree = "@/srv"
    salt_call_args = var.secret'
    block check 'command "cat @/got-shell; exit 3" {
      stdout = ["no ${var.secret}"]
    }
    file "@/got-shell" {
      contains = ["!${var.secret}"]
    }
    file "@/pipe" {
      contains = ["${var.secret}"]
    }'
    block breakpoint 'disable = true
    note = var.secret'
    block hcp-sbom 'source = "/none/${var.secret}"'
}

slow() {
    block ansible 'playbook_file = "@/keep.yml"
    extra_arguments = ["-vvv", "-e", jsonencode({ s = var.secret, out = "@/got-ansible" })]
    ansible_env_vars = ["S=${var.secret}"]'
    block ansible 'playbook_file = "@/keep.yml"
    extra_arguments = ["--tags", var.secret]'
    block ansible-local 'playbook_file = "@/keep.yml"
    staging_directory = "@/al"
    extra_arguments = ["-e", "'"'\${replace(jsonencode({ s = var.secret, out = \"@/got-al\" }), \"'\", \"'\\\"'\\\"'\")}'"'"]'
}

template() { # FUNCTION...: each adds provisioners
    printf 'variable "secret" {\n  type      = string\n  sensitive = true\n}\n'
    null_source guest
    printf 'build {\n  sources = ["source.null.guest"]\n'
    local f
    for f; do "$f"; done
    printf '  provisioner "shell" {\n    inline = ["echo ${var.secret}; exit 3"]\n  }\n'
    printf '  error-cleanup-provisioner "shell" {\n    inline = ["echo ${var.secret} >&2", "exit 1"]\n  }\n}\n'
}

arguments() { # of all processes that have the secret in them
    cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0\n' '\n ' | grep -a "^.*$HEAD" >>argv || true
}

watch_arguments() {
    while [ ! -e stop ] && [ -d "$TMP" ]; do
        arguments
    done
}

# A pipe opens when somebody reads it, who then waits: what lives too shortly to be watched.
watch_reader() {
    while exec 3>"$D/pipe"; do
        arguments
        exec 3>&-
    done
}

run() { # UI FUNCTION...
    local ui=$1 how=("build" -ui "$1")
    [ "$ui" != machine ] || how=(-machine-readable build)
    shift
    template "$@" >t.pkr.hcl
    assert_status 1 env IMGFAC_CONFIG=config.hcl IMGFAC_LOG=trace IMGFAC_LOG_PATH="$TMP/log-$ui-$1" \
        imgfac "${how[@]}" .
    mv stdout "stdout-$ui-$1"
    mv stderr "stderr-$ui-$1"
}

printf %s $'cnry71,"b\'c$HOME\\d`e`\ncnry71-second line' >expected
: >argv
# Its own grep, which has the head in its arguments, is told apart by the caret.
watch_arguments &
watcher=$!
mkfifo "$D/pipe"
watch_reader &
cleanup eval "kill $watcher $! 2>/dev/null || true"
for ui in plain json machine; do
    run "$ui" quick
done
if command -v ansible-playbook >/dev/null; then
    run plain slow
    assert_file "$D/got-ansible" "$D/got-al"
fi
touch stop
wait "$watcher"

echo '- what arrived'
assert_file "$D"/got-{shell,file,local,content,fact}
for f in "$D"/got-*; do
    cmp expected "$f" || fail "the secret arrived otherwise in $f"
done
assert_eq 600 "$(stat -c %a "$D/chef/node.json")" 'mode of node.json'

echo '- where it must not be'
grep -av "\^\.\*$HEAD" argv >hits || true
for f in stdout-* stderr-* log-* hits; do
    ! grep -aq "$HEAD" "$f" || fail "the secret is in $f: $(grep -a "$HEAD" "$f" | head -n 3)"
done
assert_contains stdout-plain-quick '<sensitive>'
! grep -raq "$HEAD" store || fail "the secret is in the store: $(grep -ral "$HEAD" store)"
