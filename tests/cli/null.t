# SPDX-License-Identifier: Apache-2.0
# The builder "null": provisions what runs already and makes no image.

$ printf 'source "null" "a" {}\nbuild {\n  sources = ["source.null.a"]\n}\n' >empty.pkr.hcl; imgfac validate empty.pkr.hcl
! Error: An ssh_host must be specified
!
!   on empty.pkr.hcl line 1, in source "null" "a":
!   1: source "null" "a" {}
!                        ^
! The builder "null" starts no machine: say which one to log in to.
!
! Error: An ssh_username must be specified
!
!   on empty.pkr.hcl line 1, in source "null" "a":
!   1: source "null" "a" {}
!                        ^
! The builder "null" makes no account: say which one to log in as.
!
! Error: Missing login
!
!   on empty.pkr.hcl line 1, in source "null" "a":
!   1: source "null" "a" {}
!                        ^
! Set one of ssh_password, ssh_private_key_file and ssh_agent_auth.
!
? 4

@ needs /usr/sbin/sshd
$ cat >x.sh <<'END'
> . "$ROOT/tests/lib/sshd.sh"
> set -o pipefail
> start_sshd
> printf 'store {\n  path = "%s/store"\n}\n' "$PWD" >config.hcl
> { null_source guest; cat build.hcl; } >null.pkr.hcl
> IMGFAC_CONFIG=config.hcl imgfac build null.pkr.hcl | grep -v -e '^==> Wait' -e '^Build .* finished' -e Logs
> END

$ cat >build.hcl <<'END'
> build {
>   sources = ["source.null.guest"]
>   provisioner "shell" {
>     inline = ["echo hello", "echo ${build.Host}"]
>   }
>   catalog {
>     bucket = "none"
>   }
> }
> END

$ bash x.sh; find store -type f; ls -d output-* 2>/dev/null
| ==> null.guest: Waiting for the guest to accept a login
| ==> null.guest: Using SSH communicator to connect: 127.0.0.1
| ==> null.guest: Waiting for SSH to become available...
| ==> null.guest: Connected to SSH!
| ==> null.guest: Provisioning with shell script: inline
|     null.guest: hello
|     null.guest: 127.0.0.1
|
|
| ==> Builds finished. The artifacts of successful builds are:
| --> null.guest: Did not export anything. This is the null builder
| store/catalog.db
! Warning: Nothing to record
!
!   on null.pkr.hcl line 13, in build:
!   13:   catalog {
!         ^^^^^^^
! The builder "null" makes no image: `catalog` has no effect on "null.guest".
!
? 2

$ sed -i 's/"echo hello.*"/"exit 3"/; /catalog/,/}/d' build.hcl; bash x.sh | grep -v '^Build'; echo ${PIPESTATUS[0]}
| ==> null.guest: Waiting for the guest to accept a login
| ==> null.guest: Using SSH communicator to connect: 127.0.0.1
| ==> null.guest: Waiting for SSH to become available...
| ==> null.guest: Connected to SSH!
| ==> null.guest: Provisioning with shell script: inline
|
|
| ==> Some builds didn't complete successfully and had errors:
| --> null.guest: provisioner 'shell' failed: shell script 'inline' failed: script exited with status 3 (allowed: 0)
| Error: Provisioner 'shell' failed
|
|   on null.pkr.hcl line 10, in build:
|   10:   provisioner "shell" {
|         ^^^^^^^^^^^^^^^^^^^
| because: shell script 'inline' failed
| because: script exited with status 3 (allowed: 0)
| Its output above says why; -on-error=ask lets you look into the guest.
|
| ==> Builds finished but no artifacts were created.
| ==> null.guest failed: provisioner 'shell' failed: shell script 'inline' failed: script exited with status 3 (allowed: 0)
| 1
