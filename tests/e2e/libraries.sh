#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A library that is missing or does not fit: one clear error before a build begins; reading templates works without.
. "$(dirname "$0")/../lib/lib.sh"
requires ldd script
! ldd "$B/imgfac" | grep -q libguestfs || skip 'imgfac is linked with its libraries as usual'

printf 'source "null" "x" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.x"]\n}\n' >t.pkr.hcl
printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl
mkdir broken
for lib in libvirt.so.0 libguestfs.so.0 libcurl.so.4 libssh.so.4 libarchive.so.13 libgssapi_krb5.so.2; do
    echo "- without $lib"
    : >"broken/$lib"
    assert_status 5 env LD_LIBRARY_PATH="$PWD/broken" imgfac build t.pkr.hcl
    assert_contains stderr 'annot load a library' "$lib"
    assert_status 5 env LD_LIBRARY_PATH="$PWD/broken" imgfac doctor
    assert_contains stdout 'libraries' "$lib"
    assert_no_file store/work/x
    for command in validate 'fmt -check' inspect; do
        # shellcheck disable=SC2086
        assert_status 0 env LD_LIBRARY_PATH="$PWD/broken" imgfac $command t.pkr.hcl
    done
    rm "broken/$lib"
done

echo '- a library that goes missing where nobody can be told'
: >broken/libedit.so.2
assert_status 5 env LD_LIBRARY_PATH="$PWD/broken" script -qec 'imgfac console' /dev/null </dev/null
assert_contains stdout 'cannot load a library' libedit.so.2

echo '- all of them there'
assert_status 0 imgfac build t.pkr.hcl
