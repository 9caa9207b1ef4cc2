# SPDX-License-Identifier: Apache-2.0
# Nothing runs, nothing is kept.
$ printf 'store { path = "store" }\n' >config.hcl

$ imgfac -config=config.hcl ps
! No build runs, and none is kept.

$ imgfac -config=config.hcl ps -format json
| {
|   "format_version": "1.0",
|   "builds": []
| }

$ imgfac -config=config.hcl ps -format csv
| build,id,state,step,age,domain,ssh,pid

$ imgfac -config=config.hcl ssh golden -- true
! Error: No build 'golden' runs or is kept
!
! There is none at all.
!
? 6

$ imgfac -config=config.hcl attach golden
! Error: No build 'golden' runs or is kept
!
! There is none at all.
!
? 6

$ imgfac -config=config.hcl attach -detach-key=long golden
! Error: No build 'golden' runs or is kept
!
! There is none at all.
!
? 6

$ imgfac -config=config.hcl screenshot golden
! Error: No build 'golden' runs or is kept
!
! There is none at all.
!
? 6

$ imgfac -config=config.hcl gc
! Error: What to remove? give -orphans, -kept, -logs or several
!
? 2

$ imgfac -config=config.hcl gc -orphans -kept
| removed 0 left-over things

$ imgfac -config=config.hcl gc -kept golden
! Error: No build 'golden' runs or is kept
!
! There is none at all.
!
? 6

# One that is kept, of a process and a machine that are gone.
$ mkdir -p store/run/01BBBBBBBBBBBBBBBBBBTHERE0 && printf '{"id":"01BBBBBBBBBBBBBBBBBTHERE0","build":"qemu.golden","state":"kept","step":"connect","work_dir":"/w","started":"2026-01-01T00:00:00Z","pid":1,"domain":"d","uuid":"6b5b1a2e-59f4-4f0c-9f3d-000000000000"}' >store/run/01BBBBBBBBBBBBBBBBBBTHERE0/build.json

$ IMGFAC_CLOCK=2026-01-02T03:04:05Z imgfac -config=config.hcl ps
| BUILD        ID      STATE      STEP     AGE       DOMAIN  SSH  PID
| qemu.golden  THERE0  kept, off  connect  27:04:05

$ imgfac -config=config.hcl ps -format json
| {
|   "format_version": "1.0",
|   "builds": [
|     {
|       "build": "qemu.golden",
|       "id": "01BBBBBBBBBBBBBBBBBTHERE0",
|       "state": "kept",
|       "step": "connect",
|       "started": "[TIME]",
|       "pid": 1,
|       "guest_pid": 0,
|       "domain": "d",
|       "uuid": "[UUID]",
|       "console_log": null,
|       "log_directory": null,
|       "work_directory": "/w",
|       "ssh": null
|     }
|   ]
| }

$ imgfac -config=config.hcl ssh THERE0
! Error: 'qemu.golden' has no guest that is reached by SSH
!
? 6

$ imgfac -config=config.hcl screenshot golden
! Error: 'qemu.golden' has no running machine
!
? 6

$ imgfac -config=config.hcl attach golden
! Console of qemu.golden; ^] leaves it.
!
! Error: 'qemu.golden' has no serial console
!
? 6

# What would be removed, and nothing is.
$ printf 'store { path = "store" }\nlogs {\n  keep_days = 30\n  keep_last = 1\n}\n' >config.hcl
$ mkdir -p store/logs && cd store/logs && for n in 1 2 3; do mkdir qemu.golden-01BBBBBBBBBBBBBBBBBBTHERE$n; touch -d "2020-01-0$n" qemu.golden-01BBBBBBBBBBBBBBBBBBTHERE$n; done; mkdir mine; touch -d 2020-01-01 mine
$ mkdir store/gone; printf '{"owner":1,"start":1}\n{"add":1,"kind":"tree","data":"%s/store/gone"}\n' "$PWD" >store/ledger/01BBBBBBBBBBBBBBBBBBTHERE7.ledger
$ imgfac -config=config.hcl gc -orphans -kept -logs -dry-run
| would remove the left-over tree [TMP]/store/gone
| would remove qemu.golden
| would remove [TMP]/store/logs/qemu.golden-[ULID] (0 B)
| would remove [TMP]/store/logs/qemu.golden-[ULID] (0 B)
$ ls store/logs store/ledger; ls -d store/gone
| store/ledger:
| 01BBBBBBBBBBBBBBBBBBTHERE7.ledger
|
| store/logs:
| mine
| qemu.golden-[ULID]
| qemu.golden-[ULID]
| qemu.golden-[ULID]
| store/gone
$ imgfac -config=config.hcl gc -logs
| removed 2 failure bundles (0 B)
$ ls store/logs
| mine
| qemu.golden-[ULID]
$ imgfac -config=config.hcl gc -orphans; ls -d store/gone
| removed 1 left-over thing
! ls: cannot access 'store/gone': No such file or directory
? 2

# A build begins with it.
$ touch -d 2020-01-03 store/logs/qemu.golden-*; mkdir store/logs/qemu.golden-01BBBBBBBBBBBBBBBBBBTHERE4
$ printf 'source "null" "n" {\n  communicator = "none"\n}\nbuild {\n  sources = ["null.n"]\n}\n' >n.pkr.hcl && imgfac -config=config.hcl build n.pkr.hcl >/dev/null; ls store/logs
| mine
| qemu.golden-[ULID]
