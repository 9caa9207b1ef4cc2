# SPDX-License-Identifier: Apache-2.0
# Templates of the old JSON format: written as HCL, and read as they are.
$ cat >debian.json <<'END'
> {
>   "variables": {
>     "cpus": "2",
>     "disk_size": "20G",
>     "headless": "true",
>     "iso_name": "debian-12.5.0-amd64-netinst.iso",
>     "iso_checksum": "013f5b44670d81280b5b1bc02455842b250df2f0c6763398feb69af1a805a14f",
>     "iso_url": "{{ user `mirror` }}/debian-cd/current/amd64/iso-cd/{{ user `iso_name` }}",
>     "memory": "2048",
>     "mirror": "http://deb.debian.org",
>     "ssh_password": null,
>     "version": "{{isotime \"20060102\"}}",
>     "http_proxy": "{{env `http_proxy`}}"
>   },
>   "sensitive-variables": ["ssh_password"],
>   "builders": [
>     {
>       "type": "qemu",
>       "name": "debian 12.5",
>       "vm_name": "debian-{{user `version`}}.qcow2",
>       "accelerator": "kvm",
>       "boot_wait": "5s",
>       "boot_command": [
>         "<esc><wait>",
>         "auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg ",
>         "hostname={{ build_name }} domain=local<enter>"
>       ],
>       "cpus": "{{user `cpus`}}",
>       "memory": "{{user `memory`}}",
>       "disk_size": "{{user `disk_size`}}",
>       "disk_interface": "virtio",
>       "format": "qcow2",
>       "headless": "{{user `headless`}}",
>       "http_directory": "{{template_dir}}/http",
>       "iso_checksum": "{{user `iso_checksum`}}",
>       "iso_checksum_type": "sha256",
>       "iso_url": "{{user `iso_url`}}",
>       "net_device": "virtio-net",
>       "output_directory": "output/{{build_name}}",
>       "qemuargs": [["-cpu", "host"], ["-serial", "file:{{build_name}}.log"]],
>       "shutdown_command": "echo '{{user `ssh_password`}}' | sudo -S shutdown -P now",
>       "ssh_username": "packer",
>       "ssh_password": "{{user `ssh_password`}}",
>       "ssh_port": 22,
>       "ssh_wait_timeout": "30m"
>     }
>   ],
>   "provisioners": [
>     {
>       "type": "shell",
>       "environment_vars": ["http_proxy={{user `http_proxy`}}", "VERSION={{user `version`}}"],
>       "execute_command": "echo '{{user `ssh_password`}}' | {{.Vars}} sudo -S -E bash '{{.Path}}'",
>       "inline": ["apt-get update", "echo built with {{packer_version}} for ${USER:-nobody}"],
>       "expect_disconnect": true,
>       "override": {
>         "debian 12.5": { "pause_after": "5s" }
>       }
>     },
>     {
>       "type": "shell",
>       "only": ["debian 12.5"],
>       "inline": "apt-get clean, sync",
>       "pause_before": "10s"
>     }
>   ]
> }
> END
$ mkdir http; imgfac hcl2_upgrade debian.json; cat debian.json.pkr.hcl
| Successfully created debian.json.pkr.hcl. Exit 0
| variable "cpus" {
|   type    = string
|   default = "2"
| }
|
| variable "disk_size" {
|   type    = string
|   default = "20G"
| }
|
| variable "headless" {
|   type    = string
|   default = "true"
| }
|
| variable "http_proxy" {
|   type    = string
|   default = "${env("http_proxy")}"
| }
|
| variable "iso_checksum" {
|   type    = string
|   default = "013f5b44670d81280b5b1bc02455842b250df2f0c6763398feb69af1a805a14f"
| }
|
| variable "iso_name" {
|   type    = string
|   default = "debian-12.5.0-amd64-netinst.iso"
| }
|
| variable "memory" {
|   type    = string
|   default = "2048"
| }
|
| variable "mirror" {
|   type    = string
|   default = "http://deb.debian.org"
| }
|
| variable "ssh_password" {
|   type      = string
|   sensitive = true
| }
|
| locals {
|   iso_url = "${var.mirror}/debian-cd/current/amd64/iso-cd/${var.iso_name}"
|   version = "${legacy_isotime("20060102")}"
| }
|
| source "qemu" "debian_12_5" {
|   accelerator      = "kvm"
|   boot_command     = ["<esc><wait>", "auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg ", "hostname=${source.name} domain=local<enter>"]
|   boot_wait        = "5s"
|   cpus             = "${var.cpus}"
|   disk_interface   = "virtio"
|   disk_size        = "${var.disk_size}"
|   format           = "qcow2"
|   headless         = "${var.headless}"
|   http_directory   = "${path.root}/http"
|   iso_checksum     = "sha256:${var.iso_checksum}"
|   iso_url          = "${local.iso_url}"
|   memory           = "${var.memory}"
|   net_device       = "virtio-net"
|   output_directory = "output/${source.name}"
|   qemuargs         = [["-cpu", "host"], ["-serial", "file:${source.name}.log"]]
|   shutdown_command = "echo '${var.ssh_password}' | sudo -S shutdown -P now"
|   ssh_password     = "${var.ssh_password}"
|   ssh_port         = 22
|   ssh_timeout      = "30m"
|   ssh_username     = "packer"
|   vm_name          = "debian-${local.version}.qcow2"
| }
|
| build {
|   sources = ["source.qemu.debian_12_5"]
|
|   provisioner "shell" {
|     environment_vars  = ["http_proxy=${var.http_proxy}", "VERSION=${local.version}"]
|     execute_command   = "echo '${var.ssh_password}' | {{.Vars}} sudo -S -E bash '{{.Path}}'"
|     expect_disconnect = true
|     inline            = ["apt-get update", "echo built with ${packer.version} for $${USER:-nobody}"]
|     override = {
|       debian_12_5 = {
|         pause_after = "5s"
|       }
|     }
|   }
|
|   provisioner "shell" {
|     inline       = ["apt-get clean", " sync"]
|     only         = ["qemu.debian_12_5"]
|     pause_before = "10s"
|   }
| }

