# SPDX-License-Identifier: Apache-2.0
# required_plugins and init: what is built in, what is installed, what is missing.
@ needs python3
$ cat >t.pkr.hcl <<'END'
> packer {
>   required_version = ">= 1.7.0"
>   required_plugins {
>     qemu = {
>       source  = "github.com/hashicorp/qemu"
>       version = "~> 1"
>     }
>     old = {
>       source  = "github.com/hashicorp/qemu"
>       version = "= 0.9.0"
>     }
>     vmware = {
>       source  = "github.com/hashicorp/vmware"
>       version = ">= 1.0.0"
>     }
>     note = {
>       source  = "example.org/acme/note"
>       version = ">= 1.0"
>     }
>   }
> }
> data "note-words" "w" { text = "a bc  d" }
> locals { count = data.note-words.w.count + 1 }
> source "null" "x" { communicator = "none" }
> build { sources = ["null.x"] }
> END
$ imgfac init t.pkr.hcl
| qemu (github.com/hashicorp/qemu ~> 1): built in (builder qemu)
| old (github.com/hashicorp/qemu = 0.9.0): built in (builder qemu); it follows version 1.1.4 of Packer's plugin
| vmware (github.com/hashicorp/vmware >= 1.0.0): not part of imgfac; leave the builds that need it out with -only or -except
| note (example.org/acme/note >= 1.0): MISSING: get imgfac-plugin-NAME and run `imgfac plugins install PATH`
? 6
$ IMGFAC_PLUGIN_PATH=p imgfac plugins installed 2>&1 | head -n 2
| No plugins in:
|     p
$ imgfac validate t.pkr.hcl
! Error: Missing plugin
!
!   on t.pkr.hcl line 16, in packer:
!   16:     note = {
!           ^^^^
! The template requires "note" from example.org/acme/note, which is neither built
! in nor installed. Get a plugin for imgfac of that name and run `imgfac plugins
! install PATH`; when no build needs it, remove the requirement. Packer's own
! plugin programs cannot be used.
!
? 4

# A file that merely lies there is not started.
$ mkdir p && cp $ROOT/examples/plugins/python/imgfac-plugin-note p
$ IMGFAC_PLUGIN_PATH=p imgfac validate t.pkr.hcl
! Error: Plugin not installed
!
!   on t.pkr.hcl line 16, in packer:
!   16:     note = {
!           ^^^^
! 'p/imgfac-plugin-note' is not installed: run `imgfac plugins install
! p/imgfac-plugin-note`.
!
? 4
$ IMGFAC_PLUGIN_PATH=p imgfac plugins installed
| NAME  VERSION  STATE          OFFERS  PATH
| note           not installed          p/imgfac-plugin-note

# Installed: described, pinned, and like something built in.
$ IMGFAC_PLUGIN_PATH=p imgfac plugins install p/imgfac-plugin-note
| Installed plugin note 1.0.0 in p/imgfac-plugin-note: provisioner note, data source note-words
$ IMGFAC_PLUGIN_PATH=p imgfac plugins install p/imgfac-plugin-note
! Error: Plugin 'note' is installed in 'p' already
!
! -force installs it again.
!
? 1
$ IMGFAC_PLUGIN_PATH=p imgfac plugins install -force $ROOT/examples/plugins/python/imgfac-plugin-note
| Installed plugin note 1.0.0 in p/imgfac-plugin-note: provisioner note, data source note-words
$ IMGFAC_PLUGIN_PATH=p imgfac init t.pkr.hcl
| qemu (github.com/hashicorp/qemu ~> 1): built in (builder qemu)
| old (github.com/hashicorp/qemu = 0.9.0): built in (builder qemu); it follows version 1.1.4 of Packer's plugin
| vmware (github.com/hashicorp/vmware >= 1.0.0): not part of imgfac; leave the builds that need it out with -only or -except
| note (example.org/acme/note >= 1.0): installed, version 1.0.0 in p/imgfac-plugin-note (provisioner note, data source note-words)
$ IMGFAC_PLUGIN_PATH=p imgfac plugins required t.pkr.hcl
| qemu github.com/hashicorp/qemu "~> 1" built-in
| old github.com/hashicorp/qemu "= 0.9.0" built-in
| vmware github.com/hashicorp/vmware ">= 1.0.0"
| note example.org/acme/note ">= 1.0" p/imgfac-plugin-note
$ IMGFAC_PLUGIN_PATH=p imgfac validate t.pkr.hcl
| The configuration is valid.
$ echo local.count | IMGFAC_PLUGIN_PATH=p imgfac console t.pkr.hcl
| 4
$ IMGFAC_PLUGIN_PATH=p imgfac docs note-words
| data "note-words" "NAME" { }
|
|     Count the words of a text
|
|     It gives these attributes of data.note-words.NAME:
|
|     count (number): How many there are.
|
|     words (list of strings): The words.
|
| Options
|
|     text  (string)
|         The text. Required.

# Its options are checked by the rows, then by itself.
$ cat >wrong.pkr.hcl <<'END'
> data "note-words" "w" { txt = "a" }
> END
$ IMGFAC_PLUGIN_PATH=p imgfac validate wrong.pkr.hcl
! Error: Unsupported argument
!
!   on wrong.pkr.hcl line 1, in data "note-words" "w":
!   1: data "note-words" "w" { txt = "a" }
!                              ^^^
! An argument named "txt" is not expected here. Did you mean "text"?
!
! Error: Missing required argument
!
!   on wrong.pkr.hcl line 1, in data "note-words" "w":
!   1: data "note-words" "w" { txt = "a" }
!                              ^
! The argument "text" is required, but no definition was found.
!
? 4
$ cat >wrong.pkr.hcl <<'END'
> source "null" "x" {
>   ssh_host     = "127.0.0.1"
>   ssh_username = "x"
>   ssh_password = "pass-word-1"
> }
> build {
>   sources = ["null.x"]
>   provisioner "note" {
>     text  = "x"
>     style = "lout"
>   }
>   provisioner "note" {
>     text = "x"
>     path = "relative"
>   }
>   provisioner "note-words" {}
>   provisioner "notes" {}
> }
> END
$ IMGFAC_PLUGIN_PATH=p imgfac validate wrong.pkr.hcl
! Error: Invalid value
!
!   on wrong.pkr.hcl line 10, in build:
!   10:     style = "lout"
!                   ^^^^^^
! Inappropriate value for "style": "lout" is not one of "plain" or "loud". Did you
! mean "loud"?
!
! Error: Invalid options of provisioner "note"
!
!   on wrong.pkr.hcl line 14, in build:
!   14:     path = "relative"
!                  ^^^^^^^^^^
! The path must be absolute.
!
! Error: Provisioner not available
!
!   on wrong.pkr.hcl line 16, in build:
!   16:   provisioner "note-words" {}
!                     ^^^^^^^^^^^^
! Plugin 'note' has it as a data source.
!
! Error: Unknown provisioner type "notes"
!
!   on wrong.pkr.hcl line 17, in build:
!   17:   provisioner "notes" {}
!                     ^^^^^^^
! There is no such provisioner built in. Did you mean "note"? `imgfac docs` lists
! all.
!
? 4

# The shell sample.
$ IMGFAC_PLUGIN_PATH=p imgfac plugins install $ROOT/examples/plugins/shell/imgfac-plugin-packages
| Installed plugin packages 1.0.0 in p/imgfac-plugin-packages: provisioner packages
$ cat >shell.pkr.hcl <<'END'
> source "null" "x" {
>   ssh_host     = "127.0.0.1"
>   ssh_username = "x"
>   ssh_password = "pass-word-1"
> }
> build {
>   sources = ["null.x"]
>   provisioner "packages" { names = ["vim", "a;b"] }
> }
> END
$ IMGFAC_PLUGIN_PATH=p imgfac validate shell.pkr.hcl
! Error: Invalid options of provisioner "packages"
!
!   on shell.pkr.hcl line 8, in build:
!   8:   provisioner "packages" { names = ["vim", "a;b"] }
!                                         ^^^^^^^^^^^^^^
! A name has letters, digits and . + _ : = -
!
? 4
$ sed -i 's/;//' shell.pkr.hcl; IMGFAC_PLUGIN_PATH=p imgfac validate shell.pkr.hcl
| The configuration is valid.

# A changed plugin is not started.
$ echo '# changed' >>p/imgfac-plugin-note; IMGFAC_PLUGIN_PATH=p imgfac validate t.pkr.hcl 2>&1 | sed 's/[0-9a-f]\{64\}/[SHA256]/g; s/^pinned//' | head -n 5
| Error: Plugin 'note' is not the one that was installed
|
|   on t.pkr.hcl line 22, in data "note-words" "w":
|   22: data "note-words" "w" { text = "a bc  d" }
|                               ^
$ IMGFAC_PLUGIN_PATH=p imgfac plugins installed -format=csv
| name,version,state,offers,path
| note,1.0.0,changed,"provisioner note, data source note-words",p/imgfac-plugin-note
| packages,1.0.0,ok,provisioner packages,p/imgfac-plugin-packages
$ chmod o+w p/imgfac-plugin-packages; IMGFAC_PLUGIN_PATH=p imgfac validate shell.pkr.hcl
! Error: Cannot use plugin 'packages'
!
!   on shell.pkr.hcl line 8, in build:
!   8:   provisioner "packages" { names = ["vim", "ab"] }
!                                 ^
! because: '[TMP]/p/imgfac-plugin-packages' could have
! been written by others
! It must belong to you or root, and not be writable for all.
!
? 4
$ IMGFAC_PLUGIN_PATH=p imgfac plugins remove nots
! Error: There is no plugin 'nots'
!
! Did you mean 'note'?
!
? 6
$ IMGFAC_PLUGIN_PATH=p imgfac plugins remove note; ls p
| Removed p/imgfac-plugin-note
| imgfac-plugin-packages
| imgfac-plugin-packages.pin
$ IMGFAC_PLUGIN_PATH=p imgfac plugins install t.pkr.hcl
! Error: 't.pkr.hcl' is not named as a plugin
!
! The file of a plugin is called imgfac-plugin-NAME; a name has small letters,
! digits and hyphens.
!
? 2
$ printf '#!/bin/sh\necho garbage\n' >imgfac-plugin-bad; chmod +x imgfac-plugin-bad; IMGFAC_PLUGIN_PATH=p imgfac plugins install imgfac-plugin-bad; ls -A p
| imgfac-plugin-packages
| imgfac-plugin-packages.pin
! Error: Cannot install plugin 'bad'
!
! because: cannot ask plugin 'bad' what it is: plugin 'bad' wrote a line that
! cannot be read: it is not JSON (at byte 0)
!

# What is wrong in the block itself.
$ cat >b.pkr.hcl <<'END'
> packer {
>   required_plugins {
>     a = {
>       source  = "qemu"
>       version = ">= 1"
>     }
>     b = {
>       source  = "github.com/a/b"
>       version = ">= 1.0.0-beta1"
>     }
>     c = {
>       source  = "github.com/a/c"
>       version = "newest"
>     }
>   }
> }
> END
$ imgfac init b.pkr.hcl
! Error: Invalid plugin source
!
!   on b.pkr.hcl line 3, in packer:
!   3:     a = {
!              ^
!   4:       source  = "qemu"
!      ^^^^^^^^^^^^^^^^^^^^^^
!   5:       version = ">= 1"
!      ^^^^^^^^^^^^^^^^^^^^^^
!   6:     }
!      ^^^^^
! A source has a host, an owner and a name, such as "github.com/hashicorp/qemu".
!
! Error: Unsupported prerelease for constraint
!
!   on b.pkr.hcl line 7, in packer:
!    7:     b = {
!               ^
!    8:       source  = "github.com/a/b"
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!    9:       version = ">= 1.0.0-beta1"
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!   10:     }
!       ^^^^^
! ">= 1.0.0-beta1" asks for a prerelease, which is never installed.
!
! Error: Invalid version constraint
!
!   on b.pkr.hcl line 11, in packer:
!   11:     c = {
!               ^
!   12:       source  = "github.com/a/c"
!       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
!   13:       version = "newest"
!       ^^^^^^^^^^^^^^^^^^^^^^^^
!   14:     }
!       ^^^^^
! "newest" is not a version constraint such as ">= 1.0.0".
!
? 4

# Nothing is downloaded.
$ imgfac plugins install github.com/hashicorp/qemu '~> 1'
| github.com/hashicorp/qemu: built in (builder qemu)
$ imgfac plugins install github.com/acme/tool
! Error: 'github.com/acme/tool' cannot be downloaded
!
! imgfac downloads no plugins, and Packer's own cannot be used.  Give the file of
! a plugin for imgfac.
!
? 6
$ imgfac plugins install -dir q -path $ROOT/examples/plugins/shell/imgfac-plugin-packages github.com/acme/packages; ls q
| Installed plugin packages 1.0.0 in q/imgfac-plugin-packages: provisioner packages
| imgfac-plugin-packages
| imgfac-plugin-packages.pin

# Helpers that templates require for builds of other systems.
$ printf 'packer {\n  required_plugins {\n    windows-update = {\n      source  = "github.com/rgl/windows-update"\n      version = ">= 0.14.0"\n    }\n  }\n}\nsource "null" "x" { communicator = "none" }\nbuild { sources = ["null.x"] }\n' >w.pkr.hcl; imgfac init w.pkr.hcl; imgfac validate w.pkr.hcl
| windows-update (github.com/rgl/windows-update >= 0.14.0): not part of imgfac; leave the builds that need it out with -only or -except
| The configuration is valid.

# One that tells its secrets, and those it makes, in every way there is.
$ cat >imgfac-plugin-leak <<'END'
> #!/usr/bin/env python3
> import base64, json, sys
> def put(**m):
>     print(json.dumps(dict(jsonrpc="2.0", **m)), flush=True)
> for line in sys.stdin:
>     m = json.loads(line)
>     if "id" not in m or "method" not in m:
>         continue
>     option = [{"name": "token", "type": "string", "sensitive": True}]
>     if m["method"] == "describe":
>         put(id=m["id"], result={"protocol": 1, "name": "leak", "version": "1.0",
>             "provisioners": [{"options": option, "needs_communicator": False}],
>             "data_sources": [{"name": "d", "options": option, "outputs": [
>                 {"name": "plain", "type": "string"}, {"name": "made", "type": "string", "sensitive": True}]}]})
>         continue
>     t = m["params"]["config"]["token"]
>     forms = [t, base64.b64encode(t.encode()).decode(), "x" + t + "y"]
>     for text in forms:
>         print(text, file=sys.stderr, flush=True)
>         for method in "say", "warn", "output", "progress", "log":
>             put(method=method, params={"message": text, "stderr": True, "done": 1, "total": 2})
>     put(method="secret", params={"value": "made-canary-2"})
>     put(method="say", params={"message": "I made made-canary-2."})
>     put(method="\x1b[31m" + t, params={"message": t})
>     put(id=t, method=t, params={})
>     if m["method"] == "prepare":
>         put(id=m["id"], result={"warnings": [{"option": "token", "message": "weak: " + t}, "too \x1b[31m" + t]})
>     elif m["params"]["kind"] == "data_source":
>         put(id=m["id"], result={"plain": t, "made": "made-canary-1"})
>     else:
>         put(id=m["id"], error={"code": -32000, "message": "no: " + " ".join(forms), "data": {"hint": "Try " + t}})
> END
$ cat >s.pkr.hcl <<'END'
> source "null" "n" {
>   communicator = "none"
> }
> data "leak-d" "d" {
>   token = "canary-one"
> }
> build {
>   sources = ["null.n"]
>   provisioner "shell-local" {
>     inline = ["echo ${data.leak-d.d.plain} ${data.leak-d.d.made}"]
>   }
>   provisioner "leak" {
>     token = "canary-two"
>   }
> }
> END
$ chmod +x imgfac-plugin-leak; imgfac plugins install -dir leak imgfac-plugin-leak; printf 'store { path = "store" }\n' >config.hcl
| Installed plugin leak 1.0 in leak/imgfac-plugin-leak: provisioner leak, data source leak-d
$ IMGFAC_PLUGIN_PATH=leak IMGFAC_LOG=trace IMGFAC_LOG_PATH=log imgfac -config=config.hcl build -color=false s.pkr.hcl >out 2>&1; echo $?; grep -l sensitive log out; cat store/logs/*/events.log | grep -m1 -o 'Y.*sensitive>\|sensitive'; grep -rlE 'canary|Y2FuYXJ5' log out store; grep -rl "$(printf '\033')" log out store/logs
| 1
| log
| out
| sensitive
| sensitive
? 1

# No place of plugins: $PATH, and the current directory.
$ PATH=$PWD/leak:$PATH imgfac validate s.pkr.hcl 2>&1 | head -1; cd leak && imgfac validate ../s.pkr.hcl 2>&1 | head -1
| Error: Unknown data source type "leak-d"
| Error: Unknown data source type "leak-d"
$ mkdir bin && printf '#!/bin/sh\necho wrong >&2\n' >bin/imgfac-plugin-leak && chmod +x bin/imgfac-plugin-leak && PATH=$PWD/bin:$PATH imgfac plugins install -dir other imgfac-plugin-leak
| Installed plugin leak 1.0 in other/imgfac-plugin-leak: provisioner leak, data source leak-d
