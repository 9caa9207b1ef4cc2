# A directory: only templates and variable files, by name, not below.
$ mkdir -p d/sub; printf 'a=1\nbb=2 # x\n' >d/b.pkr.hcl; printf 'c = 1\n' >d/a.pkrvars.hcl; printf 'x=1\n' >d/other.hcl
$ printf 'e=1\n' | tee d/sub/e.imgfac.hcl d/.hidden.pkr.hcl d/copy.pkr.hcl~ >/dev/null; chmod 0640 d/b.pkr.hcl
$ imgfac fmt -check d
| d/b.pkr.hcl
? 3

$ imgfac fmt -write=false -diff d
| d/b.pkr.hcl
| --- old/d/b.pkr.hcl
| +++ new/d/b.pkr.hcl
| @@ -1,2 +1,2 @@
| -a=1
| -bb=2 # x
| +a  = 1
| +bb = 2 # x

$ imgfac fmt d
| d/b.pkr.hcl

$ imgfac fmt d; imgfac fmt -check d; cat d/b.pkr.hcl d/other.hcl d/.hidden.pkr.hcl; stat -c %a d/b.pkr.hcl
| a  = 1
| bb = 2 # x
| x=1
| e=1
| 640

$ imgfac fmt -recursive d; cat d/sub/e.imgfac.hcl
| d/sub/e.imgfac.hcl
| e = 1

# A file that does not parse is left alone, the others are done.
$ printf 'a = [1 2]\n' >d/bad.pkr.hcl; printf 'z=1\n' >d/z.pkr.hcl; imgfac fmt d
| d/z.pkr.hcl
! Error: Missing item separator
!
!   on d/bad.pkr.hcl line 1:
!   1: a = [1 2]
!             ^
! A comma must stand between two elements of a list, also at the end of a line.
!
? 4

$ cat d/bad.pkr.hcl d/z.pkr.hcl
| a = [1 2]
| z = 1

# Other files by name.
$ imgfac fmt d/other.hcl; cat d/other.hcl
| d/other.hcl
| x = 1

$ printf '{}' >x.json; imgfac fmt x.json
! Error: 'x.json' is not an HCL file
!
! Only files whose name ends in .hcl have a layout to bring in order.
!
? 2

$ imgfac fmt missing.pkr.hcl
! Error: There is no file or directory 'missing.pkr.hcl'
!
? 6

$ imgfac fmt
! Error: 'imgfac fmt' needs an argument
!
! Usage: imgfac fmt [flags] PATH.... Flags come before arguments.
!
? 2

# A link stays a link.
$ printf 'a=1\n' >real.hcl; ln -s real.hcl link.pkr.hcl; imgfac fmt link.pkr.hcl; test -L link.pkr.hcl && cat real.hcl
| link.pkr.hcl
| a = 1

# Standard input.
$ printf 'a=1\nbbb=2' | imgfac fmt -
| a   = 1
| bbb = 2
|\

$ printf 'a=1\n' | imgfac fmt -check -
? 3

$ printf 'a = 1\n' | imgfac fmt -check -
| a = 1

$ printf 'a = (\n' | imgfac fmt -
! Error: Missing expression
!
!   on <stdin> line 2:
!   2:
!      ^
! An expression must follow here, but this is the end.
!
? 4
