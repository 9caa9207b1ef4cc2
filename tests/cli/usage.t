# SPDX-License-Identifier: Apache-2.0
# No command, an unknown one, one nearly right.
$ imgfac | head -3
| Usage: imgfac [flags] COMMAND [flags] [arguments]
|
| Makes golden VM images from templates and keeps them in a catalog.

$ imgfac verison
! Error: Unknown command 'imgfac verison'
!
! Did you mean 'imgfac version'?
!
? 2

$ imgfac nonsense
! Error: Unknown command 'imgfac nonsense'
!
! `imgfac -help` lists the commands.
!
? 2

$ imgfac help nonsense
! Error: Unknown command 'imgfac nonsense'
!
! `imgfac -help` lists the commands.
!
? 2

# The version flag wins over everything else.
$ imgfac -version build
| imgfac 0.1.0 (templates of Packer 1.16.0)

$ imgfac version
| imgfac 0.1.0 (templates of Packer 1.16.0)

$ imgfac -machine-readable version
| [UNIX],,version,0.1.0
| [UNIX],,version-prelease,
| [UNIX],,version-commit,
| [UNIX],,ui,say,imgfac 0.1.0

$ imgfac version -machine-readable
| [UNIX],,version,0.1.0
| [UNIX],,version-prelease,
| [UNIX],,version-commit,
| [UNIX],,ui,say,imgfac 0.1.0

# Help of a command is made from its tables.
$ imgfac validate -h
| Usage: imgfac validate [flags] TEMPLATE
|
| Check that a template is valid.
|
| TEMPLATE is a directory with *.pkr.hcl, *.imgfac.hcl and *.pkr.json files, or
| one such file. Everything is read and checked as for a build, but nothing is
| started.
|
| Flags:
|   -syntax-only            Only parse the template.
|   -no-warn-undeclared-var
|                           Say nothing about values of var files that no variable
|                           is declared for.
|   -evaluate-datasources   Run data sources; otherwise their values count as not
|                           yet known.
|   -json                   Print the diagnostics as one JSON object.
|   -var=NAME=VALUE         Set an input variable; the last one for a name wins.
|                           May be given several times.
|   -var-file=PATH          Read variables from a .pkrvars.hcl or .json file. May
|                           be given several times; later files win.
|   -only=GLOB,...          Only the builds whose name matches one of these
|                           patterns.
|   -except=GLOB,...        All builds but those whose name matches one of these
|                           patterns.
|   -config-type=TYPE       Accepted for Packer's sake: templates are told apart
|                           by their file name.
|   -use-sequential-evaluation
|                           Accepted for Packer's sake: data sources and locals
|                           are evaluated in the order of their dependencies.
|   -skip-enforcement       Accepted for Packer's sake: there are no blocks
|                           enforced from outside.
|   -ignore-prerelease-plugins
|                           Accepted for Packer's sake: builders are built in.
|   -config=PATH            Configuration of the site; see config.example.hcl.
|   -help, -h               Print this help.

$ imgfac help version
| Usage: imgfac version [flags]
|
| Print the version.
|
| Flags:
|   -config=PATH            Configuration of the site; see config.example.hcl.
|   -help, -h               Print this help.

$ imgfac catalog | head -3
| Usage: imgfac catalog COMMAND [flags] [arguments]
|
| List, show, import, export, verify and remove images.

$ imgfac catalog lst
! Error: Unknown command 'imgfac catalog lst'
!
! Did you mean 'imgfac catalog list'?
!
? 2

# Flags come before arguments; a wrong one is named.
$ imgfac validate
! Error: 'imgfac validate' needs an argument
!
! Usage: imgfac validate [flags] TEMPLATE. Flags come before arguments.
!
? 2

$ imgfac validate a -var x=1
! Error: Too many arguments for 'imgfac validate'
!
! Usage: imgfac validate [flags] TEMPLATE. Flags come before arguments.
!
? 2

$ imgfac validate -synax-only x
! Error: Unknown flag '-synax-only'
!
! Did you mean '-syntax-only'?
!
? 2

$ imgfac validate -var
! Error: Flag '-var' needs a value
!
! `imgfac validate -help` lists the flags.
!
? 2

$ imgfac -config /nonexistent catalog list
! Error: Cannot read the configuration '/nonexistent'
!
! because: cannot open '/nonexistent': No such file or directory
!
? 4

$ imgfac completion -words -- catalog li | grep -x list
| list

$ imgfac completion tcsh
! Error: The name of a shell is missing or not known
!
! One of bash, zsh, fish.
!
? 2

# Output that cannot be written is no success; a closed one harms nothing.
$ imgfac docs >/dev/full
! Error: Cannot write the output: No space left on device
? 1
$ imgfac docs exit-codes >&-
$ imgfac docs exit-codes <&- >&-
$ imgfac docs exit-codes <&- >&- 2>&-
$ imgfac docs exit-codes 2>&1 >&- | cat
$ imgfac docs | head -1
| Builders

# What is wrong with the configuration or the store is said once.
$ printf 'store {\n  pth = "x"\n}\n' >wrong.hcl
$ printf 'store {\n  path = "/proc/nowhere/store"\n}\n' >lost.hcl
$ printf 'store {\n  path = "store"\n}\n' >right.hcl
$ printf 'source "qemu" "a" {\n  iso_url = "a.iso"\n  iso_checksum = "none"\n  communicator = "none"\n}\n' >a.pkr.hcl
$ printf 'build {\n  sources = ["qemu.a"]\n}\n' >>a.pkr.hcl
$ imgfac build -config wrong.hcl a.pkr.hcl
! Error: Unsupported argument
!
!   on wrong.hcl line 2, in store:
!   2:   pth = "x"
!        ^^^
! An argument named "pth" is not expected here. Did you mean "path"?
!
? 4
$ imgfac catalog list -config wrong.hcl
! Error: Unsupported argument
!
!   on wrong.hcl line 2, in store:
!   2:   pth = "x"
!        ^^^
! An argument named "pth" is not expected here. Did you mean "path"?
!
? 4
$ imgfac build -config lost.hcl a.pkr.hcl
! Error: Cannot make the store '/proc/nowhere/store'
!
! because: cannot make the directory '/proc/nowhere': No such file or directory
! Set `store { path = ... }` in the configuration to a directory you may write.
!
? 5
$ imgfac catalog list -config lost.hcl
! There is no store in /proc/nowhere/store yet.
!
! Make a first image:
!     imgfac build examples/base       a Debian base out of a mirror
!     imgfac catalog import NAME FILE  an image that you have
$ mkdir -p store; yes garbage | head -c 8192 >store/catalog.db; imgfac catalog list -config right.hcl
! Error: Cannot set up the connection in catalog '[TMP]/store/catalog.db': file is not a database
!
! Restore the file from a backup; the images themselves are in the store.
!
? 7
$ yes garbage | head -c 8192 | cmp - store/catalog.db && imgfac build -config right.hcl a.pkr.hcl
! Error: Cannot set up the connection in catalog '[TMP]/store/catalog.db': file is not a database
!
! Restore the file from a backup; the images themselves are in the store.
!
? 7
