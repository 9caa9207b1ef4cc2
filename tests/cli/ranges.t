# SPDX-License-Identifier: Apache-2.0
# Values out of range and blocks that contradict themselves: one clear error for each, at its place.
$ cat >t.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url        = "http://example.com/x.iso"
>   iso_checksum   = "none"
>   ssh_username   = ""
>   memory         = -5
>   disk_size      = "12X"
>   boot_wait      = "5 parsecs"
>   vnc_port_min   = 70000
>   ssh_port       = 0
>   format         = "qcow3"
>   disk_interface = "virto"
>   cpus           = "two"
> }
> source "qemu" "y" {
>   base          = "golden"
>   iso_url       = "http://example.com/x.iso"
>   iso_checksum  = "none"
>   host_port_min = 5000
>   host_port_max = 4000
> }
> build {
>   sources = ["qemu.x", "qemu.y"]
>   provisioner "shell" {
>     inline = ["x"]
>     script = "y"
>   }
>   provisioner "shell" {
>     inline      = ["x"]
>     only        = ["qemu.z"]
>     max_retries = -1
>     timeout     = "5 apples"
>   }
>   provisioner "shel" {
>     inline = ["x"]
>   }
> }
> END
$ imgfac validate t.pkr.hcl
! Error: Value out of range
!
!   on t.pkr.hcl line 5, in source "qemu" "x":
!   5:   memory         = -5
!                         ^^
! "memory" must be at least 0.
!
! Error: Invalid value
!
!   on t.pkr.hcl line 6, in source "qemu" "x":
!   6:   disk_size      = "12X"
!                         ^^^^^
! Inappropriate value for "disk_size": "12X" is not a size such as "512M", "40G"
! or 2048 (megabytes).
!
! Error: Invalid value
!
!   on t.pkr.hcl line 7, in source "qemu" "x":
!   7:   boot_wait      = "5 parsecs"
!                         ^^^^^^^^^^^
! Inappropriate value for "boot_wait": "5 parsecs" is not a duration such as
! "30s", "5m" or "1h30m".
!
! Error: Value out of range
!
!   on t.pkr.hcl line 8, in source "qemu" "x":
!   8:   vnc_port_min   = 70000
!                         ^^^^^
! "vnc_port_min" must be at most 65534.
!
! Error: Value out of range
!
!   on t.pkr.hcl line 9, in source "qemu" "x":
!   9:   ssh_port       = 0
!                         ^
! "ssh_port" must be at least 1.
!
! Error: Invalid value
!
!   on t.pkr.hcl line 10, in source "qemu" "x":
!   10:   format         = "qcow3"
!                          ^^^^^^^
! Inappropriate value for "format": "qcow3" is not one of "qcow2" or "raw". Did
! you mean "qcow2"?
!
! Error: Invalid value
!
!   on t.pkr.hcl line 11, in source "qemu" "x":
!   11:   disk_interface = "virto"
!                          ^^^^^^^
! Inappropriate value for "disk_interface": "virto" is not one of "virtio",
! "virtio-scsi", "scsi", "sata", "ide" or "sd". Did you mean "virtio"?
!
! Error: Incorrect attribute value type
!
!   on t.pkr.hcl line 12, in source "qemu" "x":
!   12:   cpus           = "two"
!                          ^^^^^
! Inappropriate value for attribute "cpus": a number is required.
!
! Error: Conflicting arguments
!
!   on t.pkr.hcl line 15, in source "qemu" "y":
!   15:   base          = "golden"
!                         ^^^^^^^^
! Only one of "iso_checksum" and "base" may be set.
!
! Error: Bad script 'y'
!
!   on t.pkr.hcl line 25, in build:
!   25:     script = "y"
!                    ^^^
! There is no such file.
!
! Warning: Unknown source
!
!   on t.pkr.hcl line 29, in build:
!   29:     only        = ["qemu.z"]
!                         ^^^^^^^^^^
! "qemu.z" is no source of a build of this template. Did you mean "qemu.x"?
! Sources are named TYPE.NAME here.
!
! Error: Value out of range
!
!   on t.pkr.hcl line 30, in build:
!   30:     max_retries = -1
!                         ^^
! "max_retries" must be at least 0.
!
! Error: Invalid value
!
!   on t.pkr.hcl line 31, in build:
!   31:     timeout     = "5 apples"
!                         ^^^^^^^^^^
! Inappropriate value for "timeout": "5 apples" is not a duration such as "30s",
! "5m" or "1h30m".
!
! Error: Unknown provisioner type "shel"
!
!   on t.pkr.hcl line 33, in build:
!   33:   provisioner "shel" {
!                     ^^^^^^
! There is no such provisioner built in. Did you mean "shell"? `imgfac docs` lists
! all.
!
? 4

$ echo 'source "null" "x" { communicator = "none" }' >s.pkr.hcl
$ (cat s.pkr.hcl; echo 'build { sources = [source.null.x] }') >a.pkr.hcl; imgfac validate a.pkr.hcl
! Error: Unknown variable
!
!   on a.pkr.hcl line 2, in build:
!   2: build { sources = [source.null.x] }
!                         ^^^^^^
! Sources are named by text here: "source.null.x".
!
? 4

$ (cat s.pkr.hcl; echo 'build { sources = ["null.y"] }') >a.pkr.hcl; imgfac validate a.pkr.hcl
! Error: Unknown source null.y
!
!   on a.pkr.hcl line 2, in build:
!   2: build { sources = ["null.y"] }
!                         ^^^^^^^^
! The template has no block source "null" "y". Did you mean "null.x"?
!
? 4

$ (cat s.pkr.hcl s.pkr.hcl; echo 'build {}') >a.pkr.hcl; imgfac validate a.pkr.hcl
! Error: Duplicate source block
!
!   on a.pkr.hcl line 2, in source "null" "x":
!   2: source "null" "x" { communicator = "none" }
!      ^^^^^^^^^^^^^^^^^
! This source block has the same builder type and name as the one at
! a.pkr.hcl:1,1-18. Each source must have a unique name per builder type.
!
? 4

# The option that is wrong is the one that is marked.
$ cat >format.pkr.hcl <<'END'
> source "null" "x" {
>   ssh_host     = "h"
>   ssh_username = "u"
>   ssh_password = "p"
> }
> build {
>   sources = ["source.null.x"]
>   provisioner "powershell" {
>     inline                  = ["x"]
>     elevated_env_var_format = "%s"
>   }
> }
> END
$ imgfac validate format.pkr.hcl
! Error: Invalid elevated_env_var_format
!
!   on format.pkr.hcl line 10, in build:
!   10:     elevated_env_var_format = "%s"
!                                     ^^^^
! It must contain %s twice, for the name and the value.
!
? 4
