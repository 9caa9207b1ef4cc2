# Input that is no template, or far too much of one: one clear error each, soon, in bounded memory.
$ cat >ok.pkr.hcl <<'END'
> variable "a" {
>   type    = any
>   default = 1
> }
> END

# Ten million brackets, then as many as a file may have.
$ { printf 'locals {\n a = '; head -c 10000000 /dev/zero | tr '\0' '['; } >x.pkr.hcl; imgfac validate x.pkr.hcl
! Error: Cannot read the template 'x.pkr.hcl'
!
! because: 'x.pkr.hcl' is larger than 4194304 bytes
!
? 4

$ { printf 'locals {\n a = '; head -c 3000000 /dev/zero | tr '\0' '['; } >x.pkr.hcl; [ -n "$ASAN_OPTIONS" ] || ulimit -v 1000000; imgfac validate x.pkr.hcl; rm x.pkr.hcl
! Error: Nesting is too deep
!
!   on x.pkr.hcl line 2, in locals:
!   2: ...[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
!                                                              ^
! More than 1000 levels of brackets and blocks cannot be read. Split the
! expression into several locals.
!

# Nesting in every construct, native and JSON: the same error, and no other.
$ say() { imgfac validate "$@" 2>&1 | grep -E '^Error|^ *on ' | cut -c1-60; }; deep() { for i in 1 2 3 4 5 6 7 8 9 10 11 12; do s=${s:-$1}$s; done; printf 'locals {\n a = %s\n}\n' "$s" >d.pkr.hcl; s=; say d.pkr.hcl; }
> for p in '(' '{a=' '[for x in ' 'upper(' '"${' '!' '-' 'true ? 1 : ' 'x[' '[for x in y : ' '<<A
> ${'; do deep "$p"; done
> { printf 'locals {\n a = "'; for i in $(seq 5000); do printf '%%{if true}'; done; printf '"\n}\n'; } >d.pkr.hcl; say d.pkr.hcl
> { for i in $(seq 5000); do printf 'b {\n'; done; } >d.pkr.hcl; say d.pkr.hcl
> { for i in $(seq 5000); do printf '{"a":'; done; } >d.pkr.json; say d.pkr.json
> { printf '{"locals":{"a":"'; for i in $(seq 5000); do printf '${'; done; printf '"}}'; } >d.pkr.json; say d.pkr.json
> { printf 'a = '; for i in $(seq 5000); do printf '['; done; } >d.pkrvars.hcl; say -var-file=d.pkrvars.hcl ok.pkr.hcl
> { printf '{"a":'; for i in $(seq 5000); do printf '['; done; } >d.pkrvars.json; say -var-file=d.pkrvars.json ok.pkr.hcl; rm d.*
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Invalid multi-line string
|   on d.pkr.hcl line 3, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 502, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 2, in locals:
| Error: Nesting is too deep
|   on d.pkr.hcl line 1001, in b:
| Error: Invalid JSON
|   on d.pkr.json line 1:
| Error: Not a text file
|   on d.pkr.json line 1:
| Error: Nesting is too deep
|   on d.pkrvars.hcl line 1:
| Error: Invalid JSON
|   on d.pkrvars.json line 1:

# A chain of locals that would need a deep stack.
$ { echo 'locals {'; seq 0 20000 | awk '{ print "  l" $1 " = local.l" $1 + 1 }'; echo '  l20001 = 1'; echo '}'; } >chain.pkr.hcl; imgfac validate chain.pkr.hcl; rm chain.pkr.hcl
! Error: Locals depend on one another too deeply
!
!   on chain.pkr.hcl line 1002, in locals:
!   1002:   l1000 = local.l1001
!           ^^^^^
! The value of local.l1000 is needed by a chain of more than 1000 locals, each of
! which needs the next.
!

# Files that are no text.
$ head -c 3000000 /dev/zero >zero.pkr.hcl; imgfac validate zero.pkr.hcl 2>&1 | tr -d '\0' | sed 's/1: .*/1: .../'; rm zero.pkr.hcl
| Error: Not a text file
|
|   on zero.pkr.hcl line 1:
|   1: ...
|      ^
| This byte and others of the file have no place in a text: it is binary data, or
| a text in another encoding. Give a file of text in UTF-8.
|

$ head -c 20000 /dev/zero | tr '\0' '\201' >bytes.pkr.hcl; imgfac validate bytes.pkr.hcl 2>&1 | grep -E '^Error|^ *on '; rm bytes.pkr.hcl
| Error: Not a text file
|   on bytes.pkr.hcl line 1:

$ printf 'locals {\n  a = "gr\366\337e"\n}\n' >latin1.pkr.hcl; imgfac validate latin1.pkr.hcl 2>&1 | grep -E '^Error|^ *on |UTF'; rm latin1.pkr.hcl
| Error: Invalid character encoding
|   on latin1.pkr.hcl line 2, in locals:
| The byte 0xF6 here is not valid UTF-8. Save the file in UTF-8 encoding.
| Error: Unterminated template string
|   on latin1.pkr.hcl line 2, in locals:

$ printf '\377\376s\0o\0u\0r\0c\0e\0 \0"\0a\0"\0\n\0' >utf16.pkr.hcl; imgfac validate utf16.pkr.hcl 2>&1 | grep 'UTF-16'; rm utf16.pkr.hcl
| The byte 0xFF here is not valid UTF-8: the file is in UTF-16. Save the file in

# Numbers.
$ printf 'locals {\n  a = 1e999999999\n}\n' >exp.pkr.hcl; imgfac validate exp.pkr.hcl; rm exp.pkr.hcl
! Error: Number literal is too large
!
!   on exp.pkr.hcl line 2, in locals:
!   2:   a = 1e999999999
!            ^^^^^^^^^^^
! Numbers may have 4096 characters and exponents up to 100000.
!

# Variable files.
$ printf 'a = 1\nb {\n}\n' >b.pkrvars.hcl; imgfac validate -var-file=b.pkrvars.hcl ok.pkr.hcl
! Error: Unexpected block
!
!   on b.pkrvars.hcl line 2, in b:
!   2: b {
!      ^
! A file with values of variables has only arguments: NAME = VALUE.
!
? 4

$ printf 'a = upper("x")\n' >c.pkrvars.hcl; imgfac validate -var-file=c.pkrvars.hcl ok.pkr.hcl
! Error: Function calls not allowed
!
!   on c.pkrvars.hcl line 1:
!   1: a = upper("x")
!          ^^^^^^^^^^
! Functions may not be called here.
!
? 4

$ printf '[1]' >l.pkrvars.json; imgfac validate -var-file=l.pkrvars.json ok.pkr.hcl
! Error: Incorrect JSON value type
!
!   on l.pkrvars.json line 1:
!   1: [1]
!       ^
! A JSON object must be here, for arguments and blocks.
!
? 4

$ mkdir v.pkrvars.hcl; imgfac validate -var-file=v.pkrvars.hcl ok.pkr.hcl
! Error: Cannot read the variable file 'v.pkrvars.hcl'
!
! because: cannot read 'v.pkrvars.hcl': Is a directory
!
? 4

$ head -c 5000 /dev/zero >z.pkrvars.hcl; imgfac validate -var-file=z.pkrvars.hcl ok.pkr.hcl 2>&1 | grep -E '^Error|^ *on '
| Error: Not a text file
|   on z.pkrvars.hcl line 1:

$ imgfac validate -var-file=none.pkrvars.hcl ok.pkr.hcl
! Error: Cannot read the variable file 'none.pkrvars.hcl'
!
! because: cannot open 'none.pkrvars.hcl': No such file or directory
!
? 4

# templatefile() that calls itself, over another file.
$ mkdir cycle; printf 'locals { a = templatefile("a.tmpl", {}) }\n' >cycle/x.pkr.hcl; echo '${templatefile("b.tmpl", {})}' >cycle/a.tmpl; echo '${templatefile("a.tmpl", {})}' >cycle/b.tmpl; imgfac validate cycle
! Error: Error in function call
!
!   on cycle/a.tmpl line 1:
!   1: ${templatefile("b.tmpl", {})}
!        ^^^^^^^^^^^^^
! Call to function "templatefile" failed: cannot recursively call templatefile
! from inside templatefile call.
!
? 4

# The same name in two files: both places.
$ mkdir dup; for f in a b; do printf 'variable "x" {\n  default = 1\n}\nlocals {\n  l = 1\n}\nsource "null" "n" {\n  communicator = "none"\n}\n' >dup/$f.pkr.hcl; done; imgfac validate dup
! Error: Duplicate variable
!
!   on dup/b.pkr.hcl line 1, in variable "x":
!   1: variable "x" {
!      ^^^^^^^^^^^^
! The variable "x" is declared at dup/a.pkr.hcl:1,1-13 already.
!
? 4
