/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/arena.h"

#define MD5    "d41d8cd98f00b204e9800998ecf8427e"
#define MD5_B  "900150983cd24fb0d6963f7d28e17f72"
#define SHA1   "a9993e364706816aba3e25717850c26c9cd0d89d"
#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_B  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define UPPER  "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
#define SHA384                                                                                     \
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"                             \
    "8086072ba1e7cc2358baeca134c825a7"
#define SHA512                                                                                     \
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                             \
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static void options_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum hash_kind kind;
        const char *hex;
    } cases[] = {
        {MD5, HASH_MD5, MD5},
        {SHA1, HASH_SHA1, SHA1},
        {SHA256, HASH_SHA256, SHA256},
        {SHA512, HASH_SHA512, SHA512},
        {UPPER, HASH_SHA256, SHA_B},
        {"md5:" MD5, HASH_MD5, MD5},
        {"sha1:" SHA1, HASH_SHA1, SHA1},
        {"sha256:" UPPER, HASH_SHA256, SHA_B},
        {"SHA512:" SHA512, HASH_SHA512, SHA512},
        {" " SHA256 "\n", HASH_SHA256, SHA256},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct checksum out;
        assert_true(checksum_parse(a, str_from(cases[i].in), &out, &err));
        assert_false(out.is_none);
        assert_null(out.file);
        assert_int_equal(out.kind, cases[i].kind);
        assert_string_equal(out.hex, cases[i].hex);
    }
}

static void none_and_files(void **state)
{
    (void)state;
    static const struct {
        const char *in, *file;
    } cases[] = {
        {"file:./SHA256SUMS", "./SHA256SUMS"},
        {"file:file://./x", "file://./x"},
        {"file:https://example.org/a?b=c", "https://example.org/a?b=c"},
        {"file:a b", "a b"},
        {"none", NULL},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct checksum out;
        assert_true(checksum_parse(a, str_from(cases[i].in), &out, &err));
        assert_int_equal(out.is_none, cases[i].file == NULL);
        assert_string_equal(out.hex, "");
        if (cases[i].file != NULL)
            assert_string_equal(out.file, cases[i].file);
    }
}

