# SPDX-License-Identifier: Apache-2.0
# The example of every provisioner and communicator, taken out of its page: there is one, it is laid out as fmt lays
# it out, and is valid without a warning.
@ needs ansible-playbook
$ mkdir -p files ansible modules cookbooks salt/states salt/pillar; touch files/app.conf ansible/site.yml site.yml site.pp validation.pem make-config installer.iso windows.qcow2; for f in installer.iso windows.qcow2; do sha256sum $f >$f.sha256; done
$ cat >around.hcl <<'END'
> variable "db_password" {
>   default = "x"
> }
> variable "winrm_password" {
>   default = "x"
> }
> source "null" "guest" {
>   ssh_host     = "127.0.0.1"
>   ssh_username = "u"
>   ssh_password = "p"
> }
> END

$ cat >try.sh <<'END'
> # usage: try.sh SECTION: the names of that section of the list; each page's example is tried
> imgfac docs | sed -nE "/^$1\$/,/^\$/s/^  ([a-z][a-z0-9-]*)( .*)?\$/\1/p" >names
> while read -r name; do
>     rm -f t.pkr.hcl e.pkr.hcl
>     imgfac docs -markdown "$name" | sed -nE '/^    (provisioner|source) /,/^[^ ]/s/^    //p' | sed '/^$/d' >e.pkr.hcl
>     imgfac fmt -check e.pkr.hcl >fmt.out 2>&1 || { echo "$name: not as fmt writes it"; imgfac fmt -diff e.pkr.hcl; }
>     case $1 in
>     Provisioners)
>         grep -q "^provisioner \"$name\" {\$" e.pkr.hcl || echo "$name has no example"
>         { cat around.hcl; echo 'build {'; echo '  sources = ["source.null.guest"]'; cat e.pkr.hcl; echo '}'; } >t.pkr.hcl
>         ;;
>     Communicators)
>         grep -q "^source .*{\$" e.pkr.hcl || echo "$name has no example"
>         grep -q "communicator *= \"$name\"" e.pkr.hcl || echo "$name is not in its example"
>         { cat around.hcl e.pkr.hcl; sed -nE 's/^source "(.*)" "(.*)" \{/build {\n  sources = ["source.\1.\2"]\n}/p' e.pkr.hcl; } >t.pkr.hcl
>         ;;
>     esac
>     imgfac validate t.pkr.hcl >out 2>&1 && [ "$(cat out)" = 'The configuration is valid.' ] || { echo "$name: $(cat out)"; }
> done <names
> wc -l <names >count
> END

$ bash try.sh Provisioners; [ $(cat count) -ge 18 ] || cat names

$ bash try.sh Communicators; [ $(cat count) -ge 4 ] || cat names

# A communicator's page has its own options and no other's; `ssh` is a command, too.
$ imgfac docs guest-agent | sed -nE 's/^    ([a-z_]+)  \(.*/\1/p'; imgfac docs none | grep -c '  ('; imgfac docs ssh | grep -E '^(communicator =|Usage)'; imgfac docs -man communicator-ssh | grep -cE '^\.It .*(winrm_|guest_agent_)'; imgfac docs -man ssh | head -2 | tail -1
| communicator
| pause_before_connecting
| guest_agent_timeout
| 2
| communicator = "ssh"
| Usage: imgfac ssh [flags] BUILD [-- COMMAND...]
| 0
| .Dt IMGFAC-SSH 1
