/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"

/* FIPS 180-4 and RFC 1321 examples. */
static void known_digests(void **state)
{
    (void)state;
    static const struct {
        enum hash_kind kind;
        str in;
        const char *hex;
    } cases[] = {
        {HASH_MD5, {"", 0}, "d41d8cd98f00b204e9800998ecf8427e"},
        {HASH_MD5, {"abc", 3}, "900150983cd24fb0d6963f7d28e17f72"},
        {HASH_SHA1, {"abc", 3}, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {HASH_SHA256, {"", 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {HASH_SHA256,
         {"abc", 3},
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {HASH_SHA512,
         {"abc", 3},
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
         "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char out[HASH_HEX_MAX];
        hash_bytes(cases[i].kind, cases[i].in, out);
        assert_string_equal(out, cases[i].hex);
        assert_int_equal(strlen(out), hash_hex_length(cases[i].kind));
    }
}

static void pieces_are_one_text(void **state)
{
    (void)state;
    char whole[HASH_HEX_MAX], parts[HASH_HEX_MAX];
    hash_bytes(HASH_SHA256, STR("a\0bc"), whole);
    struct hash *h = hash_new(HASH_SHA256);
    hash_add(h, "a\0", 2);
    hash_add(h, NULL, 0);
    hash_add(h, "bc", 2);
    hash_end(h, parts);
    assert_string_equal(parts, whole);
    AUTO(hash) struct hash *unused = hash_new(HASH_MD5);
    hash_add(unused, "x", 1);
}

static void names(void **state)
{
    (void)state;
    for (int i = HASH_MD5; i <= HASH_SHA512; i++) {
        enum hash_kind kind;
        assert_true(hash_parse_name(str_from(hash_name((enum hash_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    enum hash_kind kind;
    assert_true(hash_parse_name(STR("SHA512"), &kind));
    assert_int_equal(kind, HASH_SHA512);
    assert_false(hash_parse_name(STR("sha384"), &kind));
    assert_false(hash_parse_name(STR(""), &kind));
    assert_false(hash_parse_name(STR("sha256 "), &kind));
}

struct seen {
    int calls;
    uint64_t done, total;
    struct cancel *trigger;
};

static void note_progress(void *arg, uint64_t done, uint64_t total)
{
    struct seen *seen = arg;
    assert_true(done > seen->done && done <= total);
    seen->calls++;
    seen->done = done;
    seen->total = total;
    if (seen->trigger != NULL)
        cancel_trigger(seen->trigger, CANCEL_USER);
}

#define FILE_SIZE ((size_t)(2 << 20) + 5)
#define PATH_SIZE 512

/* A file of zeros; the caller unlinks it. */
static void make_file(char path[PATH_SIZE])
{
    assert_true(snprintf(path, PATH_SIZE, "%s/imgfac-test-hash-XXXXXX", io_temp_root()) <
                PATH_SIZE);
    autoclose int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, FILE_SIZE), 0);
}

static void files(void **state)
{
    (void)state;
    char path[PATH_SIZE], out[HASH_HEX_MAX], expected[HASH_HEX_MAX];
    AUTO(error) struct error *err = NULL;
    struct seen seen = {0};
    make_file(path);
    autofree char *zeros = calloc(1, FILE_SIZE);
    hash_bytes(HASH_SHA256, (str){zeros, FILE_SIZE}, expected);
    assert_true(hash_file(HASH_SHA256, path, NULL, note_progress, &seen, out, &err));
    assert_string_equal(out, expected);
    assert_int_equal(seen.calls, 3);
    assert_int_equal(seen.done, FILE_SIZE);
    assert_int_equal(seen.total, FILE_SIZE);
    assert_true(hash_file(HASH_SHA256, path, NULL, NULL, NULL, out, &err));
    assert_string_equal(out, expected);
    unlink(path);
}

static void file_errors(void **state)
{
    (void)state;
    char path[PATH_SIZE], out[HASH_HEX_MAX] = "untouched";
    struct error *err = NULL;
    assert_false(hash_file(HASH_MD5, "/no/such/file", NULL, NULL, NULL, out, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
    assert_non_null(strstr(err->msg, "'/no/such/file'"));
    error_drop(&err);
    assert_false(hash_file(HASH_MD5, "/", NULL, NULL, NULL, out, &err));
    assert_int_equal(err->code, ERR_IO);
    error_drop(&err);
    make_file(path);
    autofree char *next = xasprintf("%lu", fault_count() + 2);
    setenv("IMGFAC_FAULT", next, 1);
    assert_false(hash_file(HASH_MD5, path, NULL, NULL, NULL, out, &err));
    unsetenv("IMGFAC_FAULT");
    assert_int_equal(err->code, ERR_IO);
    assert_int_equal(err->errnum, EIO);
    error_drop(&err);
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    struct seen seen = {.trigger = c};
    assert_false(hash_file(HASH_MD5, path, c, note_progress, &seen, out, &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_int_equal(seen.calls, 1);
    error_drop(&err);
    assert_string_equal(out, "untouched");
    unlink(path);
}

static void random_bytes(void **state)
{
    (void)state;
    unsigned char a[300] = {0}, b[300] = {0};
    hash_random(a, 0);
    assert_int_equal(a[0], 0);
    hash_random(a, sizeof(a));
    hash_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(a + 150, b + 150, 150);
}

static void uuids(void **state)
{
    (void)state;
    char a[UUID_SIZE], b[UUID_SIZE];
    for (int i = 0; i < 100; i++) {
        hash_uuid4(a);
        hash_uuid4(b);
        assert_string_not_equal(a, b);
        assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
        assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
    }
}

static void ulids(void **state)
{
    (void)state;
    char previous[ULID_SIZE] = "", id[ULID_SIZE];
    setenv("IMGFAC_CLOCK", "2016-07-30T23:54:10.259Z", 1); /* the example of the ulid spec */
    for (int i = 0; i < 1000; i++) {
        hash_ulid(id);
        assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
        assert_memory_equal(id, "01ARZ3NDEK", 10);
        assert_true(strcmp(previous, id) < 0);
        memcpy(previous, id, sizeof(id));
    }
    setenv("IMGFAC_CLOCK", "2016-07-30T23:54:10.260Z", 1);
    hash_ulid(id);
    assert_true(strcmp(previous, id) < 0);
    unsetenv("IMGFAC_CLOCK");
}

static void seeded_identifiers_repeat(void **state)
{
    (void)state;
    char a[UUID_SIZE], b[UUID_SIZE];
    unsigned char secret[16], other[16];
    setenv("IMGFAC_SEED", "7", 1);
    hash_uuid4(a);
    hash_uuid4(b);
    assert_string_not_equal(a, b);
    assert_string_equal(a, "19b6554d-aa8a-49aa-81ab-0cf47011177d");
    hash_random(secret, sizeof(secret));
    hash_random(other, sizeof(other));
    assert_memory_not_equal(secret, other, sizeof(secret));
    unsetenv("IMGFAC_SEED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(pieces_are_one_text),
        cmocka_unit_test(names),
        cmocka_unit_test(files),
        cmocka_unit_test(file_errors),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(uuids),
        cmocka_unit_test(ulids),
        cmocka_unit_test(seeded_identifiers_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
