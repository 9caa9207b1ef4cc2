# SPDX-License-Identifier: Apache-2.0
# Every class of bad input gets one clear error with file, line and caret.
$ imgfac validate nonexistent.pkr.hcl
! Error: Cannot read the template 'nonexistent.pkr.hcl'
!
! because: cannot open 'nonexistent.pkr.hcl': No such file or directory
!
? 4

$ mkdir empty; imgfac validate empty
! Error: Could not find any template in empty
!
! A template is one or more files named *.pkr.hcl, *.imgfac.hcl or *.pkr.json.
!
? 4

$ cat >syntax.pkr.hcl <<'END'
> variable "a" {
>   default = [1, 2
> }
> END
$ imgfac validate syntax.pkr.hcl
! Error: Missing item separator
!
!   on syntax.pkr.hcl line 3, in variable "a":
!   3: }
!      ^
! A comma must stand between two elements of a list, also at the end of a line.
!
? 4

$ imgfac validate -syntax-only syntax.pkr.hcl
! Error: Missing item separator
!
!   on syntax.pkr.hcl line 3, in variable "a":
!   3: }
!      ^
! A comma must stand between two elements of a list, also at the end of a line.
!
? 4

$ cat >vars.pkr.hcl <<'END'
> variable "size" {
>   type        = number
>   description = "of the disk"
>   validation {
>     condition     = var.size > 3
>     error_message = "The size must be above 3."
>   }
> }
> variable "pass" {
>   type      = number
>   sensitive = true
>   default   = 1
> }
> locals {
>   a = local.b
>   b = local.a
> }
> END
$ imgfac validate -syntax-only vars.pkr.hcl
| Syntax-only check passed. Everything looks okay.

