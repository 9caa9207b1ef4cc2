# SPDX-License-Identifier: Apache-2.0
# Data sources: left unknown by validate and inspect, read by console and build.
$ cat >t.pkr.hcl <<'END'
> variable "token" {
>   default   = "hush-hush-token"
>   sensitive = true
> }
> data "null" "a" { input = "x-${local.l}" }
> data "external" "e" {
>   program = ["sh", "-c", "echo ran >>ran; cat"]
>   query   = { k = data.null.a.output }
> }
> data "external-raw" "secret" {
>   program = ["cat"]
>   query   = var.token
> }
> locals {
>   l = "L"
>   z = "${data.external.e.result.k}!"
> }
> source "qemu" "x" {
>   base = data.external.e.result.base
> }
> source "qemu" "y" {
>   iso_url      = local.z
>   iso_checksum = local.z
>   ssh_username = local.z
> }
> build {
>   name    = local.z
>   sources = ["qemu.x", "qemu.y"]
>   provisioner "shell" { script = local.z }
>   catalog { bucket = local.z }
> }
> END
$ imgfac validate t.pkr.hcl
| The configuration is valid.

$ imgfac inspect t.pkr.hcl | sed '/> builds/,$d'
| Packer Inspect: HCL2 mode
|
| > input-variables:
|
| var.token: "<sensitive>"
|
| > data-sources:
|
| data.null.a: "<unknown>"
| data.external.e: "<unknown>"
| data.external-raw.secret: "<unknown>"
|
| > local-variables:
|
| local.l: "L"
| local.z: "<unknown>"
|

$ imgfac inspect -json t.pkr.hcl | sed 's/.*"data_sources":\(\[[^]]*\]\).*/\1/'
| [{"type":"null","name":"a"},{"type":"external","name":"e"},{"type":"external-raw","name":"secret"}]

# Nothing ran for all this.
$ test -e ran
? 1

# Run by the console, in the order of need; what comes from a secret is one.
$ printf 'data.external.e\nlocal.z\n' | imgfac console --json t.pkr.hcl; cat ran
| {"result":{"k":"x-L"}}
| "x-L!"
| ran
$ echo 'data.external-raw.secret' | imgfac console t.pkr.hcl
| <sensitive>
$ printf 'data "external-raw" "r" {\n  program = ["rev"]\n  query   = var.s\n}\nlocals { r = data.external-raw.r.result }\nvariable "s" {\n  default   = "hush-hush"\n  sensitive = true\n}\n' >s.pkr.hcl; echo variables | imgfac console s.pkr.hcl
| > input-variables:
|
| var.s: "<sensitive>"
|
| > data-sources:
|
| data.external-raw.r: "<sensitive>"
|
| > local-variables:
|
| local.r: "<sensitive>"

# validate runs them when it is told to, and then sees their values.
$ imgfac validate -evaluate-datasources t.pkr.hcl
! Error: Missing map element
!
!   on t.pkr.hcl line 19, in source "qemu" "x":
!   19:   base = data.external.e.result.base
!                                      ^^^^^
!     data.external.e.result is map of string with 1 element
! This map does not have an element with the key "base".
!
! Error: Malformed checksum: "x-L!"
!
!   on t.pkr.hcl line 23, in source "qemu" "y":
!   23:   iso_checksum = local.z
!                        ^^^^^^^
!     local.z is "x-L!"
! Use "none", "sha256:<hex>" or "file:<path or URL>"; without a type it is 32, 40,
! 64 or 128 hexadecimal digits.
!
! Error: Bad script 'x-L!'
!
!   on t.pkr.hcl line 29, in build:
!   29:   provisioner "shell" { script = local.z }
!                                        ^^^^^^^
!     local.z is "x-L!"
! There is no such file.
!
! Error: Invalid bucket name
!
!   on t.pkr.hcl line 30, in build:
!   30:   catalog { bucket = local.z }
!                            ^^^^^^^
!     local.z is "x-L!"
! "x-L!" cannot be a bucket. A name has 1 to 64 letters, digits, dashes,
! underscores and periods and starts with a letter or digit.
!
? 4

# A dynamic block over what is not known stands for one block.
$ cat >dynamic.pkr.hcl <<'END'
> data "external" "e" { program = ["echo", "{\"a\":\"1\",\"b\":\"2\"}"] }
> source "null" "x" {
>   ssh_host     = "127.0.0.1"
>   ssh_username = "x"
>   ssh_password = "pass-word-1"
> }
> build {
>   sources = ["null.x"]
>   dynamic "provisioner" {
>     for_each = data.external.e.result
>     labels   = ["shell"]
>     content { inline = ["echo ${provisioner.key} ${provisioner.value}"] }
>   }
> }
> END
$ imgfac validate dynamic.pkr.hcl
| The configuration is valid.
$ imgfac validate -evaluate-datasources dynamic.pkr.hcl
| The configuration is valid.

