# SPDX-License-Identifier: Apache-2.0
# A configuration or store that cannot be used is told once, whatever the command needs of it.
$ printf 'stor {\n}\n' >wrong.hcl; printf 'store { path = "file/store" }\n' >file.hcl; : >file
$ mkdir t && printf 'source "qemu" "x" { base = "a@latest" }\nbuild { sources = ["source.qemu.x"] }\n' >t/t.pkr.hcl
$ imgfac -config=wrong.hcl build t
! Error: Unsupported block type
!
!   on wrong.hcl line 1, in stor:
!   1: stor {
!      ^^^^
! Blocks of type "stor" are not expected here. Did you mean "store"?
!
? 4
$ imgfac -config=wrong.hcl catalog list
! Error: Unsupported block type
!
!   on wrong.hcl line 1, in stor:
!   1: stor {
!      ^^^^
! Blocks of type "stor" are not expected here. Did you mean "store"?
!
? 4
$ imgfac -config=file.hcl build t
! Error: Cannot make the store 'file/store'
!
! because: cannot make the directory 'file': File exists
! Set `store { path = ... }` in the configuration to a directory you may write.
!
? 5
$ imgfac -config=file.hcl catalog list
! Error: Cannot read catalog '[TMP]/file/store/catalog.db': Not a directory
!
? 5
