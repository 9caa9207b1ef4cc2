/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_HASH_H
#define IMGFAC_BASE_HASH_H

/* Digests over OpenSSL's EVP.  Digests are printed as lower-case hexadecimal,
 * NUL-terminated. */

#include "base/cancel.h"
#include "base/str.h"

enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512 };
#define HASH_HEX_MAX 129 /* sha512 and NUL */

struct hash;
struct hash *hash_new(enum hash_kind kind) ATTR_RETURNS_NONNULL;
void hash_add(struct hash *h, const void *data, size_t len);
/* Writes the digest and frees H. */
void hash_end(struct hash *h, char out[HASH_HEX_MAX]);
void hash_free(struct hash *h);
DEFINE_AUTO(hash, struct hash *, hash_free);

void hash_bytes(enum hash_kind kind, str data, char out[HASH_HEX_MAX]);
/* PROGRESS (may be NULL) gets bytes done of total. */
bool hash_file(enum hash_kind kind, const char *path, struct cancel *c,
               void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
               char out[HASH_HEX_MAX], struct error **err);
const char *hash_name(enum hash_kind kind); /* "sha256" */
bool hash_parse_name(str name, enum hash_kind *out);
/* Hexadecimal digits of a digest: md5 32, sha1 40, sha256 64, sha512 128. */
size_t hash_hex_length(enum hash_kind kind);

/* A checksum as in `iso_checksum`: "none", "<hex>" (kind by length),
 * "sha256:<hex>", "file:<path or url>".  Source: Packer's grammar. */
struct checksum {
    bool is_none;
    enum hash_kind kind;
    char hex[HASH_HEX_MAX];
    const char *file; /* path or URL after "file:", in the arena; else NULL */
};
bool checksum_parse(struct arena *a, str text, struct checksum *out, struct error **err);
/* Find the entry of NAME (base name compared) in the text of a checksum file:
 * GNU "hash [*]name", BSD "SHA256 (name) = hash", or a lone hash. */
bool checksum_find_in_file(str text, str name, struct checksum *out, struct error **err);

/* Random bytes and identifiers. */
void hash_random(void *out, size_t len);
#define UUID_SIZE 37
void hash_uuid4(char out[UUID_SIZE]);
/* ULID: 26 characters of Crockford base 32, sortable by time. */
#define ULID_SIZE 27
void hash_ulid(char out[ULID_SIZE]);

#endif
