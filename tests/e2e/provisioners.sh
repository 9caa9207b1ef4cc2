#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opt-in: needs a mirror for the host, and six to sixteen minutes.
# Everything that works inside a guest, in one build of one real guest: shell, file, Ansible from here and within,
# Puppet, check, cloud-init and what every provisioner has.  Chef and Salt are not in Debian: programs that record what
# they get stand for them.  Puppet and Ansible come to the guest as a file system image of Debian's packages, laid over
# its /usr: installing them in an emulated guest would take longer than all the rest.
. "$(dirname "$0")/../lib/lib.sh"
requires qemu-img qemu-system-x86_64 apt-get dpkg-deb mke2fs debugfs sfdisk python3 ansible-playbook ansible-galaxy
requires_base

echo '- packages for the guest'
# What they need beyond what the base has: its own list of packages says so.
packages_missing_in_base() { # PACKAGE...: into ./pool
    qemu-img convert -O raw "$BASE_IMAGE" base.raw
    local offset
    offset=$(sfdisk -J base.raw | python3 -c 'import json, sys
table = json.load(sys.stdin)["partitiontable"]
print(max(table["partitions"], key=lambda p: p["size"])["start"] * table.get("sectorsize", 512))')
    debugfs -R 'cat /var/lib/dpkg/status' "base.raw?offset=$offset" >status 2>/dev/null
    rm base.raw
    mkdir -p pool/partial
    apt-get -o Dir::State::status="$PWD/status" -o Dir::Cache::archives="$PWD/pool" -o APT::Install-Recommends=false \
        --download-only -qq -y install "$@" >apt.log 2>&1 || skip "no mirror: $(tail -n 1 apt.log)"
}
packages_missing_in_base puppet-agent ansible-core
mkdir tools
for deb in pool/*.deb; do
    dpkg-deb -x "$deb" tools
done
mkdir -p tools/var/lib/puppet
[ ! -d tools/lib ] || { cp -a tools/lib/. tools/usr/lib/ && rm -r tools/lib; }
mke2fs -q -t ext4 -L tools -O ^has_journal -d tools tools.img 300M

echo '- what goes into it'
mkdir -p "odd names" site/modules/web/{manifests,templates} tree/{deep,empty} cookbooks/web/recipes salt/states salt/pillar
printf '#!/bin/sh\r\nset -e\r\necho "dos lines"\r\ntest "$1" = ""\r\necho "no newline at the end"' >dos.sh
printf '#!/bin/bash\necho "odd name: $0"\n' >"odd names/it's \"a\" \$(script) & more.sh"
printf '\x7fbytes\x00\xff\r\n' >'odd names/data;file'
printf 'plain\n' >tree/file
printf '#!/bin/sh\necho from the tree\n' >tree/deep/run
chmod 755 tree/deep/run
chmod 600 tree/file
ln -s file tree/link
ln -s deep tree/dirlink
cat >site/site.pp <<'END'
class { 'web': port => lookup('web_port') }
notify { "fact role is ${facts['role']}": }
END
cat >site/modules/web/manifests/init.pp <<'END'
class web($port) {
  file { '/etc/web.conf': content => epp('web/web.conf.epp', { port => $port }), owner => 'root', mode => '0640' }
  exec { '/bin/true': }
}
END
printf '<%%- | $port | -%%>\nport <%%= $port %%>\n' >site/modules/web/templates/web.conf.epp
cat >site/hiera.yaml <<'END'
---
version: 5
hierarchy:
  - name: common
    data_hash: yaml_data
    datadir: /tmp/hieradata
    path: common.yaml
END
printf -- '---\nweb_port: 8086\n' >common.yaml
mkdir -p role/roles/greet/{tasks,meta} col/galaxy/tools/plugins
printf -- '- copy:\n    content: "{{ greeting }} from {{ ansible_user_id }}\\n"\n    dest: /etc/greeting\n' >role/roles/greet/tasks/main.yml
printf 'galaxy_info: {author: x, description: x, license: x, min_ansible_version: "2.9"}\n' >role/roles/greet/meta/main.yml
tar -C role/roles -czf greet.tar.gz greet
printf -- '- src: %s/greet.tar.gz\n  name: greet\n' "$PWD" >requirements.yml
cat >remote.yml <<'END'
- hosts: web
  become: true
  gather_facts: false
  vars: {ansible_user_id: "{{ ansible_user }}"}
  roles: [greet]
END
cat >failing.yml <<'END'
- hosts: all
  gather_facts: false
  tasks:
    - name: this one works
      raw: 'true'
    - name: "this task fails, by {{ packer_build_name }}"
      raw: echo 'the reason' >&2; exit 3
END
mkdir -p local/group_vars
cat >local/local.yml <<'END'
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - copy: {content: "{{ made_by }} {{ packer_build_name }} {{ extra }}\n", dest: /etc/made, mode: "0604"}
END
printf -- 'made_by: ansible within\n' >local/group_vars/all.yml
printf 'package "nginx"\n' >cookbooks/web/recipes/default.rb
printf 'base:\n  "*": [web]\n' >salt/states/top.sls
printf 'base:\n  "*": [web]\n' >salt/pillar/top.sls
# Records its arguments and the files that they name.
cat >recorder <<'END'
#!/bin/sh
printf '%s:' "${0##*/}" | tee -a /tmp/recorded
printf ' [%s]' "$@" | tee -a /tmp/recorded
echo | tee -a /tmp/recorded
for a; do
    [ ! -f "$a" ] || sed 's/^/| /' "$a"
