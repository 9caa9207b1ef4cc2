# SPDX-License-Identifier: Apache-2.0
# What a build of the qemu builder needs and does not find or get: one clear error each, and nothing is left.
@ needs qemu-img qemu-system-x86_64 python3
$ cat >why.sh <<'END'
> # usage: why.sh ARGUMENT...: exit status and error of `imgfac build ARGUMENT...`, and what it left
> imgfac build -color=false "$@" >out 2>&1
> echo "status $?"
> sed -n '/^Error/,/^ *Logs/p' out | grep -v -e '^$' -e '^ *Logs' -e '^  on ' -e '^ *[0-9]*:' -e '\^'
> tail -n 1 out | cut -c1-200
> find store/work store/run store/ledger -mindepth 1; ls -d output-*
> END
$ printf 'store { path = "store" }\n' >config.hcl; mkdir in; qemu-img create -q -f qcow2 disk.qcow2 16M; for i in rel=../disk.qcow2 abs=$PWD/disk.qcow2 url=nbd://127.0.0.1:1/x; do qemu-img create -q -f qcow2 -u -b "${i#*=}" -F qcow2 "in/${i%%=*}.qcow2" 16M; done
$ cat >disk.pkr.hcl <<'END'
> variable "image" { default = "disk.qcow2" }
> variable "size" { default = "16M" }
> variable "host" { default = [2222, 4444] }
> variable "vnc" { default = [5900, 6000] }
> variable "http" { default = [8000, 9000] }
> source "qemu" "x" {
>   iso_url       = var.image
>   iso_checksum  = "none"
>   disk_image    = true
>   disk_size     = var.size
>   ssh_username  = "root"
>   ssh_password  = "x"
>   headless      = false
>   http_content  = { "/a" = "b" }
>   host_port_min = var.host[0]
>   host_port_max = var.host[1]
>   vnc_port_min  = var.vnc[0]
>   vnc_port_max  = var.vnc[1]
>   http_port_min = var.http[0]
>   http_port_max = var.http[1]
> }
> build { sources = ["qemu.x"] }
> END
# A backing file from outside would let the image read this host's files into the guest.
$ export IMGFAC_CONFIG=config.hcl; for i in rel abs url; do bash why.sh -var image=in/$i.qcow2 disk.pkr.hcl 2>/dev/null; done
| status 1
| Error: Disk image '[TMP]/in/rel.qcow2' has the backing file '../disk.qcow2'
| Make it stand alone: qemu-img convert -O qcow2 rel.qcow2 standalone.qcow2
| ==> qemu.x failed: disk image '[TMP]/in/rel.qcow2' has the backing file '../disk.qcow2'
| status 1
| Error: Disk image '[TMP]/in/abs.qcow2' has the backing file '[TMP]/disk.qcow2'
| Make it stand alone: qemu-img convert -O qcow2 abs.qcow2 standalone.qcow2
| ==> qemu.x failed: disk image '[TMP]/in/abs.qcow2' has the backing file '[TMP]/disk.qcow2'
| status 1
| Error: Disk image '[TMP]/in/url.qcow2' has the backing file 'nbd://127.0.0.1:[PORT]/x'
| Make it stand alone: qemu-img convert -O qcow2 url.qcow2 standalone.qcow2
| ==> qemu.x failed: disk image '[TMP]/in/url.qcow2' has the backing file 'nbd://127.0.0.1:[PORT]/x'
? 2

# A disk only grows.
$ IMGFAC_CONFIG=config.hcl bash why.sh -var size=8M disk.pkr.hcl 2>/dev/null
| status 1
| Error: The disk_size of 8 MiB is less than the 16 MiB of the image to start from
| A disk can only grow: leave disk_size out or make it larger.
| ==> qemu.x failed: the disk_size of 8 MiB is less than the 16 MiB of the image to start from
? 2

