# SPDX-License-Identifier: Apache-2.0
# Manual pages: one for each command and page, without a warning of mandoc and groff.
@ needs mandoc groff
$ pages() { imgfac docs | sed -nE 's/^  ([a-z][a-z0-9-]*)( .*)?$/\1/p' | sort -u; imgfac completion -words -- ''; imgfac completion -words -- catalog '' | sed 's/^/catalog-/'; echo imgfac; echo templates; echo data-null; echo communicator-ssh; }; for p in $(pages); do imgfac docs -man $p >$p.man 2>/dev/null || continue; [ -s $p.man ] || continue; case $p in functions | exit-codes) continue ;; esac; mandoc -T lint -W warning $p.man | grep -v 'referenced manual not found'; groff -ww -mdoc -Tutf8 $p.man 2>&1 >/dev/null; done; ls *.man | wc -l >count; [ $(cat count) -gt 50 ] && echo enough
| enough

$ imgfac docs -man fmt
| .Dd $Mdocdate$
| .Dt IMGFAC-FMT 1
| .Os
| .Sh NAME
| .Nm imgfac-fmt
| .Nd Bring templates into the one layout
| .Sh SYNOPSIS
| .Nm imgfac fmt
| .Op Ar flags
| .Ar PATH...
| .Sh DESCRIPTION
| Bring templates into the one layout.
| .Pp
| A PATH is a file whose name ends in .hcl, or a directory, of which all
| files that end in .pkr.hcl, .pkrvars.hcl or .imgfac.hcl are taken; - is
| standard input, whose new form is printed.
| Only spaces change: two for each level, equals signs and comments in line.
| The names of changed files are printed.
| .Sh OPTIONS
| .Bl -tag -width Ds
| .It Fl check
| Write nothing; exit with status 3 when a file would change.
| .It Fl diff
| Print what changes, in the form of diff -u.
| .It Fl write
| Write changed files in place.
| .It Fl recursive
| Go into the directories below as well.
| .It Fl config Ns = Ns Ar PATH
| Configuration of the site; see config.example.hcl.
| .It Fl help
| Print this help.
| .El
| .Sh SEE ALSO
| .Xr imgfac 1 ,
| .Xr imgfac-templates 5

$ imgfac docs templates | head -30
| Files
|
| A template is a directory, of which all files named *.pkr.hcl, *.imgfac.hcl and
| *.pkr.json are read as one, or one such file. Files named *.json are templates
| of Packer's old format; `imgfac hcl2_upgrade` turns them into HCL.
|
| A file consists of blocks: a type, labels in quotes, and a body in braces with
| arguments (NAME = VALUE) and further blocks. Comments begin with # or //, or
| stand between /* and */.
|
|     source "qemu" "web" {
|       base   = "golden@latest"
|       memory = 1024 # megabytes
|     }
|
|     build {
|       sources = ["source.qemu.web"]
|
|       provisioner "shell" {
|         inline = ["apt-get update"]
|       }
|     }
|
| Variables
|
| A variable is declared once and used as var.NAME. Without a default it must be
| set. Values are looked for in this order, the last one wins: the default, the
| environment variable PKR_VAR_NAME, files *.auto.pkrvars.hcl and
| *.auto.pkrvars.json of the directory, -var-file, -var. The value of a sensitive
| variable is hidden in all output. A validation block refuses values with a

$ imgfac docs catalog-rm | head -3
| Usage: imgfac catalog rm [flags] VERSION...
|
| Remove versions and the bytes that nothing else needs.

$ mandoc -Tutf8 imgfac.man | col -b | grep -A2 hcl2_upgrade | head -3
|      hcl2_upgrade
| 	     Turn a template of Packer's old JSON format into HCL
|

