# SPDX-License-Identifier: Apache-2.0
# The catalog without a guest.
@ needs qemu-img
$ printf 'store { path = "store" }\n' >config.hcl

# An empty catalog says what to do next.
$ IMGFAC_CONFIG=config.hcl imgfac catalog list
! There is no store in [TMP]/store yet.
!
! Make a first image:
!     imgfac build examples/base       a Debian base out of a mirror
!     imgfac catalog import NAME FILE  an image that you have
$ IMGFAC_CONFIG=config.hcl imgfac catalog list -format json
| {
|   "format_version": "1.0",
|   "versions": []
| }
$ IMGFAC_CONFIG=config.hcl imgfac catalog show golden
! Error: There is no store in '[TMP]/store'
!
! The first build or `imgfac catalog import` makes it.  Is it elsewhere?  `store {
! path = ... }` in the configuration says where, $IMGFAC_CONFIG and -config name
! that file.
!
? 6

# Import, and what is refused.
$ qemu-img create -q -f qcow2 a.qcow2 1M && IMGFAC_CONFIG=config.hcl imgfac catalog import -channel=stable golden a.qcow2 | sed 's/(.*)/(...)/'
| golden v1 (...)
$ IMGFAC_CONFIG=config.hcl imgfac catalog import golden missing.qcow2
! Error: Cannot look at 'missing.qcow2': No such file or directory
!
? 6
$ echo text >notes.txt; IMGFAC_CONFIG=config.hcl imgfac catalog import golden notes.txt
! Error: 'notes.txt' is not a disk image
!
! It has no header that qemu-img knows, and its 5 bytes are not a whole number of
! sectors of a raw disk.
!
? 2
$ qemu-img create -q -f qcow2 -b a.qcow2 -F qcow2 b.qcow2 && IMGFAC_CONFIG=config.hcl imgfac catalog import golden b.qcow2
! Error: Image 'b.qcow2' needs the backing file 'a.qcow2'
!
! Convert it first: qemu-img convert -O qcow2 'b.qcow2' new.qcow2
!
? 2
$ IMGFAC_CONFIG=config.hcl imgfac catalog import 'bad name' a.qcow2
! Error: 'bad name' cannot name a bucket: letters, digits, '.', '_' and '-' only
!
? 2
$ IMGFAC_CONFIG=config.hcl imgfac catalog import -nonsense golden a.qcow2
! Error: Unknown flag '-nonsense'
!
! `imgfac catalog import -help` lists the flags.
!
? 2

# References.
$ IMGFAC_CONFIG=config.hcl imgfac catalog show goldne
! Error: Bucket 'goldne' is not in the catalog '[TMP]/store/catalog.db'
!
! Did you mean 'golden'?
!
? 6
$ IMGFAC_CONFIG=config.hcl imgfac catalog show golden@nightly
! Error: Bucket 'golden' has no usable version in channel 'nightly'
!
! Its channels are: latest, stable.
!
? 6
$ IMGFAC_CONFIG=config.hcl imgfac catalog show golden:v7
! Error: Bucket 'golden' has no such version
!
! Its versions are: v1.
!
? 6
$ IMGFAC_CONFIG=config.hcl imgfac catalog show 'golden@@x'
! Error: 'golden@@x' is not a reference to a version
!
! Write BUCKET, BUCKET@CHANNEL, BUCKET:v3 or BUCKET:FINGERPRINT.
!
? 2

# Export is byte for byte and does not overwrite.
$ IMGFAC_CONFIG=config.hcl imgfac catalog export golden copy.qcow2 && cmp a.qcow2 copy.qcow2
| golden v1 exported to copy.qcow2
$ IMGFAC_CONFIG=config.hcl imgfac catalog export golden copy.qcow2
! Error: 'copy.qcow2' is there already; -force overwrites it
!
? 1
$ IMGFAC_CONFIG=config.hcl imgfac catalog export -format vmdk golden copy.vmdk
! Error: Cannot export as 'vmdk': qcow2 or raw
!
? 2

# Damage is found; a version that a channel names is not removed by accident.
$ IMGFAC_CONFIG=config.hcl imgfac catalog verify
| ok       golden v1
| 1 version verified, 0 damaged
$ f=$(find store/images -type f) && chmod u+w "$f" && printf x | dd of="$f" bs=1 seek=100 conv=notrunc 2>/dev/null
$ IMGFAC_CONFIG=config.hcl imgfac catalog verify 2>&1 | sed 's/digest [0-9a-f]*/digest X/; s/recorded [0-9a-f]*/recorded Y/'
| DAMAGED  golden v1 is damaged: its disk has digest X..., recorded Y...
| 1 version verified, 1 damaged
$ IMGFAC_CONFIG=config.hcl imgfac catalog rm golden
! Error: A channel points to golden v1
!
! Move the channel or remove the descendants first, or use -force.
!
? 1
$ IMGFAC_CONFIG=config.hcl imgfac catalog rm -force golden
| removed golden v1
$ find store/images -type f
$ IMGFAC_CONFIG=config.hcl imgfac catalog list 2>&1 | head -2
| The catalog in [TMP]/store is empty.
|

