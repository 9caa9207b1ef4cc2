/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <crypt.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/random.h>
#include <uuid/uuid.h>

#include "base/hash.h"
#include "base/mem.h"
#include "hcl/fs_util.h"

static bool digest(struct func_call *call, enum hash_kind kind, value *out)
{
    char hex[HASH_HEX_MAX];
    hash_bytes(kind, arg_str(call, 0), hex);
    *out = value_stringz(call->arena, hex);
    return true;
}

static bool fn_md5(struct func_call *call, value *out)
{
    return digest(call, HASH_MD5, out);
}

static bool fn_sha1(struct func_call *call, value *out)
{
    return digest(call, HASH_SHA1, out);
}

static bool fn_sha256(struct func_call *call, value *out)
{
    return digest(call, HASH_SHA256, out);
}

static bool fn_sha512(struct func_call *call, value *out)
{
    return digest(call, HASH_SHA512, out);
}

/* --- bcrypt --- */

#define BCRYPT_DEFAULT_COST 10
#define BCRYPT_MIN_COST     4
#define BCRYPT_MAX_COST     18 /* half a minute; each step doubles it */
#define BCRYPT_MAX_BYTES    72

static bool fn_bcrypt(struct func_call *call, value *out)
{
    int64_t cost = BCRYPT_DEFAULT_COST;
    str s = arg_str(call, 0);
    char salt[CRYPT_GENSALT_OUTPUT_SIZE], random[16];
    if (call->len > 1 && !arg_int(call, 1, &cost))
        return false;
    if (cost > BCRYPT_MAX_COST)
        return func_error(call, 1, "a cost of %lld is above the limit of %d", (long long)cost,
                          BCRYPT_MAX_COST);
    if (cost < BCRYPT_MIN_COST)
        cost = BCRYPT_DEFAULT_COST;
    if (s.len > BCRYPT_MAX_BYTES || memchr(s.ptr, '\0', s.len) != NULL)
        return func_error(call, 0, "bcrypt takes at most %d bytes and no NUL among them",
                          BCRYPT_MAX_BYTES);
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return func_error(call, -1, "no random numbers can be had from the system");
    autofree struct crypt_data *data = xnew(struct crypt_data);
    char *hash = NULL;
    if (crypt_gensalt_rn("$2a$", (unsigned long)cost, random, sizeof(random), salt, sizeof(salt)))
        hash = crypt_r(s.ptr, salt, data);
    bool ok = hash != NULL && hash[0] != '*';
    if (ok)
        *out = value_stringz(call->arena, hash);
    explicit_bzero(data, sizeof(*data));
    return ok || func_error(call, -1, "the system's crypt library does not support bcrypt");
}

/* --- RSA --- */

static void free_pkey(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

static void free_pkey_ctx(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}

static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    *(bool *)arg = true;
    return -1;
}

static EVP_PKEY *read_key(struct func_call *call)
{
    str key = arg_str(call, 1);
    bool encrypted = false;
    BIO *bio = BIO_new_mem_buf(key.ptr, (int)key.len);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &encrypted);
    BIO_free(bio);
    ERR_clear_error();
    if (encrypted)
        func_error(call, 1,
                   "failed to parse key: password protected keys are not supported; "
                   "decrypt the key prior to use");
    else if (pkey == NULL)
        func_error(call, 1, "failed to parse key: no key found");
    return pkey;
}

static bool decrypt(EVP_PKEY *pkey, str in, struct strbuf *out)
{
    __attribute__((cleanup(free_pkey_ctx))) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    size_t len = 0;
    const unsigned char *data = (const unsigned char *)in.ptr;
    if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
        EVP_PKEY_decrypt(ctx, NULL, &len, data, in.len) <= 0)
        return false;
    char *dest = strbuf_reserve(out, len);
    if (dest == NULL || EVP_PKEY_decrypt(ctx, (unsigned char *)dest, &len, data, in.len) <= 0)
        return false;
    strbuf_grew(out, len);
    return true;
}