$ imgfac fmt -check debian.json.pkr.hcl; imgfac validate -var ssh_password=xyzzy-9 debian.json.pkr.hcl
| The configuration is valid.

$ imgfac validate -var ssh_password=xyzzy-9 debian.json
| The configuration is valid.

$ cat >centos.json <<'END'
> {
>   "min_packer_version": "1.6.0",
>   "description": "CentOS for the lab",
>   "_comment": "kickstart is served by the builder",
>   "variables": {
>     "box": "centos-{{user `release`}}",
>     "compression": 6,
>     "home": "{{env `HOME`}}",
>     "ks": "ks.cfg",
>     "release": "7",
>     "root_password": null,
>     "stamp": "{{user `box` | upper}}-{{isotime `2006-01-02`}}-{{env `LAB`}}"
>   },
>   "sensitive-variables": ["root_password"],
>   "builders": [
>     {
>       "type": "qemu",
>       "boot_command": "<tab> text ks=http://{{ .HTTPIP }}:{{ .HTTPPort }}/{{ user `ks` }}<enter><wait>",
>       "cd_files": [],
>       "disk_size": 10240,
>       "headless": "t",
>       "http_content": { "/ks.cfg": "rootpw {{ user `root_password` }}\nreboot\n" },
>       "iso_md5": "0123456789abcdef0123456789abcdef",
>       "iso_urls": ["http://a.example/c.iso", "http://b.example/c.iso"],
>       "qemuargs": [["-m", "1024"], ["-device", "x,id=$${y}"]],
>       "qemu_img_args": { "create": ["-o", "cluster_size=2M"] },
>       "ssh_host_port_min": 2222,
>       "ssh_host_port_max": 2229,
>       "ssh_password": "{{ user `root_password` }}",
>       "ssh_username": "root",
>       "vm_name": "{{ user `box` }}-{{ timestamp }}-{{ build_type }}"
>     },
>     {
>       "type": "virtualbox-iso",
>       "name": "vbox",
>       "guest_os_type": "RedHat_64",
>       "vboxmanage": [["modifyvm", "{{.Name}}", "--memory", "1024"]],
>       "things": [{ "a": 1 }, { "a": 2 }]
>     }
>   ],
>   "provisioners": [
>     {
>       "type": "shell",
>       "except": ["vbox"],
>       "inline": [
>         "echo {{ build `ID` }} {{ replace_all `-` `_` (user `box`) }}",
>         "echo {{ clean_resource_name (user `box`) }} {{ split `a-b` `-` 1 }} 100%{x}"
>       ],
>       "override": { "qemu": { "pause_after": "2s" }, "vbox": { "execute_command": "sh {{ .Path }}" } }
>     },
>     { "type": "file", "source": "{{template_dir}}/motd", "destination": "/etc/motd", "timeout": "5m" }
>   ],
>   "error-cleanup-provisioner": { "type": "shell-local", "inline": "rm -rf a, b" },
>   "post-processors": [
>     "manifest",
>     [
>       { "type": "compress", "compression_level": "{{user `compression`}}", "output": "{{.BuildName}}.gz" },
>       { "type": "checksum", "name": "sums", "only": ["qemu"], "keep_input_artifact": true }
>     ]
>   ]
> }
> END
$ imgfac hcl2_upgrade -with-annotations -output-file=new/c.pkr.hcl centos.json; cat new/c.pkr.hcl
| Successfully created new/c.pkr.hcl. Exit 0
| # Made from a JSON template. What stands between {{ and }} is filled in while
| # a build runs, ${ } when the template is read.
|
| # What the template needs of the program.
| packer {
|   required_version = ">= 1.6.0"
| }
|
| # Values from outside: -var, -var-file, PKR_VAR_NAME. The old format knew only
| # text; a type that says more can be given now.
| variable "compression" {
|   type    = string
|   default = "6"
| }
|
| variable "home" {
|   type    = string
|   default = "${env("HOME")}"
| }
|
| variable "ks" {
|   type    = string
|   default = "ks.cfg"
| }
|
| variable "release" {
|   type    = string
|   default = "7"
| }
|
| variable "root_password" {
|   type      = string
|   sensitive = true
| }
|
| variable "env_LAB" {
|   type    = string
|   default = "${env("LAB")}"
| }
|
| # In place of {{timestamp}}: the time when the template is read.
| locals {
|   timestamp = regex_replace(timestamp(), "[- TZ:]", "")
| }
|
| # Variables whose default uses other variables or functions.
| locals {
|   box   = "centos-${var.release}"
|   stamp = "${upper(local.box)}-${legacy_isotime("2006-01-02")}-${var.env_LAB}"
| }
|
| # One source for each builder of the old template.
| source "qemu" "autogenerated_1" {
|   boot_command  = split(",", "<tab> text ks=http://{{ .HTTPIP }}:{{ .HTTPPort }}/${var.ks}<enter><wait>")
|   disk_size     = 10240
|   headless      = true
|   host_port_max = 2229
|   host_port_min = 2222
|   http_content = {
|     "/ks.cfg" = "rootpw ${var.root_password}\nreboot\n"
|   }
|   iso_checksum = "md5:0123456789abcdef0123456789abcdef"
|   iso_urls     = ["http://a.example/c.iso", "http://b.example/c.iso"]
|   qemu_img_args {
|     create = ["-o", "cluster_size=2M"]
|   }
|   qemuargs     = [["-m", "1024"], ["-device", "x,id=$$${y}"]]
|   ssh_password = "${var.root_password}"
|   ssh_username = "root"
|   vm_name      = "${local.box}-${local.timestamp}-${source.type}"
| }
|
| source "virtualbox-iso" "vbox" {
|   guest_os_type = "RedHat_64"
|   things {
|     a = 1
|   }
|   things {
|     a = 2
|   }
|   vboxmanage = [["modifyvm", "{{.Name}}", "--memory", "1024"]]
| }
|
| # The build runs the provisioners on each source, then the post-processors on
| # what came out.
| build {
|   description = "CentOS for the lab"
|
|   sources = ["source.qemu.autogenerated_1", "source.virtualbox-iso.vbox"]
|
|   provisioner "shell" {
|     except = ["virtualbox-iso.vbox"]
|     inline = ["echo ${build.ID} ${replace(local.box, "-", "_")}", "echo {{ clean_resource_name `${local.box}` }} ${split("-", "a-b")[1]} 100%%{x}"]
|     override = {
|       autogenerated_1 = {
|         pause_after = "2s"
|       }
|       vbox = {
|         execute_command = "sh {{ .Path }}"
|       }
|     }
|   }
|
|   provisioner "file" {
|     destination = "/etc/motd"
|     source      = "${path.root}/motd"
|     timeout     = "5m"
|   }
|
|   error-cleanup-provisioner "shell-local" {
|     inline = ["rm -rf a", " b"]
|   }
|
|   post-processor "manifest" {
|   }
|
|   post-processors {
|     post-processor "compress" {
|       compression_level = "${var.compression}"
|       output            = "{{.BuildName}}.gz"
|     }
|     post-processor "checksum" {
|       keep_input_artifact = true
|       name                = "sums"
|       only                = ["qemu.autogenerated_1"]
|     }
|   }
| }

