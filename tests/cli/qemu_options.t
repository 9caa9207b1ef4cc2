# SPDX-License-Identifier: Apache-2.0
# docs/qemu-options.md has a line for every option of the plugin that the builder decodes, and no other line.
@ needs jq
$ imgfac docs -json-schema communicator | jq -r '.properties | keys[]' | sort >comm
$ imgfac docs -json-schema qemu | jq -r '.properties | keys[]' | sort | comm -23 - comm >options
$ sed -n 's/^| `\([a-z0-9_]*\)` |.*/\1/p' $ROOT/docs/qemu-options.md | sort >table
$ comm -3 options table
| base
| cloud_init
| hypervisor
$ sed -nE '/^## /q; s/^\| `[^|]*\| ([^|]*) \|.*/\1/p' $ROOT/docs/qemu-options.md | sort -u
| better
| not possible under libvirt
| same
