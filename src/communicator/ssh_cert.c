/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <time.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "hcl/fs_util.h"

/* User certificates (OpenSSH's PROTOCOL.certkeys).  libssh shows them to the
 * server but does not look inside: what is wrong with one is found here, before
 * a server refuses it without saying why. */

#define CERT_MAX  ((size_t)64 << 10)
#define USER_CERT 1u

struct cert {
    str type, fields; /* the public key in it, without its type */
    uint32_t kind;
    uint64_t after, before; /* seconds since 1970 */
};

static bool take_number(str *rest, size_t len, uint64_t *out)
{
    if (rest->len < len)
        return false;
    *out = 0;
    for (size_t i = 0; i < len; i++)
        *out = *out << 8 | (unsigned char)rest->ptr[i];
    *rest = str_sub(*rest, len, rest->len);
    return true;
}

static bool take_string(str *rest, str *out)
{
    uint64_t len;
    if (!take_number(rest, 4, &len) || len > rest->len)
        return false;
    *out = str_sub(*rest, 0, (size_t)len);
    *rest = str_sub(*rest, (size_t)len, rest->len);
    return true;
}

/* Strings that make up the public key of a certificate's type. */
static size_t field_count(str type)
{
    static const struct {
        const char *start;
        size_t count;
    } types[] = {
        {"ssh-rsa-cert", 2},     {"ssh-dss-cert", 4},   {"ecdsa-sha2-", 2},
        {"ssh-ed25519-cert", 1}, {"sk-ssh-ed25519", 2}, {"sk-ecdsa-sha2", 3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (str_starts(type, str_from(types[i].start)))
            return types[i].count;
    return 0;
}

static bool parse(str blob, struct cert *out)
{
    str ignored, rest = blob;
    uint64_t serial, kind;
    if (!take_string(&rest, &out->type) || !take_string(&rest, &ignored))
        return false;
    str start = rest;
    size_t count = field_count(out->type);
    for (size_t i = 0; i < count; i++)
        if (!take_string(&rest, &ignored))
            return false;
    out->fields = str_sub(start, 0, start.len - rest.len);
    if (count == 0 || !take_number(&rest, 8, &serial) || !take_number(&rest, 4, &kind) ||
        !take_string(&rest, &ignored) || !take_string(&rest, &ignored))
        return false;
    out->kind = (uint32_t)kind;
    return take_number(&rest, 8, &out->after) && take_number(&rest, 8, &out->before);
}

static bool bad(const struct ssh_account *a, struct error **err, const char *why)
{
    return error_set(err, ERR_USAGE, 0, "the file '%s' (%s) %s", a->certificate_file,
                     a->cert_option, why);
}

static bool check_dates(const struct ssh_account *a, const struct cert *cert, struct error **err)
{
    uint64_t now = (uint64_t)(clock_wall() / NS_PER_S);
    if (now >= cert->after && now < cert->before)
        return true;
    char text[32] = "?";
    time_t t = (time_t)(now < cert->after ? cert->after : cert->before);
    struct tm tm;
    if (gmtime_r(&t, &tm) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
    autofree char *why =
        xasprintf(now < cert->after ? "is not valid before %s" : "expired on %s", text);
    bad(a, err, why);
    return error_hint(err, "Ask for a new certificate, or check the clock of this host.");
}

static bool is_of_key(const struct cert *cert, ssh_key key)
{
    char *text = NULL;
    AUTO(strbuf) struct strbuf blob = STRBUF_INIT;
    str type;
    size_t at;
    bool ok = ssh_pki_export_pubkey_base64(key, &text) == SSH_OK &&
              base64_decode(str_from(text), &blob, &at);
    ssh_string_free_char(text);
    str rest = strbuf_str(&blob);
    return ok && take_string(&rest, &type) && str_eq(rest, cert->fields);
}

static bool check(const struct ssh_account *a, str blob, ssh_key key, struct error **err)
{
    struct cert cert;
    if (!parse(blob, &cert))
        return bad(a, err, "is no certificate that can be read");
    if (cert.kind != USER_CERT)
        return bad(a, err, "is a certificate of a host, not of a user");
    if (!is_of_key(&cert, key)) {
        autofree char *why = xasprintf("does not belong to %s '%s'", a->key_option, a->key_file);
        return bad(a, err, why);
    }
    return check_dates(a, &cert, err);
}

bool ssh_cert_attach(const struct ssh_account *a, ssh_key key, struct error **err)
{
    autofree char *path = ssh_expand_home(a->certificate_file);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(CERT_MAX);
    AUTO(strbuf) struct strbuf blob = STRBUF_INIT_MAX(CERT_MAX);
    ssh_key cert = NULL;
    size_t at;
    if (!io_read_file(path, CERT_MAX, &text, err))
        return error_option(err, a->cert_option) ||
               error_wrap(err, "%s is invalid", a->cert_option);
    str rest = str_trim(strbuf_str(&text));
    str_split(&rest, ' ');
    if (rest.ptr == NULL || !base64_decode(str_split(&rest, ' '), &blob, &at))
        return bad(a, err, "is no certificate that can be read");
    if (!check(a, strbuf_str(&blob), key, err))
        return false;
    bool ok = ssh_pki_import_cert_file(path, &cert) == SSH_OK &&
              ssh_pki_copy_cert_to_privkey(cert, key) == SSH_OK;
    ssh_key_free(cert);
    return ok || bad(a, err, "is of a kind that libssh does not know");
}
