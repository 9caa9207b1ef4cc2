/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"

#define READ_SIZE ((size_t)1 << 20)

static const struct {
    const char *name;
    size_t hex_length;
    const EVP_MD *(*md)(void);
} kinds[] = {
    [HASH_MD5] = {"md5", 32, EVP_md5},
    [HASH_SHA1] = {"sha1", 40, EVP_sha1},
    [HASH_SHA256] = {"sha256", 64, EVP_sha256},
    [HASH_SHA512] = {"sha512", 128, EVP_sha512},
};

/* The object is OpenSSL's context under our name. */
static EVP_MD_CTX *context(struct hash *h)
{
    return (EVP_MD_CTX *)h;
}

struct hash *hash_new(enum hash_kind kind)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestInit_ex(ctx, kinds[kind].md(), NULL) != 1)
        BUG("OpenSSL has no such digest");
    return (struct hash *)ctx;
}

void hash_add(struct hash *h, const void *data, size_t len)
{
    if (len > 0 && EVP_DigestUpdate(context(h), data, len) != 1)
        BUG("digest failed");
}

static void to_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void hash_end(struct hash *h, char out[HASH_HEX_MAX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;
    if (EVP_DigestFinal_ex(context(h), digest, &len) != 1 || 2 * len >= HASH_HEX_MAX)
        BUG("digest failed");
    to_hex(digest, len, out);
    hash_free(h);
}

void hash_free(struct hash *h)
{
    EVP_MD_CTX_free(context(h));
}

void hash_bytes(enum hash_kind kind, str data, char out[HASH_HEX_MAX])
{
    struct hash *h = hash_new(kind);
    hash_add(h, data.ptr, data.len);
    hash_end(h, out);
}

/* One read(2) into BUF: bytes, 0 at the end, -1 with errno. */
static ssize_t read_some(int fd, char *buf)
{
    ssize_t got;
    if (fault("hash.read")) {
        errno = EIO;
        return -1;
    }
    do
        got = read(fd, buf, READ_SIZE);
    while (got < 0 && errno == EINTR);
    return got;
}

bool hash_file(enum hash_kind kind, const char *path, struct cancel *c,
               void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
               char out[HASH_HEX_MAX], struct error **err)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open '%s'",
                         path);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    AUTO(hash) struct hash *h = hash_new(kind);
    autofree char *buf = xmalloc(READ_SIZE);
    uint64_t done = 0;
    for (;;) {
        if (cancel_test(c))
            return cancel_error(c, err, "computing a checksum");
        ssize_t got = read_some(fd, buf);
        if (got < 0)
            return error_set(err, ERR_IO, errno, "cannot read '%s'", path);
        if (got == 0)
            break;
        hash_add(h, buf, (size_t)got);
        done += (uint64_t)got;
        if (progress != NULL)
            progress(arg, done, MAX(done, (uint64_t)st.st_size));
    }
    hash_end(steal(&h), out);
    return true;
}

const char *hash_name(enum hash_kind kind)
{
    return kinds[kind].name;
}

bool hash_parse_name(str name, enum hash_kind *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (str_eq_nocase(name, str_from(kinds[i].name))) {
            *out = (enum hash_kind)i;
            return true;
        }
    }
    return false;
}

size_t hash_hex_length(enum hash_kind kind)
{
    return kinds[kind].hex_length;
}

void hash_random(void *out, size_t len)
{
    unsigned char *p = out;
    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            BUG("the system has no random numbers");
        p += got;
        len -= (size_t)got;
    }
}

/* Identifiers are no secrets: IMGFAC_SEED makes them repeat for tests. */
static void random_identifier(unsigned char out[16])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned long count;
    const char *seed = getenv("IMGFAC_SEED");
    if (seed == NULL) {
        hash_random(out, 16);
        return;
    }
    pthread_mutex_lock(&lock);
    autofree char *text = xasprintf("%s/%lu", seed, count++);
    pthread_mutex_unlock(&lock);
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1)
        BUG("digest failed");
    memcpy(out, digest, 16);
}

/* RFC 9562 section 5.4. */
void hash_uuid4(char out[UUID_SIZE])
{
    unsigned char id[16];
    char hex[33];
    random_identifier(id);
    id[6] = (unsigned char)((id[6] & 0x0f) | 0x40);
    id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
    to_hex(id, sizeof(id), hex);
    snprintf(out, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

/* Add one to the random part, so that identifiers of one millisecond sort in
 * the order they were made. */
static void increment(unsigned char random[10])
{
    for (int i = 9; i >= 0 && ++random[i] == 0; i--)
        continue;
}

/* 48 bits of milliseconds, 80 random bits, as 26 digits of 5 bits of which the
 * first holds 3 (github.com/ulid/spec). */
void hash_ulid(char out[ULID_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int64_t last_ms = -1;
    static unsigned char random[10];
    unsigned char id[16];
    random_identifier(id);
    id[6] &= 0x7f; /* increments cannot overflow */
    pthread_mutex_lock(&lock);
    int64_t ms = MAX(clock_wall() / NS_PER_MS, INT64_C(0));
    if (ms == last_ms)
        increment(random);
    else
        memcpy(random, id + 6, sizeof(random));
    last_ms = ms;
    memcpy(id + 6, random, sizeof(random));
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)((uint64_t)ms >> (40 - 8 * i));
    for (int i = 0; i < ULID_SIZE - 1; i++) {
        unsigned value = 0;
        for (int bit = i * 5 - 2; bit < i * 5 + 3; bit++)
            value = value << 1 | (bit < 0 ? 0U : (id[bit / 8] >> (7 - bit % 8)) & 1U);
        out[i] = digits[value];
    }
    out[ULID_SIZE - 1] = '\0';
}