$ imgfac validate vars.pkr.hcl
! Error: Unset variable "size"
!
!   on vars.pkr.hcl line 1, in variable "size":
!   1: variable "size" {
!      ^^^^^^^^^^^^^^^
! A variable must be set or have a default value. Set it with -var 'size=VALUE',
! in a file given with -var-file, or with the environment variable PKR_VAR_size.
!
? 4

$ imgfac validate -var size=2 vars.pkr.hcl
! Error: Invalid value for cmd variable
!
!   on <value for var.size from arguments> line 1:
!   1: 2
!      ^
!     var.size is 2
! The size must be above 3.
!
! This was checked by the validation rule at vars.pkr.hcl:5,21-33.
!
? 4

$ imgfac validate -var size=abc vars.pkr.hcl
! Error: Invalid value for variable
!
!   on <value for var.size from arguments> line 1:
!   1: abc
!      ^^^
! The value for "size" does not fit its type number: a number is required.
!
? 4

$ imgfac validate -var siz=4 -var size=4 vars.pkr.hcl
! Error: Undefined -var variable
!
! "siz" was given with -var, but the template declares no variable of that name.
! Did you mean "size"?
!
? 4

$ PKR_VAR_size=2 imgfac validate vars.pkr.hcl
! Error: Invalid value for env variable
!
!   on <value for var.size from env> line 1:
!   1: 2
!      ^
!     var.size is 2
! The size must be above 3.
!
! This was checked by the validation rule at vars.pkr.hcl:5,21-33.
!
? 4

$ imgfac validate -var size=4 -var-file nonexistent.hcl vars.pkr.hcl
! Error: Cannot read the variable file 'nonexistent.hcl'
!
! because: cannot open 'nonexistent.hcl': No such file or directory
!
? 4

$ imgfac validate -var size=4 -var-file x.txt vars.pkr.hcl
! Error: Could not guess format of x.txt
!
! A file with values of variables must be named *.hcl or *.json.
!
? 4

# A secret does not get into a message about it.
$ imgfac validate -var size=4 -var pass=hunter2-hunter2 vars.pkr.hcl
! Error: Invalid value for variable
!
!   on <value for var.pass from arguments> line 1:
!   1: <sensitive>
!      ^^^^^^^^^^^^^^^
! The value for "pass" does not fit its type number: a number is required.
!
? 4

$ imgfac validate -var size=4 vars.pkr.hcl
! Error: Cycle in local definitions
!
!   on vars.pkr.hcl line 16, in locals:
!   16:   b = local.a
!                  ^^
! The value of local.a depends on itself: local.a -> local.b -> local.a.
!
? 4

$ imgfac validate -json -var size=4 vars.pkr.hcl
| {"format_version":"1.0","valid":false,"error_count":1,"warning_count":0,"diagnostics":[{"severity":"error","summary":"Cycle in local definitions","detail":"The value of local.a depends on itself: local.a -> local.b -> local.a.","range":{"filename":"vars.pkr.hcl","start":{"line":16,"column":12,"byte":283},"end":{"line":16,"column":14,"byte":285}},"snippet":{"context":"locals","code":"  b = local.a","start_line":16,"highlight_start_offset":11,"highlight_end_offset":13,"values":[]}}]}
? 4

# The values of the variables of a wrong expression are shown; secrets and what is not known yet are not.
$ cat >values.pkr.hcl <<'END'
> variable "text" {
>   default = "abc"
> }
> variable "count" {
>   default = 70
> }
> variable "list" {
>   default = ["a", "b"]
> }
> variable "pw" {
>   default   = "hunter2-hunter2"
>   sensitive = true
> }
> data "http" "page" {
>   url = "http://127.0.0.1:1/"
> }
> source "null" "x" {
>   communicator = "ssh"
>   ssh_host     = "h"
>   ssh_username = var.list
>   ssh_password = var.list
>   ssh_port     = var.text
>   ssh_timeout  = var.pw
> }
> build {
>   sources = ["source.null.x"]
>   provisioner "shell-local" {
>     inline       = [data.http.page.body.none]
>     max_retries  = 60 - var.count
>     pause_before = "-${var.count}s"
>   }
> }
> END
$ imgfac validate values.pkr.hcl
! Error: Incorrect attribute value type
!
!   on values.pkr.hcl line 20, in source "null" "x":
!   20:   ssh_username = var.list
!                        ^^^^^^^^
!     var.list is tuple with 2 elements
! Inappropriate value for attribute "ssh_username": string required.
!
! Error: Incorrect attribute value type
!
!   on values.pkr.hcl line 21, in source "null" "x":
!   21:   ssh_password = var.list
!                        ^^^^^^^^
! Inappropriate value for attribute "ssh_password": string required.
!
! Error: Incorrect attribute value type
!
!   on values.pkr.hcl line 22, in source "null" "x":
!   22:   ssh_port     = var.text
!                        ^^^^^^^^
!     var.text is "abc"
! Inappropriate value for attribute "ssh_port": a number is required.
!
! Error: Invalid value
!
!   on values.pkr.hcl line 23, in source "null" "x":
!   23:   ssh_timeout  = var.pw
!                        ^^^^^^
!     var.pw has a sensitive value
! Inappropriate value for "ssh_timeout": "<sensitive>" is not a duration such
! as "30s", "5m" or "1h30m".
!
! Error: Unsupported attribute
!
!   on values.pkr.hcl line 28, in build:
!   28:     inline       = [data.http.page.body.none]
!                                              ^^^^^
!     data.http.page.body is a string, known only when the build runs
! Can't access attributes on a primitive-typed value (string).
!
! Error: Value out of range
!
!   on values.pkr.hcl line 29, in build:
!   29:     max_retries  = 60 - var.count
!                          ^^^^^^^^^^^^^^
!     var.count is 70
! "max_retries" must be at least 0.
!
! Error: Value out of range
!
!   on values.pkr.hcl line 30, in build:
!   30:     pause_before = "-${var.count}s"
!                          ^^^^^^^^^^^^^^^^
!     var.count is 70
! "pause_before" must be at least 0s.
!
? 4
$ imgfac validate -json values.pkr.hcl | grep -o '"values":[^]]*\]'
| "values":[{"traversal":"var.list","statement":"is tuple with 2 elements"}]
| "values":[]
| "values":[{"traversal":"var.text","statement":"is \"abc\""}]
| "values":[{"traversal":"var.pw","statement":"has a sensitive value"}]
| "values":[{"traversal":"data.http.page.body","statement":"is a string, known only when the build runs"}]
| "values":[{"traversal":"var.count","statement":"is 70"}]
| "values":[{"traversal":"var.count","statement":"is 70"}]

# Files of the host that are not there, and numbers no guest can have, by the place they stand at.
$ cat >limits.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url          = "a.iso"
>   iso_checksum     = "none"
>   ssh_username     = "u"
>   sockets          = 600
>   memory           = 99999999999
>   shutdown_timeout = "-1s"
>   disk_size        = "10b"
> }
> source "qemu" "y" {
>   iso_url        = "a.iso"
>   iso_checksum   = "none"
>   ssh_username   = "u"
>   http_directory = "none"
>   floppy_files   = ["limits.pkr.hcl", "none", "a*.none"]
>   cd_files       = ["limits.pkr.hcl", "none"]
> }
> build {
>   sources = ["source.qemu.x", "source.qemu.y"]
>   provisioner "sleep" {
>     duration = "-5s"
>   }
> }
> END
$ imgfac validate limits.pkr.hcl 2>&1 | grep -e '^[EW]' -e '^  [0-9]' -e '^ *^' -e '^"'
| Error: Value out of range
|   5:   sockets          = 600
|                           ^^^
| "sockets" must be at most 512.
| Error: Value out of range
|   6:   memory           = 99999999999
|                           ^^^^^^^^^^^
| "memory" must be at most 16777216.
| Error: Value out of range
|   7:   shutdown_timeout = "-1s"
|                           ^^^^^
| "shutdown_timeout" must be at least 0s.
| Error: Value out of range
|   8:   disk_size        = "10b"
|                           ^^^^^
| "disk_size" must be at least 1M.
| Warning: Bad HTTP directory
|   14:   http_directory = "none"
|                          ^^^^^^
| "none": No such file or directory. A build fails when it is not there.
| Error: Bad Floppy disk file
|   15:   floppy_files   = ["limits.pkr.hcl", "none", "a*.none"]
|                                             ^^^^^^
| "none": No such file or directory.
| Error: Bad CD disk file
|   16:   cd_files       = ["limits.pkr.hcl", "none"]
|                                             ^^^^^^
| "none": No such file or directory.
| Error: Value out of range
|   21:     duration = "-5s"
|                      ^^^^^
| "duration" must be at least 0s.

