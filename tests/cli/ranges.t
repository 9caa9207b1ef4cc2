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
!                          ^^^^^^^^
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

# What a check finds stands at its argument, and at the element of a list; the variables in it are told, secrets are not.
$ cat >v.pkr.hcl <<'END'
> variable "size" { default = "ten" }
> variable "tunnel" { default = "8:x" }
> variable "ch" { default = "lat est" }
> variable "pw" {
>   default = "far too long a password"
>   sensitive = true
> }
> variable "script" { default = "none.sh" }
> variable "addr" { default = "nowhere" }
> variable "account" { default = "a/b" }
> source "qemu" "a" {
>   iso_url      = "x.iso"
>   iso_checksum = "none"
>   ssh_username = "u"
>   ssh_local_tunnels = ["1:a:2", var.tunnel]
> }
> source "qemu" "b" {
>   iso_url      = "x.iso"
>   iso_checksum = "none"
>   ssh_username = "u"
>   disk_additional_size = ["1G", var.size]
>   vnc_use_password = true
>   vnc_password = var.pw
> }
> build {
>   sources = ["source.qemu.a", "source.qemu.b"]
>   provisioner "shell" {
>     scripts = ["/bin/sh", var.script]
>     environment_vars = ["A=1", "${var.size}"]
>   }
>   provisioner "check" {
>     port "80" {}
>     port "81" {
>       address = var.addr
>     }
>   }
>   seal {
>     lock_accounts = ["root", var.account]
>   }
>   catalog {
>     bucket = "x"
>     channels = ["ok", var.ch]
>   }
> }
> END
$ touch x.iso; imgfac validate v.pkr.hcl
! Error: Invalid tunnel
!
!   on v.pkr.hcl line 15, in source "qemu" "a":
!   15:   ssh_local_tunnels = ["1:a:2", var.tunnel]
!                                       ^^^^^^^^^^
!     var.tunnel is "8:x"
! "8:x" is not of the form PORT:HOST:PORT.
!
! Error: Invalid disk size
!
!   on v.pkr.hcl line 21, in source "qemu" "b":
!   21:   disk_additional_size = ["1G", var.size]
!                                       ^^^^^^^^
!     var.size is "ten"
! "ten" is no size such as "10G".
!
! Error: Password is too long
!
!   on v.pkr.hcl line 23, in source "qemu" "b":
!   23:   vnc_password = var.pw
!                        ^^^^^^
! VNC passwords have at most 8 characters.
!
! Error: Bad script 'none.sh'
!
!   on v.pkr.hcl line 28, in build:
!   28:     scripts = ["/bin/sh", var.script]
!                                 ^^^^^^^^^^
!     var.script is "none.sh"
! There is no such file.
!
! Error: Environment variable not in format 'key=value'
!
!   on v.pkr.hcl line 29, in build:
!   29:     environment_vars = ["A=1", "${var.size}"]
!                                      ^^^^^^^^^^^^^
!     var.size is "ten"
! Element 2 of environment_vars has no name before an equals sign.
!
! Error: Invalid address
!
!   on v.pkr.hcl line 34, in build:
!   34:       address = var.addr
!                       ^^^^^^^^
!     var.addr is "nowhere"
! "nowhere" is no numeric address.
!
! Error: Invalid account name
!
!   on v.pkr.hcl line 38, in build:
!   38:     lock_accounts = ["root", var.account]
!                                    ^^^^^^^^^^^
!     var.account is "a/b"
! "a/b" cannot be the name of an account.
!
! Error: Invalid channel name
!
!   on v.pkr.hcl line 42, in build:
!   42:     channels = ["ok", var.ch]
!                             ^^^^^^
!     var.ch is "lat est"
! "lat est" cannot be a channel. A name has 1 to 64 letters, digits, dashes,
! underscores and periods and starts with a letter or digit.
!
? 4

# So does what only a build can find.
$ cat >b.pkr.hcl <<'END'
> variable "b" { default = "nothing@stable" }
> variable "sizes" { default = ["x"] }
> variable "ch" { default = "lat est" }
> source "qemu" "a" {
>   base         = var.b
>   ssh_username = "u"
>   output_directory = "out"
> }
> build {
>   sources = ["source.qemu.a"]
> }
> END
$ printf 'store { path = "store" }\n' >config.hcl; imgfac -config=config.hcl build b.pkr.hcl 2>&1 | sed -n '/^Error/,/^because/p'
| Error: Cannot use base 'nothing@stable'
|
|   on b.pkr.hcl line 5, in source "qemu" "a":
|   5:   base         = var.b
|                       ^^^^^
| because: bucket 'nothing' is not in the catalog '[TMP]/store/catalog.db'
$ mkdir out; sed -i 's/ssh_username/headless = true/; s/= "u"//; s/base .*/ssh_username = "u"\n  iso_url = "x.iso"\n  iso_checksum = "none"/' b.pkr.hcl; imgfac -config=config.hcl build b.pkr.hcl 2>&1 | sed -n '/^Error/,/^Remove/p'
| Error: Output directory 'out' already exists. It must not exist.
|
|   on b.pkr.hcl line 9, in source "qemu" "a":
|   9:   output_directory = "out"
|                           ^^^^^
| Remove it, set another output_directory, or build with -force.
$ sed -i '/output_directory/d; s/"none"/"md5:00000000000000000000000000000000"/' b.pkr.hcl; imgfac -config=config.hcl build b.pkr.hcl 2>&1 | sed -n '/^Error/,/^The file/p'
| Error: Cannot get the ISO
|
|   on b.pkr.hcl line 7, in source "qemu" "a":
|   7:   iso_checksum = "md5:00000000000000000000000000000000"
|                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
| because: 'x.iso' has md5 d41d8cd98f00b204e9800998ecf8427e, expected 00000000000000000000000000000000
| The file changed at its source, or the checksum is another file's.

# iso_skip_cache without QEMU's driver for URLs: said before a guest is made, with the package.
$ mkdir bin; printf '#!/bin/sh\necho "qemu-img: Could not open: Unknown protocol '"'https'"'" >&2\nexit 1\n' >bin/qemu-img; chmod +x bin/qemu-img
$ printf 'source "qemu" "c" {\n  iso_url = "https://127.0.0.1:1/x.iso"\n  iso_skip_cache = true\n  ssh_username = "u"\n}\nbuild {\n  sources = ["qemu.c"]\n}\n' >c.pkr.hcl
$ PATH=$PWD/bin:$PATH imgfac -config=config.hcl build c.pkr.hcl 2>&1 | sed -n '/^Error/,/^Install/p'
| Error: QEMU has no driver here to read 'https://127.0.0.1:[PORT]/x.iso'
|
|   on c.pkr.hcl line 3, in source "qemu" "c":
|   3:   iso_skip_cache = true
|                         ^^^^
| because: cannot look at disk image 'https://127.0.0.1:[PORT]/x.iso'
| because: 'qemu-img' ended with status 1: qemu-img: Could not open: Unknown protocol 'https'
| Install its curl driver (in Debian the package qemu-block-extra), or leave iso_skip_cache out.