done
END
awkward="'\"\$HOME\`id\`\\\\ !*?[]{}()<>|;&~#%=,"
python3 - "$awkward" >expected.env <<'END'
import sys
sys.stdout.write(sys.argv[1].replace("\\\\", "\\") + "\n second\tline \xe9 end ")
END

cat >t.pkr.hcl <<'END'
locals {
  awkward = "'\"$HOME`id`\\ !*?[]{}()<>|;&~#%=,\n second\tline é end "
}

source "qemu" "guest" {
  base     = "base"
  qemuargs = [["-drive", "file=tools.img,if=virtio,format=raw,readonly=on"]]
}

source "null" "other" {
  ssh_host     = "192.0.2.1"
  ssh_username = "nobody"
  ssh_password = "none"
}

build {
  sources = ["source.qemu.guest", "source.null.other"]

  # --- a reboot in the middle of a script, and the next one logs in again
  provisioner "shell" {
    expect_disconnect   = true
    start_retry_timeout = "10m"
    inline = [
      "cat /proc/sys/kernel/random/boot_id >~/boot_id",
      "sudo systemctl reboot",
      "sleep 300",
    ]
  }
  provisioner "shell" {
    pause_before        = "2s"
    start_retry_timeout = "10m"
    inline              = ["test $(cat ~/boot_id) != $(cat /proc/sys/kernel/random/boot_id)", "echo up again"]
  }
  provisioner "cloud-init" {
    required   = true
    datasource = "NoCloud"
  }

  # --- shell
  provisioner "shell" {
    script = "dos.sh"
  }
  provisioner "shell" {
    scripts     = ["odd names/it's \"a\" $(script) & more.sh"]
    remote_file = "it's.sh"
    execute_command = "chmod +x \"{{.Path}}\"; {{.Vars}} bash \"{{.Path}}\""
  }
  provisioner "shell" {
    env    = { AWKWARD = local.awkward, EMPTY = "" }
    inline = ["printf %s \"$AWKWARD\" >/tmp/awkward", "echo build $PACKER_BUILD_NAME, empty [$EMPTY]"]
  }
  provisioner "shell" {
    use_env_var_file = true
    env              = { AWKWARD = local.awkward }
    execute_command  = "chmod +x {{.Path}}; . {{.EnvVarFile}} && sudo -E sh {{.Path}}"
    inline           = ["printf %s \"$AWKWARD\" >/root/awkward", "echo I am $(id -un)", "cmp /root/awkward /tmp/awkward"]
  }
  provisioner "shell" {
    valid_exit_codes = [0, 3]
    inline           = ["exit 3"]
  }
  provisioner "shell" {
    continue_on_error = true
    inline            = ["echo why it failed >&2", "exit 4"]
  }
  provisioner "shell" {
    continue_on_error = true
    inline            = ["sudo pkill -9 -x sshd; sleep 60"]
  }
  provisioner "shell" {
    timeout           = "2s"
    continue_on_error = true
    inline            = ["sleep 300"]
  }
  provisioner "shell" {
    max_retries = 2
    inline      = ["echo try >>/tmp/tries", "test $(wc -l </tmp/tries) -eq 2"]
  }
  provisioner "shell" {
    only   = ["null.other"]
    inline = ["echo not me, by only"]
  }
  provisioner "shell" {
    except = ["qemu.guest"]
    inline = ["echo not me, by except"]
  }
  provisioner "shell" {
    inline   = ["echo common"]
    override = { guest = { inline = ["echo overridden"] } }
  }
  provisioner "breakpoint" {
    disable = true
    note    = "not today"
  }
  provisioner "sleep" {
    duration = "10ms"
  }

  # --- file
  provisioner "shell-local" {
    inline = ["echo made while it was built >later", "chmod 640 later"]
  }
  provisioner "shell" {
    inline = ["mkdir -p /tmp/in/flat '/tmp/in/odd dir' /tmp/hieradata"]
  }
  provisioner "file" {
    source      = "later"
    generated   = true
    destination = "/tmp/in/"
  }
  provisioner "file" {
    source      = "tree"
    destination = "/tmp/in"
  }
  provisioner "file" {
    source      = "tree/"
    destination = "/tmp/in/flat"
  }
  provisioner "file" {
    sources     = ["odd names/data;file", "common.yaml"]
    destination = "/tmp/in/odd dir/"
  }
  provisioner "file" {
    content     = local.awkward
    destination = "/tmp/in/odd dir/it's $(content)"
  }
  provisioner "file" {
    continue_on_error = true
    source            = "common.yaml"
    destination       = "/root/no"
  }
  provisioner "shell" {
    inline = ["sudo mkdir /mnt/full", "sudo mount -t tmpfs -o size=64k,mode=1777 none /mnt/full"]
  }
  provisioner "file" {
    continue_on_error = true
    source            = "tools.img"
    destination       = "/mnt/full/"
  }
  provisioner "shell" {
    inline = ["cd /tmp/in; find . -printf '%P %y %m %l\\n' | sort >/tmp/listing", "cmp /tmp/awkward \"odd dir/it's \\$(content)\""]
  }
  provisioner "file" {
    direction   = "download"
    sources     = ["/tmp/listing", "/tmp/awkward", "/tmp/in/odd dir/data;file"]
    destination = "back/"
  }
  provisioner "file" {
    direction   = "download"
    source      = "/tmp/in/flat/"
    destination = "back-tree"
  }

  # --- the tools
  provisioner "shell" {
    execute_command = "sudo sh -eux {{.Path}}"
    inline = [
      "mkdir -p /mnt/tools /var/tmp/upper /var/tmp/work",
      "mount -o ro LABEL=tools /mnt/tools",
      "cp -a /mnt/tools/etc/. /etc/",
      "cp -a /mnt/tools/var/. /var/",
      "mount -t overlay overlay -o lowerdir=/mnt/tools/usr:/usr,upperdir=/var/tmp/upper,workdir=/var/tmp/work /usr",
      "ldconfig",
      "puppet --version",
    ]
  }
  provisioner "ansible" {
    playbook_file   = "remote.yml"
    groups          = ["web"]
    galaxy_file     = "requirements.yml"
    roles_path      = "roles"
    extra_arguments = ["-e", "greeting='good day'"]
  }
  provisioner "ansible" {
    continue_on_error = true
    playbook_file     = "failing.yml"
  }
  provisioner "ansible-local" {
    playbook_dir            = "local"
    playbook_file           = "local/local.yml"
    group_vars              = "local/group_vars"
    extra_arguments         = ["-e", "extra=12"]
    clean_staging_directory = true
  }
  provisioner "file" {
    source      = "common.yaml"
    destination = "/tmp/hieradata/"
  }
  provisioner "puppet-masterless" {
    manifest_file     = "site/site.pp"
    module_paths      = ["site/modules"]
    hiera_config_path = "site/hiera.yaml"
    facter            = { role = "web's \"own\"" }
  }
  provisioner "puppet-masterless" {
    continue_on_error = true
    manifest_file     = "broken.pp"
  }

  # --- recorders
  provisioner "file" {
    source      = "recorder"
    destination = "/tmp/recorder"
  }
  provisioner "shell" {
    inline = ["for t in chef-solo salt-call; do sudo install -m 755 /tmp/recorder /usr/local/bin/$t; done"]
  }
  provisioner "chef-solo" {
    cookbook_paths = ["cookbooks"]
    run_list       = ["recipe[web]"]
    json           = { web = { port = 8080, odd = "it's \"odd\"" } }
    skip_install   = true
  }
  provisioner "salt-masterless" {
    local_state_tree   = "salt/states"
    local_pillar_roots = "salt/pillar"
    skip_bootstrap     = true
  }

  # --- looking
  provisioner "check" {
    sudo = true
    file "/etc/web.conf" {
      mode     = "0640"
      owner    = "root"
      contains = ["port 8086"]
    }
    file "/etc/greeting" {
      contains = ["good day from"]
    }
    file "/etc/made" {
      mode     = "0604"
      contains = ["ansible within guest 12"]
    }
    file "/srv/salt/top.sls" {}
    file "/srv/pillar/top.sls" {}
    service "ssh" {
      running = true
    }
    port "tcp:22" {}
    package "openssh-server" {}
    command "cat /tmp/recorded" {
      stdout = ["chef-solo: [--no-color] [-c]", "salt-call: [--local]"]
    }
  }
  provisioner "check" {
    continue_on_error = true
    file "/etc/web.conf" {
      contains = ["port 1"]
    }
  }
  provisioner "shell" {
    inline = ["echo '{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[]}' >/tmp/sbom.json"]
  }
  provisioner "hcp-sbom" {
    source      = "/tmp/sbom.json"
    destination = "sbom/"
    sbom_name   = "guest"
  }

  # --- the end
  provisioner "ansible" {
    playbook_file = "failing.yml"
  }
  error-cleanup-provisioner "shell" {
    inline = ["echo cleaning up, $(id -un)"]
  }
}
END
printf 'exec { "/bin/false": }\n' >broken.pp

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
mkdir sbom
imgfac catalog import base "$BASE_IMAGE"
assert_status 0 imgfac validate t.pkr.hcl

