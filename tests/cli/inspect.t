# SPDX-License-Identifier: Apache-2.0
# What is in a template, without looking at the builders.
$ cat >t.pkr.hcl <<'END'
> variable "unset" { type = string }
> variable "secret" {
>   default   = "hunter2-hunter2"
>   sensitive = true
> }
> variable "list" { default = ["a", "b"] }
> locals { both = "${var.list[0]}-${var.list[1]}" }
> source "vmware-iso" "x" {}
> source "qemu" "y" {}
> build {
>   name        = "nightly"
>   description = "The nightly one."
>   sources     = ["source.vmware-iso.x", "qemu.y"]
>   provisioner "shell" { inline = ["true"] }
>   provisioner "file" {
>     name        = "copy"
>     source      = "a"
>     destination = "b"
>   }
>   post-processor "manifest" {}
>   post-processors {
>     post-processor "compress" {}
>     post-processor "checksum" {}
>   }
> }
> build {
>   source "qemu.y" { name = "z" }
>   catalog { bucket = "golden" }
>   seal {}
> }
> END
$ imgfac inspect t.pkr.hcl
| Packer Inspect: HCL2 mode
|
| > input-variables:
|
| var.list: "[\n  \"a\",\n  \"b\",\n]"
| var.secret: "<sensitive>"
| var.unset: "<unknown>"
|
| > local-variables:
|
| local.both: "a-b"
|
| > builds:
|
|   > nightly:
|
|   > Description: The nightly one.
|
|     sources:
|
|       vmware-iso.x
|
|       qemu.y
|
|     provisioners:
|
|       shell
|       file.copy
|
|     post-processors:
|
|       0:
|         manifest
|
|       1:
|         compress
|         checksum
|
|   > <unnamed build 1>:
|
|     sources:
|
|       qemu.z
|
|     provisioners:
|
|       <no provisioner>
|
|     post-processors:
|
|       <no post-processor>
|
|     sealed
|
|     recorded in the catalog
|
