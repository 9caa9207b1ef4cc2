# SPDX-License-Identifier: Apache-2.0
# What commands have in common: site configuration, -machine-readable, -only, several files.
$ cat >t.pkr.hcl <<'END'
> variable "short" {
>   default   = "a"
>   sensitive = true
> }
> variable "need" {}
> source "null" "x" { communicator = "none" }
> build {
>   sources = ["null.x"]
> }
> END
$ imgfac validate -var need=1 t.pkr.hcl
| The configuration is valid.

# A wrong configuration of the site is told together with the template's mistakes; nothing is made.
$ echo 'stoer { path = "s" }' >site.hcl; imgfac -config=site.hcl validate t.pkr.hcl; ls
| site.hcl
| t.pkr.hcl
! Error: Unsupported block type
!
!   on site.hcl line 1, in stoer:
!   1: stoer { path = "s" }
!      ^^^^^
! Blocks of type "stoer" are not expected here. Did you mean "store"?
!
! Error: Unset variable "need"
!
!   on t.pkr.hcl line 5, in variable "need":
!   5: variable "need" {}
!      ^^^^^^^^^^^^^^^
! A variable must be set or have a default value. Set it with -var 'need=VALUE',
! in a file given with -var-file, or with the environment variable PKR_VAR_need.
!

$ imgfac -config=site.hcl validate -syntax-only t.pkr.hcl
| Syntax-only check passed. Everything looks okay.

$ echo 'store { path = "s" }' >site.hcl; imgfac -config=site.hcl validate -var need=1 t.pkr.hcl; ls
| The configuration is valid.
| site.hcl
| t.pkr.hcl

$ imgfac validate -machine-readable t.pkr.hcl
| [UNIX],,ui,error,Error: Unset variable "need"\n\n  on t.pkr.hcl line 5%!(PACKER_COMMA) in variable "need":\n  5: variable "need" {}\n     ^^^^^^^^^^^^^^^\nA variable must be set or have a default value. Set it with -var 'need=VALUE'%!(PACKER_COMMA)\nin a file given with -var-file%!(PACKER_COMMA) or with the environment variable PKR_VAR_need.
? 4

$ imgfac validate -var need=1 t.pkr.hcl -machine-readable
| [UNIX],,ui,say,The configuration is valid.

$ imgfac -machine-readable version
| [UNIX],,version,0.1.0
| [UNIX],,version-prelease,
| [UNIX],,version-commit,
| [UNIX],,ui,say,imgfac 0.1.0

$ imgfac inspect -machine-readable t.pkr.hcl
| [UNIX],,ui,say,Packer Inspect: HCL2 mode\n
| [UNIX],,ui,say,> input-variables:\n\nvar.need: "<unknown>"\nvar.short: "<sensitive>"\n\n> local-variables:\n\n
| [UNIX],,ui,say,> builds:\n\n  > <unnamed build 0>:\n\n    sources:\n\n      null.x\n\n    provisioners:\n\n      <no provisioner>\n\n    post-processors:\n\n      <no post-processor>\n

$ imgfac build -machine-readable t.pkr.hcl
| [UNIX],,ui,error,Error: Unset variable "need"\n\n  on t.pkr.hcl line 5%!(PACKER_COMMA) in variable "need":\n  5: variable "need" {}\n     ^^^^^^^^^^^^^^^\nA variable must be set or have a default value. Set it with -var 'need=VALUE'%!(PACKER_COMMA)\nin a file given with -var-file%!(PACKER_COMMA) or with the environment variable PKR_VAR_need.
? 4

$ imgfac inspect -json t.pkr.hcl
| {"format_version":"1.0","variables":[{"name":"short","type":"string","required":false,"sensitive":true,"value":"<sensitive>"},{"name":"need","type":"any","required":true,"sensitive":false,"value":null}],"data_sources":[],"locals":[],"builds":[{"sources":[{"type":"null","name":"x"}],"provisioners":[],"post_processors":[],"sealed":false,"recorded":false}]}

# Patterns that leave nothing: the same in both.
$ imgfac validate -var need=1 -only=zzz t.pkr.hcl
! Error: No builds to run
!
! -only leaves none of the builds of this template: null.x.
!
? 4

$ imgfac build -var need=1 -only=null.y t.pkr.hcl
! Error: No builds to run
!
! -only leaves none of the builds of this template: null.x. Did you mean "null.x"?
!
? 4

$ imgfac validate -var need=1 -except='*' t.pkr.hcl
! Error: No builds to run
!
! -except leaves none of the builds of this template: null.x.
!
? 4

$ imgfac validate -var need=1 -only=null.x,other t.pkr.hcl
| The configuration is valid.
! Warning: Pattern without a match
!
! -only=other matches no build. Builds of this template: null.x.
!

# A short secret does not blank file names and words.
$ imgfac inspect -var need=1 t.pkr.hcl | head -6
| Packer Inspect: HCL2 mode
|
| > input-variables:
|
| var.need: "1"
| var.short: "<sensitive>"

$ imgfac validate -var need=1 -var nede=2 -var short=e t.pkr.hcl
! Error: Undefined -var variable
!
! "nede" was given with -var, but the template declares no variable of that name.
! Did you mean "need"?
!
? 4

$ cat >twice.pkr.hcl <<'END'
> source "null" "x" { communicator = "none" }
> build {
>   source "null.x" { name = "a" }
>   source "null.x" { name = "b" }
>   source "null.x" { name = "a" }
> }
> END
$ imgfac validate twice.pkr.hcl
! Error: Duplicate source in a build
!
!   on twice.pkr.hcl line 5, in build:
!   5:   source "null.x" { name = "a" }
!        ^^^^^^^^^^^^^^^
! "null.a" is used at twice.pkr.hcl:3,3-18 already. Give one of them another name:
! source "null.x" { name = ... }.
!
? 4

# A source in one syntax, its use in the other.
$ mkdir mixed; cat >mixed/a.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url      = "http://example.com/x.iso"
>   iso_checksum = "none"
>   ssh_username = "u"
> }
> build {
>   source "qemu.y" {
>     memory = 512
>   }
> }
> END
$ cat >mixed/b.pkr.json <<'END'
> {
>   "source": { "qemu": { "y": { "iso_url": "http://example.com/x.iso", "iso_checksum": "none", "ssh_username": "u",
>                                "http_content": { "/a": "b" } } } },
>   "build": { "source": { "qemu.x": { "name": "named", "memory": 1024, "cpsu": 2 } } }
> }
> END
$ imgfac validate mixed
! Error: Unsupported argument
!
!   on mixed/b.pkr.json line 4:
!   4:   "build": { "source": { "qemu.x": { "name": "named", "memory": 1024, "cpsu": 2 } } }
!                                                                            ^^^^^^
! An argument named "cpsu" is not expected here. Did you mean "cpus"?
!
? 4

$ imgfac fmt no/such/place
! Error: There is no file or directory 'no/such/place'
!
? 6

