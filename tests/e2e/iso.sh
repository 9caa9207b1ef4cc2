#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An installation from a vendor-like ISO: the boot command types every character and key into ISOLINUX and GRUB
# while the host is busy, the installer fetches its answers over HTTP and reads floppy and CD, the installed
# system is provisioned, sealed and recorded; a text that never comes fails at its deadline with a picture.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/installer.sh"
requires qemu-img qemu-system-x86_64 jq
requires_installer
make_installer_iso test.iso
sha256sum test.iso >SHA256SUMS

printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
mkdir -p http files/deep/er
printf "answer_label=ANSWERS\nanswer_iso=TESTINSTALL\nanswer_hostname=mini\nanswer_password='pa ss-1'\n" >http/answers
echo from-cd-files >files/marker.txt
# Every printable character, three times: a line of 300 characters and more.
all=$(for ((i = 33; i < 127; i++)); do printf "\\x$(printf %x "$i")"; done)
printf '%s' "$all$all$all" >all.txt

cat >t.pkr.hcl <<'END'
source "qemu" "never" {
  iso_url          = "test.iso"
  iso_checksum     = "file:SHA256SUMS"
  ssh_username     = "root"
  boot_command     = ["<waitFor 'boot: '>", "<waitFor 'this never comes' 4s>"]
}

source "qemu" "iso" {
  iso_url          = "test.iso"
  iso_checksum     = "file:SHA256SUMS"
  disk_size        = "200M"
  http_directory   = "http"
  cd_files         = ["files/*"]
  cd_content       = { "deep/er/inside.txt" = "from-cd-content" }
  cd_label         = "ANSWERS"
  floppy_content   = { "floppy.txt" = "from-floppy" }
  boot_command = [
    "<waitFor 'boot: ' 120s><f1><waitFor 'help of F1' 60s><f10><waitFor 'help of F10' 60s>loader<enter>",
    "<waitFor 'grub> ' 60s>at (fd0)/floppy.txt<home>c<end><enter><waitFor '(?m)^from-floppy$' 60s>rebo<tab><enter>",
    "<waitFor 'boot: ' 60s>wrong<leftCtrlOn>u<leftCtrlOff>install url=http://{{ .HTTPIP }}:{{ .HTTPPort }}",
    "<spacebar>held=<leftShiftOn>abc<wait1>d<leftShiftOff>xy<bs><bs>e all=${file("all.txt")}<enter>",
    "<waitFor '(?m)^INSTALLED' 300s>",
  ]
  ssh_username     = "root"
  ssh_password     = "pa ss-1"
  shutdown_command = "poweroff"
}

build {
  sources = ["source.qemu.iso", "source.qemu.never"]
  provisioner "shell" {
    inline = ["echo \"typed [$(cat /etc/installed-with)]\"", "echo \"I am $(hostname)\" | tee /etc/motd"]
  }
  catalog {
    bucket = "mini"
  }
}
END
one_guest_at_a_time

echo '- a text that never comes'
start=$SECONDS
assert_status 1 imgfac build -only=qemu.never t.pkr.hcl
assert_contains stdout 'the console did not show /this never comes/ within 4s'
logs=$(echo store/logs/qemu.never-*)
assert_file "$logs/console.log"
[ -n "$(find "$logs" -name 'screen*.png')" ] || fail "no picture of the screen in $logs: $(ls -R "$logs")"
assert_contains "$logs/console.log" 'boot: '
[ $((SECONDS - start)) -lt 60 ] || fail "it took $((SECONDS - start)) s"

echo '- installation, typed on a busy host'
start=$SECONDS
burners=()
burn() { # until the kernel is loaded
    wait_until 120 grep -qs 'grub> ' store/logs/qemu.iso-*/console.log
    for _ in 1 2 3 4; do
        (exec nice -n 5 timeout 300 sh -c 'while :; do :; done') &
        burners+=($!)
    done
    wait_until 200 grep -qs 'Loading /install/initrd' store/logs/qemu.iso-*/console.log
    kill "${burners[@]}"
    wait
}
(trap - EXIT; burn) 2>/dev/null &
busy=$!
cleanup pkill -P "$busy"
assert_status 0 imgfac build -only=qemu.iso t.pkr.hcl
port=$(sed -n 's/.*HTTP server on port \([0-9]*\).*/\1/p' stdout)
typed=$(sed -n 's/^ *qemu.iso: typed \[\(.*\)\]$/\1/p' stdout)
assert_eq "BOOT_IMAGE=/install/vmlinuz initrd=/install/initrd.gz console=ttyS0 url=http://10.0.2.2:$port held=ABCDe all=$all$all$all" \
    "$typed" 'the kernel command line'
echo "  in $((SECONDS - start)) s"
assert_contains stdout 'I am mini' 'Sealing the image' 'Recorded as mini v1'

echo '- record'
assert_status 0 imgfac catalog show -format json mini
jq -r '.version.artifacts[0].path' stdout >path
qemu-img info --output=json "$(cat path)" >info
assert_eq 'qcow2 209715200' "$(jq -r '.format + " " + (."virtual-size" | tostring)' info)" image
assert_eq '' "$(find store/work store/tmp -mindepth 1)" 'left in the store'