one_guest_at_a_time
since=$SECONDS
assert_status 1 imgfac build -only=qemu.guest -ui plain t.pkr.hcl
echo "- built in $((SECONDS - since)) s; looking at the outcome"

assert_said() { # TEXT...
    local text
    for text; do
        grep -qF -e "$text" stdout || fail "nothing says '$text': $(tail -n 20 stdout)"
    done
}
assert_failed_but_went_on() { # PROVISIONER TEXT...
    local text
    for text in "${@:2}"; do
        grep -F "provisioner '$1' failed and continue_on_error is set" stdout | grep -qF -e "$text" ||
            fail "'$1' did not fail by '$text': $(grep continue_on_error stdout)"
    done
}
assert_said 'guest: up again' 'cloud-init has finished, data from DataSourceNoCloud' 'guest: dos lines' \
    'guest: no newline at the end' "guest: odd name: /tmp/it's.sh" 'guest: build guest, empty []' 'guest: I am root' \
    'retrying with 2 tries left' 'guest: overridden' 'note "not today" disabled'
assert_lacks stdout 'not me, by'
assert_failed_but_went_on shell 'exited with status 4 (allowed: 0); its last error line: why it failed' \
    'script disconnected unexpectedly' 'did not end within its timeout of 2s'
assert_failed_but_went_on file '/root/no: permission denied in the guest' \
    "the disk of the guest is full: 0 KiB are free for '/mnt/full/tools.img'"