$ imgfac validate -only=qemu -var root_password=xyzzy-9 centos.json
! Error: Invalid template text
!
!   on centos.json line 47:
!   47:         "echo {{ clean_resource_name (user `box`) }} {{ split `a-b` `-` 1 }} 100%{x}"
!               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
! The text in double braces of "inline" cannot be read: template: 1:9: function
! "clean_resource_name" not defined.
!
! Error: Bad source './motd'
!
!   on centos.json line 51:
!   51:     { "type": "file", "source": "{{template_dir}}/motd", "destination": "/etc/motd", "timeout": "5m" }
!                                       ^^^^^^^^^^^^^^^^^^^^^^^
! There is no such file or folder.  When it is made during the run, set generated
! = true.
!
! Warning: Post-processors are not available
!
!   on centos.json line 55:
!   55:     "manifest",
!           ^^^^^^^^^^
! This version of imgfac cannot run the post-processor "manifest" yet: `imgfac
! build` refuses the template. Remove the block, or leave it out with
! -except=manifest.
!
! Warning: Post-processors are not available
!
!   on centos.json line 57:
!   57:       { "type": "compress", "compression_level": "{{user `compression`}}", "output": "{{.BuildName}}.gz" },
!                       ^^^^^^^^^^
! This version of imgfac cannot run the post-processor "compress" yet: `imgfac
! build` refuses the template. Remove the block, or leave it out with
! -except=compress.
!
! Warning: Post-processors are not available
!
!   on centos.json line 58:
!   58:       { "type": "checksum", "name": "sums", "only": ["qemu"], "keep_input_artifact": true }
!                       ^^^^^^^^^^
! This version of imgfac cannot run the post-processor "checksum" yet: `imgfac
! build` refuses the template. Remove the block, or leave it out with
! -except=sums.
!
? 4

