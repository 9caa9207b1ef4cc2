# Every example is a template that imgfac takes, without a warning.
$ for e in $ROOT/examples/*/; do imgfac validate "$e" >/dev/null || echo "$e"; done

$ for e in ubuntu-autoinstall rhel-kickstart; do imgfac validate -var efi=true "$ROOT/examples/$e"; done
| The configuration is valid.
| The configuration is valid.
