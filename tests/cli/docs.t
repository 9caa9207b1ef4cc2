# SPDX-License-Identifier: Apache-2.0
# The reference is made from the tables.
$ imgfac docs exit-codes
|     0  ok               Everything was done.
|     1  failed           A build failed, or an operation met an error without a
|                         code of its own.
|     2  usage            The flags or arguments are wrong; nothing was begun.
|     3  fmt-changes      `imgfac fmt -check` found files that it would change.
|     4  template         The template, its variables or the configuration are
|                         wrong; nothing was begun.
|     5  host             The host lacks a tool, firmware, permission or disk
|                         space; see `imgfac doctor`.
|     6  not-found        A bucket, version, channel or file is not there.
|     7  integrity        A checksum does not match, or the catalog is damaged.
|   130  cancelled        Interrupted by Ctrl-C or SIGTERM; what was begun is
|                         cleaned up.

$ imgfac docs upper
| upper(str)
|
|     The text in capitals.
|
|     upper("abc")
|     = "ABC"

$ imgfac docs seal | head -3
| build { seal { } }
|
|     What is removed from the image, offline, before it is recorded.

$ imgfac docs seel
! Error: There is no page 'seel'
!
! Did you mean 'seal'?
!
? 2

@ needs mandoc
# Manual pages are clean but for the page of the program, which is not installed here.
$ for p in seal communicator config; do imgfac docs -man $p | mandoc -Tlint | grep -v 'Xr imgfac 1'; done; true

@ needs python3
$ for p in seal communicator config; do imgfac docs -json-schema $p | python3 -c 'import json, sys; print(json.load(sys.stdin)["type"])'; done
| object
| object
| object
