# SPDX-License-Identifier: Apache-2.0
# Every option of the qemu builder and its communicators, alone: what libvirt is given of it is valid XML.  A new option
# needs a row in one_option.tsv: NAME, its value, what else it needs ("-iso", "-user": without these of every row).
@ needs jq awk xmllint virt-xml-validate qemu-system-x86_64
$ imgfac docs -json-schema qemu | jq -r '.properties | keys[]' | sort >options; cut -f1 $ROOT/tests/cli/one_option.tsv | sort -u | comm -3 options -
$ cat >make.awk <<'END'
> BEGIN { FS = "\t" }
> {
>     name = $1 "-" NR; names = names (NR > 1 ? ", " : "") "\"qemu." name "\""; more = $3
>     printf "source \"qemu\" \"%s\" {\n", name
>     if (!sub(/-user/, "", more)) print "  ssh_username = \"u\""
>     if (!sub(/-iso */, "", more)) print "  iso_url = \"x.iso\"\n  iso_checksum = \"none\""
>     gsub(/ (ssh|iso)_[a-z_]* =/, "\n &", more); if (more != "") print "  " more
>     print "  " $1 ($1 ~ /^(cloud_init|qemu_img_args)$/ ? " {" substr($2, 2, length($2) - 2) "}" : " = " $2) "\n}"
> }
> END { print "build {\n  sources = [" names "]\n}" }
> END
$ ssh-keygen -q -t ed25519 -N '' -f key; qemu-img create -q -f qcow2 x.iso 1M; cp x.iso y.iso; awk -f make.awk $ROOT/tests/cli/one_option.tsv >t.pkr.hcl
$ imgfac inspect -domain-xml t.pkr.hcl >all.xml 2>err; grep -A 9 ^Error err
? 1
$ awk '/^<domain/ { n++ } { print >("d" n ".xml") }' all.xml; ls d*.xml | wc -l | cmp - <(wc -l <$ROOT/tests/cli/one_option.tsv)
$ xmllint --noout --relaxng /usr/share/libvirt/schemas/domain.rng d*.xml 2>&1 | grep -v validates$
? 1
