@ needs ansible-playbook
# These examples are templates that imgfac takes, without a warning.
$ for e in base golden middleware webapp middleware-webapp debian-preseed ubuntu-autoinstall rhel-kickstart; do imgfac validate "$ROOT/examples/$e" >/dev/null || echo "$e"; done

$ for e in ubuntu-autoinstall rhel-kickstart; do imgfac validate -var efi=true "$ROOT/examples/$e"; done
| The configuration is valid.
| The configuration is valid.