# A variable that became a local can still be set; builds have the names of their builders.
$ cat >ubuntu.json <<'END'
> {
>   "variables": { "name": "ubuntu", "time": "{{timestamp}}" },
>   "builders": [
>     {
>       "type": "qemu", "name": "Ubuntu 24.04", "iso_url": "http://example.com/{{user `name`}}.img",
>       "iso_checksum": "none", "disk_image": true, "use_backing_file": false, "ssh_username": "ubuntu",
>       "cd_content": { "meta-data": "", "user-data": "#cloud-config\nhostname: {{user `name`}}\n" },
>       "cd_label": "cidata", "memory": 1024, "boot_wait": "-1s"
>     },
>     { "type": "null", "ssh_host": "localhost", "ssh_username": "u" }
>   ],
>   "provisioners": [ { "type": "shell", "inline": ["echo {{user `time`}}"], "only": ["Ubuntu 24.04"] } ]
> }
> END
$ imgfac validate -var time=now -var undeclared=x -only='Ubuntu 24.04' ubuntu.json
| The configuration is valid.

$ imgfac inspect -var time=now ubuntu.json | sed 's/[0-9]\{10\}/SECONDS/'
| Packer Inspect: JSON mode
| Optional variables and their defaults:
|
|   name = ubuntu
|   time = {{timestamp}}
|
| Builders:
|
|   Ubuntu 24.04 (qemu)
|   null
|
| Provisioners:
|
|   shell
|
| Note: If your build names contain user variables or template
| functions such as 'timestamp', these are processed at build time,
| and therefore only show in their raw form here.

