# Installations from an ISO: what is wrong with the template, and with the file.
@ needs qemu-system-x86_64 qemu-img
$ cat >keys.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url      = "x.iso"
>   iso_checksum = "none"
>   ssh_username = "root"
>   boot_command = [
>     "\"<waitFor 'boot:' 60s>install $${x}<wait0>",
>     "<retrun>",
>   ]
> }
> source "qemu" "y" {
>   iso_url      = "x.iso"
>   iso_checksum = "none"
>   ssh_username = "root"
>   boot_steps   = [["<retrun>", "first"], ["tab\t<waitFor 'a(b'>", "second"], ["\u00e9\u20ac", "third"]]
> }
> source "qemu" "z" {
>   iso_url      = "x.iso"
>   iso_checksum = "none"
>   ssh_username = "root"
>   disable_vnc  = true
>   boot_command = split(",", "<retrun>,<waitFor>")
> }
> build { sources = ["qemu.x", "qemu.y", "qemu.z"] }
> END
$ imgfac validate keys.pkr.hcl
! Error: Expecting a positive wait value. Got 0s
!
!   on keys.pkr.hcl line 6, in source "qemu" "x":
!   6:     "\"<waitFor 'boot:' 60s>install $${x}<wait0>",
!                                               ^^^^^^^
!
! Warning: Typed as it stands
!
!   on keys.pkr.hcl line 14, in source "qemu" "y":
!   14:   boot_steps   = [["<retrun>", "first"], ["tab\t<waitFor 'a(b'>", "second"], ["\u00e9\u20ac", "third"]]
!                           ^^^^^^^^
! <retrun> is no key and no wait of a boot command, so these 8 characters are
! typed. Did you mean <return>?
!
! Error: <waitFor> missing closing ): `a(b`
!
!   on keys.pkr.hcl line 14, in source "qemu" "y":
!   14:   boot_steps   = [["<retrun>", "first"], ["tab\t<waitFor 'a(b'>", "second"], ["\u00e9\u20ac", "third"]]
!                                                       ^^^^^^^^^^^^^^^
! Write <waitFor 'REGULAR EXPRESSION' 60s>; instead of ' a " or / may stand on
! both sides, and the time may be left out.
!
! Error: A US keyboard has no key for byte 0xc3 of the boot command
!
!   on keys.pkr.hcl line 14, in source "qemu" "y":
!   14:   boot_steps   = [["<retrun>", "first"], ["tab\t<waitFor 'a(b'>", "second"], ["\u00e9\u20ac", "third"]]
!                                                                                      ^^^^^^
!
! Error: A boot command cannot be used when vnc is disabled.
!
!   on keys.pkr.hcl line 20, in source "qemu" "z":
!   20:   disable_vnc  = true
!                        ^^^^
!
! Error: Boot command cannot be used at "<waitFor"
!
!   on keys.pkr.hcl line 21, in source "qemu" "z":
!   21:   boot_command = split(",", "<retrun>,<waitFor>")
!                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
! because: <waitFor> needs a regular expression in quotes
! Write <waitFor 'REGULAR EXPRESSION' 60s>; instead of ' a " or / may stand on
! both sides, and the time may be left out.
!
? 4

$ cat >media.pkr.hcl <<'END'
> source "qemu" "x" {
>   iso_url               = "x.iso"
>   iso_checksum          = "none"
>   ssh_username          = "root"
>   cd_label              = "a label that is longer than thirty-two"
>   cd_files              = ["missing/*", "missing/file"]
>   floppy_label          = "longer than 11"
>   floppy_files          = ["nothing.txt"]
>   http_network_protocol = "tcp7"
>   http_bind_address     = "localhost"
> }
> build { sources = ["qemu.x"] }
> END
$ imgfac validate media.pkr.hcl
! Error: Invalid label
!
!   on media.pkr.hcl line 5, in source "qemu" "x":
!   5:   cd_label              = "a label that is longer than thirty-two"
!                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
! cd_label has 1 to 32 characters.
!
! Error: Bad CD disk file
!
!   on media.pkr.hcl line 6, in source "qemu" "x":
!   6:   cd_files              = ["missing/*", "missing/file"]
!                                              ^^^^^^^^^^^^^^
! "missing/file": No such file or directory.
!
! Error: Invalid label
!
!   on media.pkr.hcl line 7, in source "qemu" "x":
!   7:   floppy_label          = "longer than 11"
!                                ^^^^^^^^^^^^^^^^
! floppy_label has 1 to 11 characters.
!
! Error: Bad Floppy disk file
!
!   on media.pkr.hcl line 8, in source "qemu" "x":
!   8:   floppy_files          = ["nothing.txt"]
!                                 ^^^^^^^^^^^^^
! "nothing.txt": No such file or directory.
!
! Error: http_network_protocol is invalid
!
!   on media.pkr.hcl line 9, in source "qemu" "x":
!   9:   http_network_protocol = "tcp7"
!                                ^^^^^^
! It is one of tcp, tcp4, tcp6, unix and unixpacket.
!
! Error: Invalid address
!
!   on media.pkr.hcl line 10, in source "qemu" "x":
!   10:   http_bind_address     = "localhost"
!                                 ^^^^^^^^^^^
! http_bind_address is an IPv4 address of this host, such as "0.0.0.0".
!
? 4

# The ISO itself: gone, another file, not in the list of checksums.
$ cat >build.pkr.hcl <<'END'
> variable "sum" {}
> variable "url" { default = "x.iso" }
> source "qemu" "x" {
>   iso_url      = var.url
>   iso_checksum = var.sum
>   ssh_username = "root"
> }
> build { sources = ["qemu.x"] }
> END
$ printf 'store { path = "store" }\n' >config.hcl
$ IMGFAC_CONFIG=config.hcl imgfac build -var sum=none build.pkr.hcl | grep -E '^(because|The file|Entries|Use http)'
| because: cannot use 'x.iso': No such file or directory

$ echo iso >x.iso; echo "md5:0 other.iso" >SUMS
$ IMGFAC_CONFIG=config.hcl imgfac build -var sum=md5:00000000000000000000000000000000 build.pkr.hcl | grep -E '^(because|The file|Entries|Use http)'
| because: 'x.iso' has md5 3cd6b216e8b82554eaa2f6c45b0a3c14, expected 00000000000000000000000000000000
| The file changed at its source, or the checksum is another file's.
$ cat x.iso
| iso
$ IMGFAC_CONFIG=config.hcl imgfac build -var sum=file:SUMS build.pkr.hcl | grep -E '^(because|The file|Entries|Use http)'
| because: cannot get the checksum from 'SUMS'
| because: the checksum file has no entry for: "x.iso"
| Entries are lines like "<digest>  <name>" or "SHA256 (<name>) = <digest>".
$ IMGFAC_CONFIG=config.hcl imgfac build -var url=ftp://example.com/x.iso -var sum=none build.pkr.hcl | grep -E '^(because|The file|Entries|Use http)'
| because: cannot download 'ftp://example.com/x.iso': this protocol is not known
| Use http, https or a local path.
