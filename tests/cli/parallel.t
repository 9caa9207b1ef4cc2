# SPDX-License-Identifier: Apache-2.0
# Builds of a template run at the same time, or as many as -parallel-builds says.
$ cat >t.pkr.hcl <<'END'
> source "null" "a" { communicator = "none" }
> source "null" "b" { communicator = "none" }
> build {
>   sources = ["null.a", "null.b"]
>   provisioner "shell-local" {
>     inline = [var.script]
>   }
> }
> variable "script" {}
> END
$ printf 'store { path = "store" }\n' >config.hcl

# Each waits for the other.
$ IMGFAC_CONFIG=config.hcl imgfac build -var 'script=touch $PACKER_BUILD_NAME.here; n=0; until [ -e a.here -a -e b.here ] || [ $n -ge 200 ]; do n=$((n+1)); sleep 0.1; done; [ $n -lt 200 ]' t.pkr.hcl >out && grep -c "^Build 'null.* finished" out
| 2

# One after the other: none finds traces of another that runs.
$ IMGFAC_CONFIG=config.hcl imgfac build -parallel-builds=1 -var 'script=echo x >runs.$PACKER_BUILD_NAME; sleep 1; ls runs.* | wc -l >>seen; rm runs.$PACKER_BUILD_NAME' t.pkr.hcl >out; grep -c "^Build 'null.* finished" out; sort seen
| 2
| 1
| 1