static void options_refused(void **state)
{
    (void)state;
    static const struct {
        str in;
        const char *message;
        const char *hint; /* part of it, or NULL for no hint */
    } cases[] = {
        {{"", 0}, "a checksum must be specified", "\"none\""},
        {{NULL, 0}, "a checksum must be specified", "\"none\""},
        {{"  \n", 3}, "a checksum must be specified", "\"none\""},
        {{"x.iso", 5}, ".iso is not a valid checksum ending: \"x.iso\"", NULL},
        {{"file:x.iso", 10}, ".iso is not a valid checksum ending: \"file:x.iso\"", NULL},
        {{"file:", 5}, "no path or URL after 'file:' in the checksum", NULL},
        {{"file:a\0b", 8}, "the checksum's path holds a NUL byte: \"a\\u0000b\"", NULL},
        {{"sha384:ab", 9}, "unknown checksum type: \"sha384\"", "sha512"},
        {{":ab", 3}, "unknown checksum type: \"\"", "sha512"},
        {{"https://x", 9}, "unknown checksum type: \"https\"", "or file"},
        {{"md5:abc", 7}, "malformed checksum: \"abc\"", "md5 checksum has 32"},
        {{"sha1:", 5}, "malformed checksum: \"\"", "sha1 checksum has 40"},
        {{"md5: " MD5, 37}, "malformed checksum: \" " MD5 "\"", "has 32"},
        {{"sha256:" MD5, 39}, "malformed checksum: \"" MD5 "\"", "has 64"},
        {{"abc", 3}, "malformed checksum: \"abc\"", "sha256:<hex>"},
        {{"NONE", 4}, "malformed checksum: \"NONE\"", "\"none\""},
        {{"z41d8cd98f00b204e9800998ecf8427e", 32},
         "malformed checksum: \"z41d8cd98f00b204e9800998ecf8427e\"",
         "32, 40, 64 or 128"},
        {{"\x1b[31m\xff", 6}, "malformed checksum: \"\\u001b[31m\xef\xbf\xbd\"", "none"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct checksum out = {.file = "untouched"};
        assert_false(checksum_parse(a, cases[i].in, &out, &err));
        assert_string_equal(out.file, "untouched");
        assert_int_equal(err->code, ERR_TEMPLATE);
        assert_string_equal(err->msg, cases[i].message);
        assert_int_equal(err->hint == NULL, cases[i].hint == NULL);
        if (err->hint != NULL)
            assert_non_null(strstr(err->hint, cases[i].hint));
    }
}

/* HEX NULL: no entry; "conflict": contradicting ones. */
static const struct {
    const char *what;
    const char *text;
    const char *name;
    const char *hex;
} files[] = {
    {"GNU text", SHA256 "  a.img\n" SHA_B "  b.img\n", "b.img", SHA_B},
    {"GNU binary", SHA256 " *a.img\n" SHA_B " *b.img\n", "a.img", SHA256},
    {"no LF at the end", MD5 "  a.img", "a.img", MD5},
    {"CR LF", SHA256 "  a.img\r\n" SHA_B "  b.img\r\n", "a.img", SHA256},
    {"byte order mark", "\xef\xbb\xbf" SHA256 "  a.img\n", "a.img", SHA256},
    {"one tab", SHA256 "\ta.img\n", "a.img", SHA256},
    {"upper case", UPPER "  a.img\n", "a.img", SHA_B},
    {"./name", SHA256 "  ./a.img\n", "a.img", SHA256},
    {"absolute name", SHA256 "  /pool/a.img\n", "a.img", SHA256},
    {"wanted by path", SHA256 "  a.img\n", "https://x/y/a.img", SHA256},
    {"space in the name", SHA256 "  a b.img\n", "a b.img", SHA256},
    {"part of a name", SHA256 "  xa.img\n", "a.img", NULL},
    {"longer name", SHA256 "  a.img.sig\n", "a.img", NULL},
    {"other case", SHA256 "  A.img\n", "a.img", NULL},
    {"GNU escapes", "\\" SHA256 "  a\\\\b\\nc.img\n", "a\\b\nc.img", SHA256},
    {"no escapes without mark", SHA256 "  a\\nb\n", "a\\nb", SHA256},
    {"escaped name is shorter", "\\" SHA256 "  a\\\\b\n", "a\\bc", NULL},
    {"escaped name is longer", "\\" SHA256 "  a\\\\bc\n", "a\\b", NULL},
    {"escape at the end", "\\" SHA256 "  a\\\n", "a\\", SHA256},
    {"BSD", "MD5 (a.img) = " MD5 "\nMD5 (b.img) = " MD5_B "\n", "b.img", MD5_B},
    {"BSD, all kinds", "SHA1 (a.img) = " SHA1 "\nSHA512 (b.img) = " SHA512 "\n", "b.img", SHA512},
    {"openssl dgst", "SHA256(a.img)= " SHA256 "\n", "a.img", SHA256},
    {"BSD name like an entry", "SHA256 (a) = (b) = " SHA256 "\n", "a) = (b", SHA256},
    {"BSD length is not the kind's", "SHA256 (a.img) = " MD5 "\n", "a.img", NULL},
    {"BSD unknown kind", "RMD160 (a.img) = " SHA1 "\n", "a.img", NULL},
    {"BSD broken", "SHA256 a.img) = " SHA256 "\n= ( " SHA256 "\nSHA256 ()\n", "a.img", NULL},
    {"strongest kind", "MD5 (a) = " MD5 "\nSHA512 (a) = " SHA512 "\nSHA1 (a) = " SHA1 "\n", "a",
     SHA512},
    {"unknown kind is skipped", SHA384 "  a.img\n" SHA256 "  a.img\n", "a.img", SHA256},
    {"same entry twice", SHA256 "  a\n" SHA256 " *./a\n", "a", SHA256},
    {"contradiction", SHA256 "  a\n" SHA_B "  a\n", "a", "conflict"},
    {"contradiction in folders", SHA256 "  x/a\n" SHA_B "  y/a\n", "a", "conflict"},
    {"contradiction of a weaker kind", MD5 "  a\n" MD5_B "  a\n" SHA256 "  a\n", "a", SHA256},
    {"lone", SHA256, "a.img", SHA256},
    {"lone with space", "\n  " MD5 " \n\n", "a.img", MD5},
    {"lone from a pipe", SHA256 "  -\n", "a.img", SHA256},
    {"lone with a comment", "# made today\n" SHA256 "\n", "a.img", SHA256},
    {"two lone ones", SHA256 "\n" SHA_B "\n", "a.img", NULL},
    {"lone beside another's", SHA256 "\n" SHA_B "  b.img\n", "a.img", NULL},
    {"clear-signed",
     "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# a.img: 123 bytes\n"
     "SHA256 (a.img) = " SHA256 "\n-----BEGIN PGP SIGNATURE-----\n\niQIz=\n",
     "a.img", SHA256},
    {"empty file", "", "a.img", NULL},
    {"blank lines", "\n\r\n \t\n", "a.img", NULL},
    {"a web page", "<html><body>404 (not found) = sorry</body></html>", "a.img", NULL},
    {"empty name wanted", SHA256 "  x/\n", "", NULL},
    {"folder wanted", SHA256 "  x/\n", "x/", NULL},
    {"one digit short", "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n", "a",
     NULL},
    {"one digit more", "0" SHA256 "  a\n", "a", NULL},
};

static void entries_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO(error) struct error *err = NULL;
        struct checksum out = {.file = "untouched"};
        bool expected = files[i].hex != NULL && strcmp(files[i].hex, "conflict") != 0;
        bool ok =
            checksum_find_in_file(str_from(files[i].text), str_from(files[i].name), &out, &err);
        if (ok != expected || (ok && strcmp(out.hex, files[i].hex) != 0))
            fail_msg("%s: %d '%s'", files[i].what, ok, out.hex);
        if (ok) {
            assert_int_equal(strlen(out.hex), hash_hex_length(out.kind));
            assert_null(out.file);
            continue;
        }
        assert_string_equal(out.file, "untouched");
        assert_int_equal(err->code, ERR_CHECKSUM);
        bool is_conflict = strstr(err->msg, "different digests") != NULL;
        if (is_conflict != (files[i].hex != NULL))
            fail_msg("%s: %s", files[i].what, err->msg);
    }
}

static void hostile_bytes(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct checksum out;
    assert_false(checksum_find_in_file(STR(SHA256 "  a\0b\n"), STR("a"), &out, &err));
    error_drop(&err);
    assert_true(checksum_find_in_file(STR("\0\n" SHA256 "  a\0b\n"), STR("a\0b"), &out, &err));
    assert_false(checksum_find_in_file(STR("\xff\xfe("), STR("\x1b[2J"), &out, &err));
    assert_string_equal(err->msg, "the checksum file has no entry for: \"\\u001b[2J\"");
    error_drop(&err);
    assert_false(checksum_find_in_file((str){NULL, 0}, (str){NULL, 0}, &out, &err));
    error_drop(&err);
    AUTO(arena) struct arena *a = arena_new("test");
    enum { LENGTH = 1 << 20 };
    char *long_name = arena_alloc(a, LENGTH);
    memset(long_name, 'x', LENGTH);
    assert_false(
        checksum_find_in_file((str){long_name, LENGTH}, (str){long_name, LENGTH}, &out, &err));
    assert_true(strlen(err->msg) < 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_accepted), cmocka_unit_test(none_and_files),
        cmocka_unit_test(options_refused),  cmocka_unit_test(entries_found),
        cmocka_unit_test(hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
