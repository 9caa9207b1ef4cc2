# SPDX-License-Identifier: Apache-2.0
# The JSON schema of a whole template holds for what HCL allows in JSON, and finds what is wrong.
@ needs jsonschema
$ cat >check.py <<'END'
> import json, sys, jsonschema
> schema = json.load(open("schema.json"))
> kind = jsonschema.Draft202012Validator
> kind.check_schema(schema)
> for e in sorted(kind(schema).iter_errors(json.load(sys.stdin)), key=lambda e: list(map(str, e.absolute_path))):
>     print(".".join(map(str, e.absolute_path)) + ": " + e.message.split(" under")[0][:80])
> END
$ imgfac docs -json-schema >schema.json; jq -r '.properties | keys | join(" ")' schema.json
| // build communicator data hcp_packer_registry local locals packer source variable variables

# Every reference leads to a definition.
$ jq -r '[.. | objects | .["$ref"]? // empty | ltrimstr("#/$defs/")] - (.["$defs"] | keys) | length' schema.json
| 0

$ cat >good.json <<'END'
> {"//": "a comment",
>  "packer": {"required_version": ">= 1.7"},
>  "variable": {"a": {"type": "string", "default": "x", "validation": [
>      {"condition": "${var.a != \"\"}", "error_message": "No."}]}, "n": {"default": 5}},
>  "locals": [{"x": "${var.a}"}],
>  "local": {"z": {"expression": "${1}", "sensitive": true}},
>  "data": {"null": {"d": {"input": "x"}}},
>  "source": {"qemu": {"x": [{"iso_url": "a.iso", "iso_checksum": "none", "memory": "${var.n * 512}", "cpus": "2",
>      "headless": "true", "disk_size": 40000, "ssh_username": "u", "qemuargs": [["-cpu", "max"]],
>      "boot_command": ["<enter>"], "cloud_init": {"user_data": {"a": 1}}, "accelerator": "${local.x}",
>      "cd_content": {"meta-data": "x"}, "boot_wait": null}]},
>    "null": [{"y": {"communicator": "none"}}]},
>  "build": [{"sources": ["source.qemu.x"], "source": {"null.y": {"name": "other"}},
>    "provisioner": [{"shell-local": {"inline": ["true"], "pause_before": "1s", "only": ["null.other"]}},
>      {"shell-local": [{"inline": "${[local.x]}"}]}], "seal": {"enabled": false}}]}
> END
$ python3 check.py <good.json

$ cat >bad.json <<'END'
> {"variable": {"a": {"typ": "string"}},
>  "source": {"qemu": {"x": {"iso_ur": "a.iso", "memory": "many", "headless": 7, "accelerator": "fast"}}},
>  "build": {"sources": 5, "provisioner": {"shell": {"max_retries": -1}, "file": {"source": "b"}}},
>  "bild": {}}
> END
$ python3 check.py <bad.json
| : Additional properties are not allowed ('bild' was unexpected)
| build.provisioner.file: 'destination' is a required property
| build.provisioner.shell.max_retries: -1 is less than the minimum of 0
| build.sources: 5 is not of type 'array', 'string', 'null'
| source.qemu.x: Additional properties are not allowed ('iso_ur' was unexpected)
| source.qemu.x.accelerator: 'fast' is not valid
| source.qemu.x.headless: 7 is not of type 'boolean', 'string', 'null'
| source.qemu.x.memory: 'many' does not match '^-?[0-9]+$|[$%]\\{'
| variable.a: Additional properties are not allowed ('typ' was unexpected)