static bool fn_rsadecrypt(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf in = RESULT_BUF, sb = RESULT_BUF;
    size_t bad;
    if (!base64_decode(arg_str(call, 0), &in, &bad))
        return func_error(call, 0, "failed to decode input: cipher text must be base64-encoded");
    __attribute__((cleanup(free_pkey))) EVP_PKEY *pkey = read_key(call);
    if (pkey == NULL)
        return false;
    bool ok = decrypt(pkey, strbuf_str(&in), &sb);
    ERR_clear_error();
    return ok ? result_string(call, &sb, out)
              : func_error(call, 0, "the cipher text was not made for this key");
}

/* --- UUIDs --- */

static bool result_uuid(struct func_call *call, const uuid_t id, value *out)
{
    char text[UUID_STR_LEN];
    uuid_unparse_lower(id, text);
    *out = value_stringz(call->arena, text);
    return true;
}

static bool fn_uuidv4(struct func_call *call, value *out)
{
    uuid_t id;
    uuid_generate_random(id);
    return result_uuid(call, id, out);
}

static bool fn_uuidv5(struct func_call *call, value *out)
{
    str space = arg_str(call, 0), name = arg_str(call, 1);
    const uuid_t *known = uuid_get_template(space.ptr);
    uuid_t id, given;
    if (known != NULL)
        uuid_copy(given, *known);
    else if (uuid_parse(space.ptr, given) != 0)
        return func_error(call, 0,
                          "uuidv5() doesn't support namespace %.*s: it must be dns, url, oid, x500 "
                          "or a UUID",
                          STR_FMT(space));
    uuid_generate_sha1(id, given, name.ptr, name.len);
    return result_uuid(call, id, out);
}

#define HASH_FUNC(fn_name, text, ex, want)                                                         \
    .name = #fn_name, .returns = &type_string, .impl = fn_##fn_name, .group = "hash", .doc = text, \
    .example = ex, .expected = want
#define STR_PARAM .params = {{"str", &type_string, 0}}

const struct func funcs_crypto[] = {
    {HASH_FUNC(bcrypt,
               "A salted hash of a password; the cost (10) doubles the work with each step.",
               "substr(bcrypt(\"secret\", 4), 0, 7)", "\"$2a$04$\""),
     .params = {{"str", &type_string, 0}, {"cost", &type_number, 0}}, .optional = 1},
    {HASH_FUNC(md5, "The MD5 digest of the text in hexadecimal.", "md5(\"\")",
               "\"d41d8cd98f00b204e9800998ecf8427e\""),
     STR_PARAM},
    {HASH_FUNC(rsadecrypt, "The text that was encrypted for a private RSA key, given as PEM.",
               "can(rsadecrypt(\"\", \"\"))", "false"),
     .params = {{"ciphertext", &type_string, 0}, {"privatekey", &type_string, 0}}},
    {HASH_FUNC(sha1, "The SHA-1 digest of the text in hexadecimal.", "sha1(\"\")",
               "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\""),
     STR_PARAM},
    {HASH_FUNC(sha256, "The SHA-256 digest of the text in hexadecimal.",
               "substr(sha256(\"\"), 0, 8)", "\"e3b0c442\""),
     STR_PARAM},
    {HASH_FUNC(sha512, "The SHA-512 digest of the text in hexadecimal.",
               "substr(sha512(\"\"), 0, 8)", "\"cf83e135\""),
     STR_PARAM},
    {HASH_FUNC(uuidv4, "A new random UUID.", "length(uuidv4())", "36")},
    {HASH_FUNC(uuidv5, "The UUID that a name has in a namespace: dns, url, oid, x500 or a UUID.",
               "uuidv5(\"dns\", \"example.com\")", "\"cfbff0d1-9375-5685-968c-48ce8b15ae17\""),
     .params = {{"namespace", &type_string, 0}, {"name", &type_string, 0}}},
    {.name = NULL},
};