# Ranges of ports in which everything is taken.
$ cat >taken.py <<'END'
> import socket, subprocess, sys
> s = socket.socket()
> s.bind(("127.0.0.1", 0))
> s.listen()
> port = str(s.getsockname()[1])
> run = subprocess.run(["bash", "why.sh", "-var", f"{sys.argv[1]}=[{port}, {port}]", "disk.pkr.hcl"], capture_output=True, text=True)
> print(run.stdout.replace(port, "PORT"), end="")
> END
$ for i in host vnc http; do IMGFAC_CONFIG=config.hcl python3 taken.py $i; done
| status 1
| Error: No free TCP port between PORT and PORT on 127.0.0.1
| Widen the port range or stop what listens there.
| ==> qemu.x failed: no free TCP port between PORT and PORT on 127.0.0.1
| status 1
| Error: No port for VNC
| because: no free TCP port between PORT and PORT on 127.0.0.1
| Widen the port range or stop what listens there.
| ==> qemu.x failed: no port for VNC: no free TCP port between PORT and PORT on 127.0.0.1
| status 1
| Error: No free TCP port between PORT and PORT on 127.0.0.1
| Widen the port range or stop what listens there.
| ==> qemu.x failed: no free TCP port between PORT and PORT on 127.0.0.1

# Firmware that is not there.
$ for i in firmware efi_firmware_code; do sed "s|disk_image.*|&\n  $i = \"/opt/none/my.fd\"|" disk.pkr.hcl >fw.pkr.hcl; IMGFAC_CONFIG=config.hcl bash why.sh fw.pkr.hcl 2>/dev/null; done
| status 1
| Error: The firmware '/opt/none/my.fd' (firmware) is not there
| Install the package ovmf, or leave the paths out: efi_boot = true finds the firmware of any
| distribution.
| ==> qemu.x failed: the firmware '/opt/none/my.fd' (firmware) is not there
| status 1
| Error: The firmware '/opt/none/my.fd' (efi_firmware_code) is not there
| Install the package ovmf, or leave the paths out: efi_boot = true finds the firmware of any
| distribution.
| ==> qemu.x failed: the firmware '/opt/none/my.fd' (efi_firmware_code) is not there
? 2

# An ISO that is removed after it was found, before the guest starts.
$ cat >iso.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url      = "x.iso"
>   iso_checksum = "none"
>   disk_size    = "8M"
>   communicator = "none"
> }
> build { sources = ["qemu.x"] }
> END
$ echo iso >x.iso; steps=(); for i in admit output source; do steps+=("expect step '$i'. Press enter" 'send \n'); done; steps[5]='run rm x.iso'; steps+=('send \n'); for i in disk seed media http; do steps+=("expect step '$i'. Press enter" 'send \n'); done
> IMGFAC_CONFIG=config.hcl $ROOT/tests/lib/pty "${steps[@]}" 'expect failed: cannot start' "expect x.iso': No such file" -- imgfac build -color=false -debug iso.pkr.hcl; find store/work store/run store/ledger -mindepth 1
| exit 1

# What lies in the output directory stays, unless -force says otherwise.
$ echo iso >x.iso; mkdir output-x; touch output-x/mine; IMGFAC_CONFIG=config.hcl bash why.sh iso.pkr.hcl; rm x.iso; IMGFAC_CONFIG=config.hcl bash why.sh -force iso.pkr.hcl
| status 1
| Error: Output directory 'output-x' already exists. It must not exist.
| Remove it, set another output_directory, or build with -force.
| ==> qemu.x failed: Output directory 'output-x' already exists. It must not exist.
| output-x
| status 1
| Error: Cannot get the ISO
| because: cannot use 'x.iso': No such file or directory
| ==> qemu.x failed: cannot get the ISO: cannot use 'x.iso': No such file or directory
! ls: cannot access 'output-*': No such file or directory
? 2

# A store without room for what the build surely needs.
@ needs root
$ mkdir full; mount -t tmpfs -o size=20m none full; trap 'umount full' EXIT; echo 'store { path = "full" }' >full.hcl; IMGFAC_CONFIG=full.hcl bash why.sh disk.pkr.hcl 2>/dev/null | sed -E 's/only [0-9]* MiB/only N MiB/; s/[0-9A-Z]{26}/ID/'
| status 1
| Error: The build needs at least 256 MiB, only N MiB are free in '[TMP]/full/work/ID'
| Make room, or put the store on a larger disk (store.path).
| ==> qemu.x failed: the build needs at least 256 MiB, only N MiB are free in '[TMP]/full/work/ID'