$ imgfac validate -only=qemu ubuntu.json
! Error: No builds to run
!
! -only leaves none of the builds of this template: null, Ubuntu 24.04.
!
? 4

$ imgfac validate - <ubuntu.json
! Error: Missing login
!
!   on <stdin> line 10:
!   10:     { "type": "null", "ssh_host": "localhost", "ssh_username": "u" }
!           ^
! Set one of ssh_password, ssh_private_key_file and ssh_agent_auth.
!
? 4

$ echo 'local.time' | imgfac console -var time=then ubuntu.json
| then

# Mistakes are shown in the JSON file.
$ cat >bad.json <<'END'
> {
>   "variables": { "a": ["x"] },
>   "builders": [
>     { "type": "qemu", "name": "x", "iso_url": "{{user `b`}}", "iso_checksum": "none", "dsk_size": 1 },
>     { "type": "qemu", "name": "x" },
>     { "name": "y" }
>   ],
>   "provisioners": { "type": "shell" },
>   "provisoners": []
> }
> END
$ imgfac validate bad.json
! Error: Wrong type of value
!
!   on bad.json line 2:
!   2:   "variables": { "a": ["x"] },
!                            ^^^^^
! A text, a number or null, as the default of a variable, must be here.
!
! Error: Duplicate builder
!
!   on bad.json line 5:
!   5:     { "type": "qemu", "name": "x" },
!                                    ^^^
! A builder named "x" is at bad.json:4,31-34 already; give one of them another
! "name".
!
! Error: Missing type of the builder
!
!   on bad.json line 6:
!   6:     { "name": "y" }
!          ^
! Each builder needs "type": the name of a builder, as text.
!
! Error: Wrong type of value
!
!   on bad.json line 8:
!   8:   "provisioners": { "type": "shell" },
!                        ^^^^^^^^^^^^^^^^^^^
! A list of provisioners must be here.
!
! Error: Unknown part of a JSON template
!
!   on bad.json line 9:
!   9:   "provisoners": []
!        ^^^^^^^^^^^^^
! "provisoners" is not expected here. Did you mean "provisioners"?
!
? 4

$ cat >bad2.json <<'END'
> {
>   "builders": [
>     { "type": "qemu", "iso_url": "x-{{user `nope`}}", "iso_checksum": "none", "dsk_size": 1, "ssh_username": "u",
>       "memory": "many", "disk_size": "{{ .Oops }}" }
>   ],
>   "provisioners": [
>     { "type": "shell", "inline": ["x"], "only": ["qmu"] },
>     { "type": "shel" }
>   ]
> }
> END
$ imgfac validate bad2.json
! Error: Unset variable "nope"
!
!   on bad2.json line 3:
!   3:     { "type": "qemu", "iso_url": "x-{{user `nope`}}", "iso_checksum": "none", "dsk_size": 1, "ssh_username": "u",
!                                       ^^^^^^^^^^^^^^^^^^^
! A variable must be set or have a default value. Set it with -var 'nope=VALUE',
! in a file given with -var-file, or with the environment variable PKR_VAR_nope.
!
! Warning: Unknown builder
!
!   on bad2.json line 7:
!   7:     { "type": "shell", "inline": ["x"], "only": ["qmu"] },
!                                                       ^^^^^
! The template has no builder named "qmu".
!
? 4

$ imgfac hcl2_upgrade bad.json 2>/dev/null; echo $?; ls bad.json.pkr.hcl
| 4
! ls: cannot access 'bad.json.pkr.hcl': No such file or directory
? 2

$ echo '{"builders": []}' >none.json; imgfac validate none.json; imgfac hcl2_upgrade nope.json; echo '{' >cut.json; imgfac validate cut.json
! Error: No builders in the template
!
!   on none.json
!
! A JSON template needs "builders": a list with at least one.
!
! Error: Cannot read the template 'nope.json'
!
! because: cannot open 'nope.json': No such file or directory
!
! Error: Invalid JSON
!
!   on cut.json line 2:
!   2:
!      ^
! A property name in double quotes must follow here.
!
? 4