assert_failed_but_went_on ansible "task 'this task fails, by guest' failed on 'default'" 'the reason'
assert_failed_but_went_on puppet-masterless "'/bin/false' returned 1 instead of one of [0]"
assert_failed_but_went_on check "file '/etc/web.conf' contains: expected port 1, is port 8086"
assert_said "Notice: fact role is web's \"own\"" '| cookbook_path ["/tmp/packer-chef-solo/cookbooks-0"]' \
    "| {\"web\":{\"odd\":\"it's \\\"odd\\\"\",\"port\":8080},\"run_list\":[\"recipe[web]\"]}" \
    'salt-call: [--local] [state.highstate] [--file-root=/srv/salt] [--pillar-root=/srv/pillar]' \
    '17 of 17 checks passed' 'guest: cleaning up, '
assert_eq CycloneDX "$(python3 -c 'import json; print(json.load(open("sbom/packer-user-sbom-guest.json"))["bomFormat"])')"
tail -n 1 stdout | grep -F "==> qemu.guest failed: provisioner 'ansible' failed" |
    grep -qF "task 'this task fails, by guest' failed on 'default': non-zero return code: the reason" ||
    fail "the last line: $(tail -n 1 stdout)"
! grep '^==> qemu.guest' stdout | grep -q "$(printf '\033')" || fail 'an escape sequence is in what imgfac says'

echo '- what came back'
cmp expected.env back/awkward
cmp 'odd names/data;file' 'back/data;file'
cat >expected.listing <<'END'
 d 755
flat d 755
flat/deep d 755
flat/deep/run f 755
flat/dirlink d 755
flat/dirlink/run f 755
flat/empty d 755
flat/file f 600
flat/link f 600
later f 640
odd dir d 755
odd dir/common.yaml f 644
odd dir/data;file f 644
odd dir/it's $(content) f 600
tree d 755
tree/deep d 755
tree/deep/run f 755
tree/dirlink d 755
tree/dirlink/run f 755
tree/empty d 755
tree/file f 600
tree/link f 600
END
sed -i 's/ $//' back/listing
diff expected.listing back/listing
diff -r tree back-tree
assert_eq '755 600' "$(stat -c %a back-tree/deep/run back-tree/file | xargs)" 'modes of what was downloaded'
