#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Uploads and small commands beside OpenSSH's own tools and Debian's Packer, on one sshd of the loopback, alternately;
# of each the best of ROUNDS.  Prints seconds and the ratio imgfac / other.
. "$(dirname "$0")/../lib/lib.sh"
. "$ROOT/tests/lib/sshd.sh"
requires sftp tar bc awk
ROUNDS=${ROUNDS:-3}

start_sshd
printf 'store { path = "%s/store" }\n' "$PWD" >config.hcl
export IMGFAC_CONFIG=$PWD/config.hcl PACKER_CACHE_DIR=$PWD/cache CHECKPOINT_DISABLE=1
ssh_options=(-F none -i "$SSHD_KEY" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR)

head -c "${SIZE:-500M}" /dev/urandom >big
mkdir -p many
for i in $(seq 1000); do
    head -c $((RANDOM % 8000)) /dev/urandom >"many/file-$i"
done
mkdir "$SSHD_DIR/to"

provision() { # NAME PROVISIONER...: a template with them
    { null_source "$1" && printf 'build {\n  sources = ["source.null.%s"]\n%s\n}\n' "$1" "${*:2}"; } >"$1.pkr.hcl"
}
upload() { # SOURCE
    printf '  provisioner "file" {\n    source      = "%s"\n    destination = "%s/to/"\n  }\n' "$1" "$SSHD_DIR"
}
provision big "$(upload big)"
provision many "$(upload many/)"
provision ten "$(for _ in {1..10}; do printf '  provisioner "shell" {\n    inline = ["true"]\n  }\n'; done)"

sftp_batch() { # COMMANDS...
    printf '%s\n' "$@" | sftp -q -b - -P "$SSHD_PORT" "${ssh_options[@]}" "$SSHD_USER@127.0.0.1"
}
sftp_big() { sftp_batch "put big $SSHD_DIR/to/big"; }
sftp_many() { sftp_batch "put -r many $SSHD_DIR/to/"; }
tar_many() { tar -cf - -C many . | ssh -p "$SSHD_PORT" "${ssh_options[@]}" "$SSHD_USER@127.0.0.1" "tar -xf - -C $SSHD_DIR/to"; }
ours() { imgfac build "$1.pkr.hcl"; }
packer_ten() { packer build -color=false ten.json; }

# The null builder of Packer 1.6 with the same login.
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f rsa
cat rsa.pub >>"$SSHD_KEY.pub"
cat >ten.json <<END
{"builders": [{"type": "null", "ssh_host": "127.0.0.1", "ssh_port": $SSHD_PORT, "ssh_username": "$SSHD_USER",
               "ssh_private_key_file": "rsa"}],
 "provisioners": [$(printf '{"type": "shell", "inline": ["true"]},%.0s' {1..10} | sed 's/,$//')]}
END

once() { # COMMAND...: seconds
    local start
    rm -rf "${SSHD_DIR:?}/to"/*
    start=$(date +%s.%N)
    "$@" >log 2>&1 || fail "$*: $(tail -n 5 log)"
    echo "$(date +%s.%N) - $start" | bc
}

versus() { # TITLE OURS OTHER
    local i a='' b=''
    for ((i = 0; i < ROUNDS; i++)); do
        a+=$(once ours "$2")$'\n'
        b+=$(once "$3")$'\n'
    done
    a=$(sort -g <<<"$a" | awk 'NF { print; exit }') b=$(sort -g <<<"$b" | awk 'NF { print; exit }')
    awk -v t="$1" -v a="$a" -v b="$b" 'BEGIN { printf "%-44s %7.2f s %7.2f s  %.2f\n", t, a, b, a / b }'
}

versus '500 MB, beside sftp' big sftp_big
versus '1000 small files, beside sftp -r' many sftp_many
versus '1000 small files, beside tar | ssh' many tar_many
if command -v packer >/dev/null; then
    # sshd's own algorithms of today are unknown to it.
    versus 'ten shell provisioners, beside Packer 1.6' ten packer_ten
fi
