# SPDX-License-Identifier: Apache-2.0
# A guest that can never fit is refused at once, with the numbers.
@ needs qemu-img qemu-system-x86_64
$ printf 'store { path = "store" }\nhypervisor "small" {\n  memory = "900M"\n  vcpus  = 3\n}\n' >config.hcl

$ qemu-img create -q -f qcow2 disk.qcow2 1M && imgfac -config=config.hcl catalog import disk disk.qcow2 >/dev/null

$ printf 'source "qemu" "x" {\n  base = "disk"\n}\nbuild {\n  sources = ["source.qemu.x"]\n}\n' >x.pkr.hcl

$ imgfac -config=config.hcl build x.pkr.hcl | tail -n 1
| ==> qemu.x failed: the guest wants 1024 MiB of memory, but builds on hypervisor 'small' may use 900 together

$ sed -i 's/base.*/&\n  memory = 512\n  cpus = 4/' x.pkr.hcl; imgfac -config=config.hcl build x.pkr.hcl | tail -n 1
| ==> qemu.x failed: the guest wants 4 virtual CPUs, but builds on hypervisor 'small' may use 3 together

$ sed -i 's/memory = 512/memory = 16000000/; s/cpus = 4/cpus = 1/' x.pkr.hcl; sed -i '/hypervisor/,$d' config.hcl; imgfac -config=config.hcl build x.pkr.hcl | tail -n 1 | sed 's/host has .*/host has .../'
| ==> qemu.x failed: the guest wants 16000000 MiB of memory, this host has ...

$ find store/work store/run -mindepth 1
