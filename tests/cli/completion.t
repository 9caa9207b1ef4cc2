# SPDX-License-Identifier: Apache-2.0
# Completion: what the program offers, and what bash and fish make of it.
$ imgfac completion -words -- val
| validate

$ imgfac completion -words -- build -on-error=a; imgfac completion -words -- build -on-error ''
| -on-error=abort
| -on-error=ask
| cleanup
| abort
| ask
| run-cleanup-provisioner

$ imgfac completion -words -- build -var-file=ex; imgfac completion -words -- build -force ''; imgfac completion -words -- -config ''
| :files -var-file=
| :files
| :files

$ imgfac completion -words -- validate -syn; imgfac completion -words -- validate -color=; imgfac completion -words -- fmt -write=
| -syntax-only
| -write=true
| -write=false

$ imgfac completion -words -- completion ''; imgfac completion -words -- docs windows-sh; imgfac completion -words -- docs cidrh
| bash
| zsh
| fish
| windows-shell
| cidrhost

# The catalog is looked into only when there is one.
$ echo "store { path = \"$PWD/store\" }" >site.hcl; export IMGFAC_CONFIG=$PWD/site.hcl; imgfac completion -words -- catalog show ''; ls
| site.hcl

@ needs qemu-img
$ export IMGFAC_CONFIG=$PWD/site.hcl; qemu-img create -q -f qcow2 x.qcow2 1M; imgfac catalog import base x.qcow2 >/dev/null; imgfac catalog import -channel=stable web x.qcow2 >/dev/null; imgfac completion -words -- catalog show ''; imgfac completion -words -- catalog show web@; imgfac completion -words -- catalog list ''
| base
| base:v1
| base@latest
| web
| web:v1
| web@latest
| web@stable
| web@latest
| web@stable
| base
| web

$ touch one.pkr.hcl 'two words.hcl'
$ . <(imgfac completion bash) && comp() { COMP_LINE=$1 COMP_POINT=${#1}; _imgfac; printf '<%s>' "${COMPREPLY[@]}"; echo; }; comp 'imgfac hcl'; comp 'imgfac build -on-error=cl'; comp 'imgfac build -on-e'; comp 'imgfac validate on'; comp 'imgfac validate -var-file=o'; comp 'imgfac validate two'; comp 'imgfac docs debo'
| <hcl2_upgrade>
| <cleanup>
| <-on-error=>
| <one.pkr.hcl>
| <one.pkr.hcl>
| <two words.hcl>
| <debootstrap>

@ needs fish
$ imgfac completion fish >c.fish; fish --no-config -c 'source c.fish; complete -C "imgfac hcl"; complete -C "imgfac build -on-error=cl"; complete -C "imgfac validate -var-file=o"; complete -C "imgfac validate on"' | cut -f1
| hcl2_upgrade
| -on-error=cleanup
| -var-file=one.pkr.hcl
| one.pkr.hcl