# Several files are one template; both places of a duplicate are named.
$ mkdir two; echo 'variable "a" { default = 1 }' >two/a.pkr.hcl
$ echo 'variable "a" { default = 2 }' >two/b.pkr.hcl; imgfac validate two
! Error: Duplicate variable
!
!   on two/b.pkr.hcl line 1, in variable "a":
!   1: variable "a" { default = 2 }
!      ^^^^^^^^^^^^
! The variable "a" is declared at two/a.pkr.hcl:1,1-13 already.
!
? 4

# A value file for a variable that is declared nowhere: warned about, not refused.
$ mkdir auto; echo 'variable "a" { default = 1 }' >auto/a.pkr.hcl
$ echo 'aa = 2' >auto/x.auto.pkrvars.hcl; imgfac validate auto
| The configuration is valid.
! Warning: Undefined variable
!
!   on auto/x.auto.pkrvars.hcl line 1:
!   1: aa = 2
!      ^^
! The variable "aa" is set here but declared nowhere.
!

$ imgfac validate -no-warn-undeclared-var auto
| The configuration is valid.

# An image or an archive by mistake: one error.
$ printf '\0\1\2\377\0\n"\0' >image.pkr.hcl; imgfac validate image.pkr.hcl
! Error: Not a text file
!
!   on image.pkr.hcl line 1:
!   1: �����
!      ^
! This byte and others of the file have no place in a text: it is binary data, or
! a text in another encoding. Give a file of text in UTF-8.
!
? 4
$ imgfac fmt -check image.pkr.hcl
! Error: Not a text file
!
!   on image.pkr.hcl line 1:
!   1: �����
!      ^
! This byte and others of the file have no place in a text: it is binary data, or
! a text in another encoding. Give a file of text in UTF-8.
!
? 4

# "sources." before a reference is in use in public templates.
$ printf 'source "qemu" "a" {\n  iso_url = "a.iso"\n  iso_checksum = "none"\n  communicator = "none"\n}\n' >ref.pkr.hcl
$ printf 'build {\n  sources = ["sources.qemu.a"]\n}\n' >>ref.pkr.hcl; imgfac validate ref.pkr.hcl
| The configuration is valid.

# A number that no option can hold.
$ printf 'source "qemu" "a" {\n  iso_url = "a.iso"\n  iso_checksum = "none"\n  memory = 99999999999999999999\n}\nbuild {\n  sources = ["qemu.a"]\n}\n' >big.pkr.hcl; imgfac validate big.pkr.hcl
! Error: Incorrect attribute value type
!
!   on big.pkr.hcl line 4, in source "qemu" "a":
!   4:   memory = 99999999999999999999
!                 ^^^^^^^^^^^^^^^^^^^^
! Inappropriate value for attribute "memory": a whole number of at most 18 digits
! is required.
!
? 4

# A base image has one file system so far; another is refused with what there is.
$ printf 'source "debootstrap" "b" {\n  filesystem = "xfs"\n}\nbuild {\n  sources = ["source.debootstrap.b"]\n}\n' >fs.pkr.hcl; imgfac validate fs.pkr.hcl
! Error: Invalid value
!
!   on fs.pkr.hcl line 2, in source "debootstrap" "b":
!   2:   filesystem = "xfs"
!                     ^^^^^
! Inappropriate value for "filesystem": "xfs" is not one of "ext4".
!
? 4