# What is wrong is said with its place, several at once.
$ cat >wrong.pkr.hcl <<'END'
> data "null" "a" { input = data.null.b.output }
> data "null" "b" { input = local.c }
> locals { c = data.null.a.output }
> data "nul" "d" {}
> data "http" "e" { urll = "http://127.0.0.1:1" }
> locals { f = data.http.x.body }
> data "external" "g" { program = ["sh", "-c", "echo why not >&2; exit 3"] }
> END
$ imgfac validate -evaluate-datasources wrong.pkr.hcl
! Error: Cycle in local definitions
!
!   on wrong.pkr.hcl line 2, in data "null" "b":
!   2: data "null" "b" { input = local.c }
!                                     ^^
! The value of local.c depends on itself: local.c -> data.null.a -> data.null.b ->
! local.c.
!
! Error: Unknown data source type "nul"
!
!   on wrong.pkr.hcl line 4, in data "nul" "d":
!   4: data "nul" "d" {}
!           ^^^^^
! There is no such data source built in. Did you mean "null"? `imgfac docs` lists
! all.
!
! Error: Unsupported argument
!
!   on wrong.pkr.hcl line 5, in data "http" "e":
!   5: data "http" "e" { urll = "http://127.0.0.1:[PORT]" }
!                        ^^^^
! An argument named "urll" is not expected here. Did you mean "url"?
!
! Error: Missing required argument
!
!   on wrong.pkr.hcl line 5, in data "http" "e":
!   5: data "http" "e" { urll = "http://127.0.0.1:[PORT]" }
!                        ^
! The argument "url" is required, but no definition was found.
!
! Error: Reference to undeclared data source
!
!   on wrong.pkr.hcl line 6, in locals:
!   6: locals { f = data.http.x.body }
!                   ^^^^^^^^^^^^^^^^
! There is no data source "http" "x" in the template. Did you mean "http.e"?
!
! Error: Cannot read data.external.g
!
!   on wrong.pkr.hcl line 7, in data "external" "g":
!   7: data "external" "g" { program = ["sh", "-c", "echo why not >&2; exit 3"] }
!      ^^^^^^^^^^^^^^^^^^^
! because: cannot ask the program
! because: 'sh' ended with status 3: why not
!
? 4

# Ended while one is read.
$ printf 'data "external-raw" "s" { program = ["sh", "-c", "touch begun; sleep 30 & sleep 30"] }\nsource "null" "x" { communicator = "none" }\nbuild { sources = ["null.x"] }\n' >slow.pkr.hcl; imgfac build slow.pkr.hcl & until [ -e begun ]; do sleep 0.05; done; kill $!; wait $!
! Error: Cannot read data.external-raw.s
!
!   on slow.pkr.hcl line 1, in data "external-raw" "s":
!   1: data "external-raw" "s" { program = ["sh", "-c", "touch begun; sleep 30 & sleep 30"] }
!      ^^^^^^^^^^^^^^^^^^^^^^^
! because: ask the program was cancelled
!
? 130

# The JSON syntax too.
$ cat >j.pkr.json <<'END'
> {"data": {"null": {"a": {"input": "${data.null.b.output}"}, "b": {"input": "jj"}}}}
> END
$ echo 'data.null.a.output' | imgfac console j.pkr.json
| jj

$ imgfac docs hcp-packer-version
| data "hcp-packer-version" "NAME" { }
|
|     The version that a channel of the catalog points to
|
|     HCP Packer's data source, asked of the local catalog. An empty channel and a
|     revoked version are errors.
|
|     It gives these attributes of data.hcp-packer-version.NAME:
|
|     author_id (string): Null: the catalog keeps no accounts.
|
|     bucket_name (string): The bucket.
|
|     created_at (string): When it was recorded, in RFC 3339.
|
|     updated_at (string): As created_at: a version does not change.
|
|     fingerprint (string): The fingerprint of the version.
|
|     id (string): The same: here it is what identifies a version.
|
|     channel_id (string): The channel.
|
|     status (string): "active" or "revocation-scheduled".
|
|     name (string): The version, such as "v3".
|
| Options
|
|     bucket_name  (string)
|         The bucket of the local catalog. Required.
|     channel_name  (string)
|         The channel whose version is wanted. Required.
