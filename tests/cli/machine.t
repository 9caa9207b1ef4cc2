# SPDX-License-Identifier: Apache-2.0
# The machine of a build without starting it, and what qemuargs make of it.
@ needs virt-xml-validate qemu-system-x86_64
$ cat >t.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url          = "installer.iso"
>   iso_checksum     = "none"
>   accelerator      = "tcg"
>   ssh_username     = "root"
>   output_directory = "out"
>   vm_name          = "disk.img"
>   disk_interface   = "virtio-scsi"
>   qemuargs = [
>     ["-m", "2G"],
>     ["-machine", "type=q35,accel=tcg,hpet=off"],
>     ["-smp", "cpus=1,maxcpus=4,threads=2"],
>     ["-drive", "if=none,id=main,file={{ .OutputDir }}/{{ .Name }},format=qcow2,discard=unmap"],
>     ["-device", "virtio-blk-pci,drive=main,bootindex=0"],
>     ["-drive", "file=installer.iso,media=cdrom"],
>     ["-netdev", "user,id=fwd,hostfwd=tcp::{{ .SSHHostPort }}-:22"],
>     ["-device", "virtio-net,netdev=fwd"],
>     ["-serial", "mon:stdio"],
>     ["-fw_cfg", "name=opt/x,file=data.bin"],
>   ]
> }
> build { sources = ["qemu.x"] }
> END
$ imgfac inspect -domain-xml t.pkr.hcl >domain.xml; virt-xml-validate domain.xml domain
! domain.xml validates
$ grep -E '<memory|<type arch|<vcpu|<topology|<target dev|<boot|qemu:arg' domain.xml
|   <memory unit="MiB">2048</memory>
|     <type arch="x86_64" machine="q35">hvm</type>
|   <vcpu placement="static" current="1">4</vcpu>
|     <topology sockets="1" cores="2" threads="2"/>
|       <target dev="vda" bus="virtio"/>
|       <boot order="1"/>
|       <target dev="sda" bus="sata"/>
|       <boot order="2"/>
|     <qemu:arg value="-machine"/>
|     <qemu:arg value="graphics=off"/>
|     <qemu:arg value="-machine"/>
|     <qemu:arg value="hpet=off"/>
|     <qemu:arg value="-fw_cfg"/>
|     <qemu:arg value="name=opt/x,file=[TMP]/data.bin"/>
|     <qemu:arg value="-netdev"/>
|     <qemu:arg value="user,id=fwd,hostfwd=tcp::2222-:22"/>
|     <qemu:arg value="-device"/>
|     <qemu:arg value="virtio-net,netdev=fwd,addr=0x3"/>
$ sed -i 's/"-fw_cfg", "name=opt.x,file=data.bin"/"-daemonize"/' t.pkr.hcl; imgfac inspect -domain-xml t.pkr.hcl
! Error: Switch of QEMU not possible here
!
!   on t.pkr.hcl line 9, in source "qemu" "x":
!    9:   qemuargs = [
!                    ^
!   10:     ["-m", "2G"],
!       ^^^^^^^^^^^^^^^^^
!   11:     ["-machine", "type=q35,accel=tcg,hpet=off"],
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!   12:     ["-smp", "cpus=1,maxcpus=4,threads=2"],
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!   ...
!   17:     ["-device", "virtio-net,netdev=fwd"],
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!   18:     ["-serial", "mon:stdio"],
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!   19:     ["-daemonize"],
!       ^^^^^^^^^^^^^^^^^^^
!   20:   ]
!       ^^^
! qemuargs may not have "-daemonize": libvirt starts QEMU and watches it.
!
? 4

# As in Packer an empty string counts as not set.
@ needs virt-xml-validate qemu-system-x86_64
$ cat >e.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url           = "a.iso"
>   iso_checksum      = "none"
>   accelerator       = "tcg"
>   ssh_username      = "root"
>   firmware          = ""
>   machine_type      = ""
>   net_bridge        = ""
>   http_bind_address = ""
>   qemu_binary       = ""
> }
> build { sources = ["qemu.x"] }
> END
$ imgfac inspect -domain-xml e.pkr.hcl | grep -E '<type|<loader|<emulator|bridge'
|     <type arch="x86_64" machine="pc">hvm</type>
|     <emulator>/usr/bin/qemu-system-x86_64</emulator>
