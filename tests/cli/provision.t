# SPDX-License-Identifier: Apache-2.0
# The options that every provisioner has, on a machine that runs already.
@ needs /usr/sbin/sshd
$ cat >x.sh <<'END'
> . "$ROOT/tests/lib/sshd.sh"
> start_sshd
> printf 'store {\n  path = "%s/store"\n}\n' "$PWD" >config.hcl
> { null_source guest; cat build.hcl; } >null.pkr.hcl
> IMGFAC_CONFIG=config.hcl imgfac build -ui plain null.pkr.hcl >all 2>&1; echo "status $?"
> END

$ cat >build.hcl <<'END'
> build {
>   sources = ["source.null.guest"]
>   provisioner "shell" {
>     only   = ["null.other"]
>     inline = ["echo not me, by only"]
>   }
>   provisioner "check" {
>     except = ["null.guest"]
>     user "no-such-user" {}
>   }
>   provisioner "shell" {
>     inline   = ["echo common"]
>     override = { guest = { inline = ["echo overridden"] } }
>   }
>   provisioner "check" {
>     pause_before = "10ms"
>     user "root" {}
>   }
>   provisioner "check" {
>     max_retries = 2
>     command "echo x >>$PWD/tries; test $(wc -l <$PWD/tries) -eq 3" {}
>   }
>   provisioner "check" {
>     timeout           = "300ms"
>     continue_on_error = true
>     command "sleep 20" {}
>   }
>   provisioner "puppet-masterless" {
>     name              = "puppet"
>     timeout           = "300ms"
>     continue_on_error = true
>     manifest_file     = "empty.pp"
>     prevent_sudo      = true
>     execute_command   = "sleep 20"
>   }
>   provisioner "windows-shell" {
>     continue_on_error = true
>     remote_path       = "PWD/x.bat"
>     execute_command   = "exit 7"
>     inline            = ["x"]
>   }
>   provisioner "check" {
>     group "no-such-group" {}
>   }
>   provisioner "shell" {
>     inline = ["echo not me, after a failure"]
>   }
>   error-cleanup-provisioner "shell" {
>     inline = ["echo cleaning"]
>   }
> }
> END

$ touch empty.pp; sed -i "s,\$PWD,$PWD,g; s,PWD/x.bat,$PWD/x.bat," build.hcl; bash x.sh
| status 1

$ grep -E -o 'not me.*|overridden|common|Pausing.*|Provisioner failed .*|retrying.*|[0-9] of [0-9] checks passed|continue_on_error is set.*|^    null.guest: (FAIL|cleaning).*|Running the error.*' all | sed 's/\(timeout of 300ms\).*/\1/'
| overridden
| Pausing 10ms before the next provisioner...
| 1 of 1 checks passed
| 0 of 1 checks passed
|     null.guest: FAIL  command 'echo x >>[TMP]/tries; test $(wc -l <[TMP]/tries) -eq 3' exit_status: expected 0, is 1
| Provisioner failed with "1 of 1 checks failed: command 'echo x >>[TMP]/tries; test $(wc -l <[TMP]/tries) -eq 3' exit_status: expected 0, is 1", retrying with 2 tries left
| 0 of 1 checks passed
|     null.guest: FAIL  command 'echo x >>[TMP]/tries; test $(wc -l <[TMP]/tries) -eq 3' exit_status: expected 0, is 1
| Provisioner failed with "1 of 1 checks failed: command 'echo x >>[TMP]/tries; test $(wc -l <[TMP]/tries) -eq 3' exit_status: expected 0, is 1", retrying with 1 try left
| 1 of 1 checks passed
| continue_on_error is set: provisioner 'check' did not end within its timeout of 300ms
| continue_on_error is set: provisioner 'puppet-masterless' did not end within its timeout of 300ms
| continue_on_error is set: shell script 'inline' failed: script exited with status 7 (allowed: 0)
| 0 of 1 checks passed
|     null.guest: FAIL  group 'no-such-group' exists: expected true, is false
| Running the error-cleanup-provisioner...
|     null.guest: cleaning

$ grep -A 9 '^Error' all | sed -n '/because/p'
| because: 1 of 1 checks failed
| because: group 'no-such-group' exists: expected true, is false
