#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: mk/install.sh install|uninstall BUILD_DIR DESTDIR PREFIX
set -eu
action=$1 build=$2 root=$3$4
share=$root/share
doc=$share/doc/imgfac

put() { # MODE SOURCE TARGET
    install -D -m "$1" "$2" "$3"
    echo "  INSTALL $3"
}

# Man pages and completions come out of the program's own tables.
generated() { # TARGET ARGUMENT...
    target=$1
    shift
    if "$build/imgfac" "$@" >"$build/generated" 2>/dev/null && [ -s "$build/generated" ]; then
        put 0644 "$build/generated" "$target"
    fi
    rm -f "$build/generated"
}

remove() {
    for path; do
        if [ -e "$path" ]; then
            rm -rf "$path"
            echo "  REMOVE  $path"
        fi
    done
}

case $action in
install)
    put 0755 "$build/imgfac" "$root/bin/imgfac"
    for page in docs/man/*.[1-8]; do
        [ -e "$page" ] && put 0644 "$page" "$share/man/man${page##*.}/${page##*/}"
    done
    generated "$share/man/man1/imgfac.1" docs -man imgfac
    for name in $("$build/imgfac" completion -words -- '') \
        $("$build/imgfac" completion -words -- catalog '' | sed 's/^/catalog-/'); do
        generated "$share/man/man1/imgfac-$name.1" docs -man "$name"
    done
    for name in $("$build/imgfac" docs 2>/dev/null | sed -nE 's/^  ([a-z][a-z0-9-]*)( .*)?$/\1/p' | sort -u |
        grep -vxE "functions|exit-codes|ssh") templates data-null communicator-ssh; do
        generated "$share/man/man5/imgfac-$name.5" docs -man "$name"
    done
    generated "$share/bash-completion/completions/imgfac" completion bash
    generated "$share/zsh/site-functions/_imgfac" completion zsh
    generated "$share/fish/vendor_completions.d/imgfac.fish" completion fish
    for file in config.example.hcl README.md LICENSE; do
        [ -e "$file" ] && put 0644 "$file" "$doc/$file"
    done
    [ ! -d examples ] || find examples -type f | sort | while read -r file; do
        mode=0644
        [ ! -x "$file" ] || mode=0755
        put $mode "$file" "$doc/$file"
    done
    ;;
uninstall)
    remove "$root/bin/imgfac" "$share"/man/man[1-8]/imgfac.[1-8] "$share"/man/man[1-8]/imgfac-*.[1-8] \
        "$share/bash-completion/completions/imgfac" "$share/zsh/site-functions/_imgfac" \
        "$share/fish/vendor_completions.d/imgfac.fish" "$doc"
    ;;
*)
    echo "usage: $0 install|uninstall BUILD_DIR DESTDIR PREFIX" >&2
    exit 2
    ;;
esac
