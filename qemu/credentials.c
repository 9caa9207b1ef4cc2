/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/credentials.h"

#include <libssh/libssh.h>
#include <string.h>

#include "base/redact.h"

DEFINE_AUTO(ssh_key, ssh_key, ssh_key_free);

static void wipe(void *arg)
{
    char *text = arg;
    explicit_bzero(text, strlen(text));
}

/* By lines, as it may be wrapped anew; the frame and short rests are no secret. */
static void hide(str text)
{
    enum { SHORTEST = 20 };
    while (text.ptr != NULL) {
        str line = str_next_line(&text);
        if (line.len >= SHORTEST && !str_starts(line, STR("-----")))
            redact_register(line);
    }
}

static enum ssh_keytypes_e kind_of(const char *type, int *bits)
{
    bool rsa = type == NULL ? *bits != 0 : strcmp(type, "rsa") == 0;
    if (rsa) {
        *bits = *bits != 0 ? *bits : 4096;
        return SSH_KEYTYPE_RSA;
    }
    if (type == NULL || strcmp(type, "ed25519") == 0) {
        *bits = 0;
        return SSH_KEYTYPE_ED25519;
    }
    return *bits == 256   ? SSH_KEYTYPE_ECDSA_P256
           : *bits == 384 ? SSH_KEYTYPE_ECDSA_P384
                          : SSH_KEYTYPE_ECDSA_P521;
}

bool credentials_make_key(const char *type, int bits, const char *comment, struct arena *a,
                          const char **out_private, const char **out_public, struct error **err)
{
    AUTO(ssh_key) ssh_key key = NULL;
    char *private_text = NULL, *public_text = NULL;
    enum ssh_keytypes_e kind = kind_of(type, &bits);
    if (ssh_pki_generate(kind, kind == SSH_KEYTYPE_RSA ? bits : 0, &key) != SSH_OK)
        return error_set(err, ERR_INTERNAL, 0, "cannot generate a temporary key");
    bool ok = ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &private_text) == SSH_OK &&
              ssh_pki_export_pubkey_base64(key, &public_text) == SSH_OK;
    if (ok) {
        hide(str_from(private_text));
        char *kept = arena_strdup(a, private_text);
        arena_on_free(a, wipe, kept);
        *out_private = kept;
        *out_public =
            arena_fmt(a, "%s %s %s", ssh_key_type_to_char(ssh_key_type(key)), public_text, comment);
    }
    if (private_text != NULL)
        explicit_bzero(private_text, strlen(private_text));
    ssh_string_free_char(private_text);
    ssh_string_free_char(public_text);
    return ok || error_set(err, ERR_INTERNAL, 0, "cannot write out the temporary key");
}
