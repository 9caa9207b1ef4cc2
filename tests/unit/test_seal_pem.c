/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/pem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/io.h"
#include "base/strbuf.h"
#include "hcl/diag.h"
#include "plug/registry.h"
#include "plug/sealer.h"

#define DAY 86400L

struct made {
    char *cert, *key;
};

static char *take_bio(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = str_xdup((str){data, (size_t)len});
    BIO_free_all(bio);
    return text;
}

/* A self-signed certificate, valid between two times relative to now. */
static struct made make_cert(const char *name, bool is_ca, long from, long to)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), from);
    X509_gmtime_adj(X509_getm_notAfter(cert), to);
    X509_set_pubkey(cert, key);
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(cert, subject);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                              is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    X509_add_ext(cert, ext, -1);
    X509_EXTENSION_free(ext);
    X509_sign(cert, key, EVP_sha256());
    BIO *c = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(c, cert);
    PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL);
    X509_free(cert);
    EVP_PKEY_free(key);
    return (struct made){.cert = take_bio(c), .key = take_bio(k)};
}

static void free_made(struct made *m)
{
    free(m->cert);
    free(m->key);
}
DEFINE_AUTO_CLEAR(made, struct made, free_made);

static void judges_certificates(void **state)
{
    (void)state;
    static const struct {
        bool ca;
        long from, to;
        bool expired, early;
    } cases[] = {
        {true, -DAY, DAY, false, false},
        {false, -DAY, DAY, false, false},
        {true, -2 * DAY, -DAY, true, false},
        {true, DAY, 2 * DAY, false, true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *e = NULL;
        AUTO(made) struct made m = make_cert("Corp Root", cases[i].ca, cases[i].from, cases[i].to);
        struct pem_certs certs;
        assert_true(pem_parse(a, str_from(m.cert), "x.pem", &certs, &e));
        assert_int_equal(certs.len, 1);
        assert_string_equal(certs.ptr[0].subject, "CN = Corp Root");
        assert_string_equal(certs.ptr[0].text, m.cert);
        assert_int_equal(strlen(certs.ptr[0].sha256), 64);
        assert_int_equal(strlen(certs.ptr[0].hash), 8);
        assert_int_equal(certs.ptr[0].is_ca, cases[i].ca);
        assert_int_equal(certs.ptr[0].is_expired, cases[i].expired);
        assert_int_equal(certs.ptr[0].is_not_yet_valid, cases[i].early);
    }
}

static void reads_chains_and_finds_them(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *e = NULL;
    AUTO(made) struct made one = make_cert("One", true, 0, DAY);
    AUTO(made) struct made two = make_cert("Two", true, 0, DAY);
    AUTO(made) struct made other = make_cert("Other", true, 0, DAY);
    struct pem_certs certs, others;
    const char *chain = arena_fmt(a, "# One\n%s\nsome text\r\n%s", one.cert, two.cert);
    assert_true(pem_parse(a, str_from(chain), "x.pem", &certs, &e));
    assert_true(pem_parse(a, str_from(other.cert), "x.pem", &others, &e));
    assert_int_equal(certs.len, 2);
    assert_true(pem_bundle_has(str_from(chain), &certs.ptr[0]));
    assert_true(pem_bundle_has(str_from(chain), &certs.ptr[1]));
    assert_false(pem_bundle_has(str_from(chain), &others.ptr[0]));
    assert_false(pem_bundle_has((str){0}, &certs.ptr[0]));
}

static void refuses_what_is_no_certificate(void **state)
{
    (void)state;
    AUTO(made) struct made m = make_cert("Corp Root", true, 0, DAY);
    AUTO(arena) struct arena *a = arena_new("test");
    char *cut = arena_strdup(a, m.cert);
    cut[strlen(cut) / 2] = '\0';
    char *damaged = arena_strdup(a, m.cert);
    memset(damaged + 40, 'A', 40);
    const struct {
        const char *text, *says;
    } cases[] = {
        {"", "holds no certificate"},
        {"hello\n", "holds no certificate"},
        {m.key, "holds a private key"},
        {arena_fmt(a, "%s%s", m.cert, m.key), "holds a private key"},
        {cut, "cannot be read"},
        {damaged, "cannot be read"},
        {arena_fmt(a, "%s%s", m.cert, damaged), "certificate 2 of 'x.pem'"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct pem_certs certs;
        AUTO(error) struct error *e = NULL;
        assert_false(pem_parse(a, str_from(cases[i].text), "x.pem", &certs, &e));
        assert_int_equal(e->code, ERR_SEAL);
        if (strstr(e->msg, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, e->msg);
    }
}

static const char *write_temp(struct arena *a, const char *dir, const char *name, const char *text)
{
    AUTO(error) struct error *e = NULL;
    const char *path = arena_fmt(a, "%s/%s", dir, name);
    assert_true(io_write_file(path, str_from(text), 0600, &e));
    return path;
}

static struct opt_strings strings(struct arena *a, const char *one)
{
    const char **ptr = arena_new_array(a, const char *, 1);
    ptr[0] = one;
    return (struct opt_strings){.ptr = ptr, .len = one == NULL ? 0 : 1};
}

/* What the sealer says of a configuration, before any build. */
static void checks_configurations(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *e = NULL;
    AUTO(made) struct made good = make_cert("Good", true, -DAY, DAY);
    AUTO(made) struct made old = make_cert("Old", true, -2 * DAY, -DAY);
    AUTO(made) struct made leaf = make_cert("Leaf", false, -DAY, DAY);
    AUTO(made) struct made early = make_cert("Early", true, DAY, 2 * DAY);
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-pem-", &e);
    const struct {
        const char *disable, *enable, *ca, *root, *lock, *path, *host, *zone;
        size_t errors, warnings;
        const char *says;
    } cases[] = {
        {.errors = 0},
        {.disable = "machine-id", .enable = "fstrim", .errors = 0},
        {.disable = "machine_id", .errors = 1, .says = "Did you mean \"machine-id\"?"},
        {.enable = "bash-history", .errors = 1, .says = "no sealing operation \"bash-history\""},
        {.disable = "build-account", .errors = 1, .says = "build's own credentials"},
        {.ca = write_temp(a, dir, "good.pem", good.cert), .errors = 0},
        {.ca = write_temp(a, dir, "old.pem", old.cert), .errors = 1, .says = "expired at"},
        {.ca = write_temp(a, dir, "leaf.pem", leaf.cert), .errors = 1, .says = "may not sign"},
        {.ca = write_temp(a, dir, "early.pem", early.cert), .warnings = 1},
        {.ca = write_temp(a, dir, "key.pem", good.key), .errors = 1},
        {.ca = "/nonexistent/ca.pem", .errors = 1},
        {.root = "locked"},
        {.root = "disabled"},
        {.root = "crypt:$6$salt$hash"},
        {.root = "crypt:", .errors = 1, .says = "crypt(5)"},
        {.root = "crypt:a:b", .errors = 1},
        {.root = "crypt:a\nb", .errors = 1},
        {.root = "secret", .errors = 1, .says = "\"locked\", \"disabled\""},
        {.lock = "bob"},
        {.lock = "bob:x", .errors = 1},
        {.lock = "", .errors = 1},
        {.path = "/opt/x*"},
        {.path = "/", .errors = 1},
        {.path = "/*", .errors = 1},
        {.path = "opt", .errors = 1},
        {.path = "", .errors = 1},
        {.host = "web-1.corp"},
        {.host = "we b", .errors = 1},
        {.zone = "Europe/Berlin"},
        {.zone = "../../etc/shadow", .errors = 1},
        {.zone = "/etc/x", .errors = 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct diags d;
        diags_init(&d, a);
        struct seal_config c = {.enabled = true,
                                .disable = strings(a, cases[i].disable),
                                .enable = strings(a, cases[i].enable),
                                .ca_certificates = strings(a, cases[i].ca),
                                .root_password = cases[i].root,
                                .lock_accounts = strings(a, cases[i].lock),
                                .delete_paths = strings(a, cases[i].path),
                                .hostname = cases[i].host,
                                .timezone = cases[i].zone};
        bool ok = registry_sealer()->check(&c, NULL, &d);
        assert_int_equal(ok, cases[i].errors == 0);
        if (d.errors != cases[i].errors || d.warnings != cases[i].warnings)
            fail_msg("case %zu: %zu errors, %zu warnings", i, d.errors, d.warnings);
        if (cases[i].says != NULL && strstr(d.list.ptr[0]->detail, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, d.list.ptr[0]->detail);
    }
    io_remove_tree(dir, &e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_certificates),
        cmocka_unit_test(reads_chains_and_finds_them),
        cmocka_unit_test(refuses_what_is_no_certificate),
        cmocka_unit_test(checks_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