# What a build stands on is not removed, whatever is said; the build is named.
$ IMGFAC_CONFIG=config.hcl imgfac catalog import golden a.qcow2 | sed 's/(.*)/(...)/'
| golden v2 (...)
$ mkdir -p store/run/01BBBBBBBBBBBBBBBBBBTHERE0 && printf '{"id":"01BBBBBBBBBBBBBBBBBTHERE0","build":"qemu.web","state":"kept","step":"connect","work_dir":"/w","started":"2026-01-01T00:00:00Z","pid":1,"base":"%s"}' "$PWD/$(find store/images -type f)" >store/run/01BBBBBBBBBBBBBBBBBBTHERE0/build.json
$ IMGFAC_CONFIG=config.hcl imgfac catalog rm -force golden
! Error: The build 'qemu.web', which is kept, stands on golden v2
!
! Remove that first: imgfac gc -kept qemu.web.
!
? 1
$ (exec 7<"$(find store/images -type f)"; flock -s 7; mv store/run store/away; IMGFAC_CONFIG=config.hcl imgfac catalog rm -force golden)
! Error: A build that runs stands on golden v2
!
! Wait for its end or stop it: `imgfac ps` lists what runs.
!
? 1
$ IMGFAC_CONFIG=config.hcl imgfac catalog rm -force golden
| removed golden v2

# Also that of a build that was kept: it failed after it had chosen its base.
$ qemu-img create -q -f qcow2 big.qcow2 4M; IMGFAC_CONFIG=config.hcl imgfac catalog import big big.qcow2 >/dev/null; printf 'source "qemu" "x" {\n  base = "big"\n  disk_size = "1M"\n  ssh_username = "u"\n}\nbuild {\n  sources = ["qemu.x"]\n}\n' >x.pkr.hcl
$ IMGFAC_CONFIG=config.hcl imgfac build -on-error=abort x.pkr.hcl 2>&1 | grep -o 'the disk_size.*start from' | head -1
| the disk_size of 1 MiB is less than the 4 MiB of the image to start from
$ IMGFAC_CONFIG=config.hcl imgfac catalog rm -force big
! Error: The build 'qemu.x', which is kept, stands on big v1
!
! Remove that first: imgfac gc -kept qemu.x.
!
? 1
$ IMGFAC_CONFIG=config.hcl imgfac gc -kept x && IMGFAC_CONFIG=config.hcl imgfac catalog rm -force big
| removed qemu.x
| removed big v1

# A store that cannot be written, or belongs to somebody else, is read as it is.
$ IMGFAC_CONFIG=config.hcl imgfac catalog import golden a.qcow2 | sed 's/(.*)/(...)/'
| golden v3 (...)
$ rm -r store/ledger store/store.lock; if [ "$(id -u)" = 0 ]; then chown -R 65534 store; else chmod -R a-w store; fi; find store | sort >before
$ IMGFAC_CONFIG=config.hcl imgfac catalog list | cut -c-30
| BUCKET  VERSION  CHANNELS  STA
| golden       v3  latest    act
$ IMGFAC_CONFIG=config.hcl imgfac catalog show golden | head -1
| golden v3
$ IMGFAC_CONFIG=config.hcl imgfac catalog verify golden
| ok       golden v3
| 1 version verified, 0 damaged
$ IMGFAC_CONFIG=config.hcl imgfac catalog export golden again.qcow2 && cmp a.qcow2 again.qcow2
| golden v3 exported to again.qcow2
$ find store | sort | cmp - before
$ chmod -R u+w store

# There is none at all, and none is made by looking.
$ printf 'store { path = "none" }\n' >none.hcl; imgfac -config=none.hcl catalog list; ls -d none
! There is no store in [TMP]/none yet.
!
! Make a first image:
!     imgfac build examples/base       a Debian base out of a mirror
!     imgfac catalog import NAME FILE  an image that you have
! ls: cannot access 'none': No such file or directory
? 2
$ imgfac -config=none.hcl catalog list -format csv
| bucket,version,channels,status,format,size,disk,parent,created
$ imgfac -config=none.hcl catalog show golden
! Error: There is no store in '[TMP]/none'
!
! The first build or `imgfac catalog import` makes it.  Is it elsewhere?  `store {
! path = ... }` in the configuration says where, $IMGFAC_CONFIG and -config name
! that file.
!
? 6
$ ls -d none
! ls: cannot access 'none': No such file or directory
? 2
