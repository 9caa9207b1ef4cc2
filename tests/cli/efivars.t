# SPDX-License-Identifier: Apache-2.0
# UEFI variables are kept with the image, verified and removed with it; an image without any says so.
@ needs qemu-img
$ printf 'store { path = "store" }\n' >config.hcl; qemu-img create -q -f qcow2 a.qcow2 1M; printf 'variables' >vars.fd
$ export IMGFAC_CONFIG=config.hcl; imgfac catalog import -efivars=vars.fd golden a.qcow2 | sed 's/(.*)/(ID)/'; imgfac catalog show golden | grep -E '^(disk|efivars)'; imgfac catalog export -efivars=out.fd golden out.qcow2 && cmp out.fd vars.fd && cmp out.qcow2 a.qcow2; imgfac catalog verify; find store/images -type f | wc -l
| golden v1 (ID)
| disk          qcow2, 192 KiB, a disk of 1 MiB
| efivars       raw, 9 B
| golden v1 exported to out.qcow2
| ok       golden v1
| 1 version verified, 0 damaged
| 2
$ IMGFAC_CONFIG=config.hcl imgfac catalog export -efivars=out.fd golden again.qcow2; test ! -e again.qcow2
! Error: 'out.fd' is there already; -force overwrites it
!
$ IMGFAC_CONFIG=config.hcl imgfac catalog import -efivars=none.fd golden a.qcow2
! Error: Cannot open 'none.fd': No such file or directory
!
? 6
$ export IMGFAC_CONFIG=config.hcl; imgfac catalog import golden a.qcow2 >/dev/null; imgfac catalog export -efivars=other.fd golden other.qcow2; test ! -e other.qcow2; for v in v2 v1; do imgfac catalog rm -force golden:$v; done; find store/images -type f
| removed golden v2
| removed golden v1
! Error: No UEFI variable store is kept with golden v2
!
