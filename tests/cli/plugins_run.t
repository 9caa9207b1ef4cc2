# SPDX-License-Identifier: Apache-2.0
# Plugins at work, on a real SSH server.
@ needs python3 /usr/sbin/sshd
$ cat >x.sh <<'END'
> . "$ROOT/tests/lib/sshd.sh"
> start_sshd
> printf 'store {\n  path = "%s/store"\n}\n' "$PWD" >config.hcl
> export IMGFAC_CONFIG=config.hcl IMGFAC_PLUGIN_PATH=p
> { null_source one; null_source two; sed "s,DIR,$PWD," "$1"; } >t.pkr.hcl
> imgfac build -color=false t.pkr.hcl >out 2>&1
> status=$?
> grep -v -e '^==> Wait' -e '^Build ' -e SSH -e Logs -e Waiting -e '^$' -e '^==> Some' -e '^-->' -e '^==> [^:]* failed:' out | sort
> exit $status
> END
$ imgfac plugins install -dir p $ROOT/examples/plugins/python/imgfac-plugin-note >/dev/null; imgfac plugins install -dir p $ROOT/examples/plugins/shell/imgfac-plugin-packages >/dev/null

# Two builds at once; the token is in the file and nowhere else.
$ cat >good.hcl <<'END'
> variable "token" {
>   sensitive = true
>   default   = "can\"ary,$(id)`x`\\end"
> }
> build {
>   sources = ["null.one", "null.two"]
>   provisioner "note" {
>     text  = "{{ build_name }}"
>     path  = "DIR/note-${source.name}"
>     token = var.token
>   }
> }
> END
$ IMGFAC_LOG=trace IMGFAC_LOG_PATH=log bash x.sh good.hcl; cat note-one; grep -c 'note: run' log; grep -c ary,.*end log out t.pkr.hcl
|     null.one: 25 bytes
|     null.two: 25 bytes
| ==> Builds finished. The artifacts of successful builds are:
| ==> null.one: Leaving a note in [TMP]/note-one
| ==> null.two: Leaving a note in [TMP]/note-two
| one
| can"ary,$(id)`x`\end
| 2
| log:0
| out:0
| t.pkr.hcl:1

# What the shell sample runs, with a package manager of our own.
$ mkdir bin; printf '#!/bin/sh\necho "apt-get $*"\nexit $APT_STATUS\n' >bin/apt-get; chmod +x bin/apt-get
$ cat >shell.hcl <<'END'
> build {
>   sources = ["null.one"]
>   provisioner "packages" {
>     names   = ["vim", "g++"]
>     as_root = "env APT_STATUS=0 PATH=DIR/bin:/usr/bin:/bin"
>   }
>   provisioner "packages" {
>     names   = ["vim"]
>     as_root = "env APT_STATUS=100 PATH=DIR/bin:/usr/bin:/bin"
>     refresh = false
>   }
> }
> END
$ bash x.sh shell.hcl; grep -A9 ^Error out | grep -v Logs
|         ^^^^^^^^^^^^^^^^^^^^^^
|     null.one: apt-get install -q -y --no-install-recommends vim
|     null.one: apt-get install -q -y --no-install-recommends vim g++
|     null.one: apt-get update -q
|   21:   provisioner "packages" {
|   on t.pkr.hcl line 21, in build:
| 100
| ==> Builds finished but no artifacts were created.
| ==> null.one: Installing vim
| ==> null.one: Installing vim g++
| Error: Provisioner 'packages' failed
| because: cannot run provisioner 'packages': plugin 'packages': the package manager ended with status
| Error: Provisioner 'packages' failed
|
|   on t.pkr.hcl line 21, in build:
|   21:   provisioner "packages" {
|         ^^^^^^^^^^^^^^^^^^^^^^
| because: cannot run provisioner 'packages': plugin 'packages': the package manager ended with status
| 100
|
| ==> Builds finished but no artifacts were created.

# A plugin that dies at work, one that is silent, one that does not end.
$ cat >imgfac-plugin-bad <<'END'
> #!/usr/bin/env python3
> import json, os, sys, time
> name = sys.argv[0].split("-")[-1]
> for line in sys.stdin:
>     m = json.loads(line)
>     if "id" not in m:
>         continue
>     if m["method"] == "describe":
>         r = {"protocol": 1, "name": name, "version": "1.0", "provisioners": [
>             {"options": [{"name": "how", "type": "string"}]}],
>             "silence_limit": "1s" if name == "mute" else "60s"}
>     elif m["method"] == "run":
>         if m["params"]["config"]["how"] == "die":
>             print("giving up", file=sys.stderr)
>             os._exit(9)
>         if os.fork() == 0:
>             os.setsid() if m["params"]["config"]["how"] == "daemon" else None
>             time.sleep(3)
>             os._exit(0)
>         if m["params"]["config"]["how"] == "daemon":
>             os._exit(0)
>         time.sleep(60)
>     else:
>         r = {}
>     print(json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": r}), flush=True)
> END
$ chmod +x imgfac-plugin-bad; cp imgfac-plugin-bad imgfac-plugin-mute; for name in bad mute; do imgfac plugins install -dir p imgfac-plugin-$name; done
| Installed plugin bad 1.0 in p/imgfac-plugin-bad: provisioner bad
| Installed plugin mute 1.0 in p/imgfac-plugin-mute: provisioner mute
$ while read -r name how; do printf 'build {\n  name    = "%s"\n  sources = ["null.one"]\n  provisioner "%s" { how = "%s" }\n}\n' $how $name $how; done >bad.hcl <<<$'bad die\nmute silent\nbad daemon'; bash x.sh bad.hcl >/dev/null; grep -A1 ^because out | grep -v -e Logs -e ^-- | sort
| Waited for its answer to "run".
| because: cannot run provisioner 'bad': plugin 'bad' ended with status 0 before it answered
| because: cannot run provisioner 'bad': plugin 'bad' ended with status 9 before it answered; it said:
| because: cannot run provisioner 'mute': plugin 'mute' gave no sign of life for 1s
| giving up
