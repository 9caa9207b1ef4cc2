/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/io.h"

#define MAX_FILE  ((size_t)4 << 20)
#define MAX_CERTS 1000

DEFINE_AUTO(x509, X509 *, X509_free);
DEFINE_AUTO(bio, BIO *, BIO_free_all);

static const char *bio_text(struct arena *a, BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    return arena_strndup(a, data == NULL ? "" : data, len < 0 ? 0 : (size_t)len);
}

static const char *subject_of(struct arena *a, X509 *cert)
{
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
                       XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    return bio_text(a, bio);
}

static const char *fingerprint_of(struct arena *a, X509 *cert)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509_digest(cert, EVP_sha256(), md, &len);
    char *hex = arena_alloc(a, (size_t)len * 2 + 1);
    for (unsigned i = 0; i < len; i++) {
        hex[2 * i] = "0123456789abcdef"[md[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[md[i] & 15];
    }
    return hex;
}

static const char *not_after_of(struct arena *a, X509 *cert)
{
    struct tm tm;
    char text[CLOCK_RFC3339_SIZE];
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
        return "an unknown date";
    clock_format_rfc3339((int64_t)timegm(&tm) * NS_PER_S, text);
    return arena_strdup(a, text);
}

static struct pem_cert describe(struct arena *a, X509 *cert)
{
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, cert);
    time_t now = (time_t)(clock_wall() / NS_PER_S);
    return (struct pem_cert){
        .text = bio_text(a, bio),
        .subject = subject_of(a, cert),
        .hash = arena_fmt(a, "%08lx", X509_subject_name_hash(cert)),
        .sha256 = fingerprint_of(a, cert),
        .is_ca = X509_check_ca(cert) > 0,
        .is_expired = X509_cmp_time(X509_get0_notAfter(cert), &now) < 0,
        .is_not_yet_valid = X509_cmp_time(X509_get0_notBefore(cert), &now) > 0,
        .not_after = not_after_of(a, cert),
    };
}

/* The end of the file is reported as "no start line". */
static bool is_end_of_pem(void)
{
    unsigned long e = ERR_peek_last_error();
    return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

bool pem_parse(struct arena *a, str text, const char *name, struct pem_certs *out,
               struct error **err)
{
    if (str_find(text, STR("PRIVATE KEY-----")) >= 0) {
        error_set(err, ERR_SEAL, 0, "'%s' holds a private key", name);
        return error_hint(err, "Give a file with certificates only: it goes into the image.");
    }
    AUTO(bio) BIO *bio = BIO_new_mem_buf(text.ptr == NULL ? "" : text.ptr, (int)text.len);
    struct pem_certs certs = {0};
    ERR_clear_error();
    while (certs.len < MAX_CERTS) {
        AUTO(x509) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (cert == NULL)
            break;
        pem_certs_push(a, &certs, describe(a, cert));
    }
    bool ended = is_end_of_pem();
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (certs.len < MAX_CERTS && !ended) {
        error_set(err, ERR_SEAL, 0, "certificate %zu of '%s' cannot be read: %s", certs.len + 1,
                  name, reason == NULL ? "damaged" : reason);
        ERR_clear_error();
        return false;
    }
    ERR_clear_error();
    if (certs.len == 0) {
        error_set(err, ERR_SEAL, 0, "'%s' holds no certificate in PEM form", name);
        return error_hint(err,
                          "A PEM file has lines -----BEGIN CERTIFICATE-----; convert a DER file "
                          "with: openssl x509 -inform der -in FILE -out FILE.pem");
    }
    *out = certs;
    return true;
}

bool pem_read(struct arena *a, const char *path, struct pem_certs *out, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(MAX_FILE);
    return io_read_file(path, MAX_FILE, &text, err) &&
           pem_parse(a, strbuf_str(&text), path, out, err);
}

/* Compared by the base64 alone: tools wrap lines and end them differently. */
static void add_base64(struct strbuf *sb, str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\n' && text.ptr[i] != '\r' && text.ptr[i] != ' ')
            strbuf_addc(sb, text.ptr[i]);
}

bool pem_bundle_has(str bundle, const struct pem_cert *cert)
{
    AUTO(strbuf) struct strbuf hay = STRBUF_INIT;
    AUTO(strbuf) struct strbuf needle = STRBUF_INIT;
    add_base64(&hay, bundle);
    add_base64(&needle, str_from(cert->text));
    return str_find(strbuf_str(&hay), strbuf_str(&needle)) >= 0;
}
