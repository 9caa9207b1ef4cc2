/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "cache/download.h"
#include "tests/fakes/web_fake.h"

#define DOCUMENT "the installer"

static char *dir, *cache;
static char sum[16 + HASH_HEX_MAX]; /* "sha256:..." of DOCUMENT */

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    char hex[HASH_HEX_MAX];
    (void)state;
    dir = io_make_temp_dir(io_temp_root(), "imgfac-test-download-", &err);
    cache = io_path_join(dir, "cache");
    hash_bytes(HASH_SHA256, STR(DOCUMENT), hex);
    snprintf(sum, sizeof(sum), "sha256:%s", hex);
    unsetenv("http_proxy");
    return dir == NULL;
}

static int remove_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    io_remove_tree(dir, &err);
    free(dir);
    free(cache);
    return err != NULL;
}

static int clear_cache(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    return !io_remove_tree(cache, &err);
}

static struct download job(const char **urls, size_t count, const char *checksum)
{
    return (struct download){
        .urls = {urls, count}, .checksum = checksum, .cache_dir = cache, .extension = "iso"};
}

static void expect_content(const char *path)
{
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf got = STRBUF_INIT;
    assert_true(io_read_file(path, 1 << 20, &got, &err));
    assert_string_equal(got.buf, DOCUMENT);
}

static void put(const char *path, const char *text)
{
    AUTO(error) struct error *err = NULL;
    assert_true(io_write_file(path, str_from(text), 0644, &err));
}

static void fetched_once_and_mended_when_damaged(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake web = {.document = STR(DOCUMENT)};
    struct downloaded got;
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x.iso");
    const char *urls[] = {url};
    struct download d = job(urls, 1, sum);

    assert_true(download_file(&d, a, &got, &err));
    assert_false(got.was_cached || got.in_place);
    assert_string_equal(got.checksum, sum);
    expect_content(got.path);
    assert_true(download_file(&d, a, &got, &err));
    assert_true(got.was_cached);
    assert_int_equal(web.requests, 1);

    put(got.path, "damaged      ");
    assert_true(download_file(&d, a, &got, &err));
    expect_content(got.path);
    assert_int_equal(web.requests, 2);
    web_fake_stop(&web);
}

static void a_cut_download_goes_on(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake web = {.document = STR(DOCUMENT)};
    struct downloaded got;
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x.iso");
    const char *urls[] = {url};
    struct download d = job(urls, 1, sum);
    autofree char *part = xasprintf("%s/sha256-%s.iso.part", cache, sum + 7);

    assert_true(io_mkdir_p(cache, 0755, &err));
    put(part, "the ins");
    assert_true(download_file(&d, a, &got, &err));
    web_fake_stop(&web);
    expect_content(got.path);
    assert_int_equal(web.bytes_sent, strlen(DOCUMENT) - 7);
    assert_false(io_exists(part));
}

static void next_url_is_tried(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake good = {.document = STR(DOCUMENT)}, bad = {.document = STR("another file!")};
    struct downloaded got;
    web_fake_start(&good);
    web_fake_start(&bad);
    autofree char *missing = web_fake_url(&good, "missing");
    autofree char *wrong = web_fake_url(&bad, "x.iso");
    autofree char *right = web_fake_url(&good, "x.iso");
    const char *urls[] = {missing, wrong, right};
    struct download d = job(urls, 3, sum);

    assert_true(download_file(&d, a, &got, &err));
    assert_string_equal(got.url, right);
    expect_content(got.path);
    assert_true(clear_cache(NULL) == 0);
    d.urls.len = 2;
    assert_false(download_file(&d, a, &got, &err));
    assert_int_equal(err->code, ERR_CHECKSUM);
    assert_non_null(error_first_hint(err));
    web_fake_stop(&good);
    web_fake_stop(&bad);
}

static void local_files_are_used_in_place(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    autofree char *path = io_path_join(dir, "local.iso");
    autofree char *url = xasprintf("file://%s", path);
    autofree char *list = io_path_join(dir, "SUMS");
    autofree char *lines = xasprintf("%064d *other.iso\n%s  local.iso\n", 1, sum + 7);
    autofree char *from_list = xasprintf("file:%s", list);
    struct downloaded got;
    const char *urls[] = {url};

    put(path, DOCUMENT);
    put(list, lines);
    const char *const sums[] = {sum, sum + 7, "none", from_list};
    for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
        struct download d = job(urls, 1, sums[i]);
        assert_true(download_file(&d, a, &got, &err));
        assert_true(got.in_place);
        assert_string_equal(got.path, path);
    }
    urls[0] = path;
    struct download d = job(urls, 1, "md5:00000000000000000000000000000000");
    assert_false(download_file(&d, a, &got, &err));
    assert_int_equal(err->code, ERR_CHECKSUM);
    assert_true(io_exists(path)); /* the user's own file is never removed */
    error_drop(&err);
    urls[0] = "/nonexistent.iso";
    assert_false(download_file(&d, a, &got, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
    error_drop(&err);
    urls[0] = "s3://bucket/x.iso";
    assert_false(download_file(&d, a, &got, &err));
    assert_int_equal(err->code, ERR_TEMPLATE);
}

static void url_parameter_and_mirror(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake web = {.document = STR(DOCUMENT)};
    struct downloaded got;
    web_fake_start(&web);
    autofree char *mirror = web_fake_url(&web, "mirror/");
    struct opt_pair pairs[] = {{"https://a.example/", "http://wrong.example/"},
                               {"https://a.example/pool/", mirror}};
    struct opt_map mirrors = {pairs, 2};
    autofree char *url = xasprintf("https://a.example/pool/x.iso?checksum=%s&a=b", sum);
    const char *urls[] = {url};
    struct download d = job(urls, 1, "none");
    d.mirrors = &mirrors;

    assert_true(download_file(&d, a, &got, &err));
    web_fake_stop(&web);
    assert_string_equal(got.checksum, sum);
    expect_content(got.path);
}

#define BIG ((size_t)1 << 20)

static char *big_document(char *sum_out, size_t size)
{
    char hex[HASH_HEX_MAX];
    char *text = xmalloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        text[i] = (char)('a' + (i * 7 + i / 251) % 26);
    hash_bytes(HASH_SHA256, (str){text, BIG}, hex);
    snprintf(sum_out, size, "sha256:%s", hex);
    return text;
}

/* The connection breaks at 60 % and the server is gone; the next run fetches
 * the rest alone. */
static void the_next_run_fetches_the_rest(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    char expected[16 + HASH_HEX_MAX];
    autofree char *text = big_document(expected, sizeof(expected));
    struct web_fake dying = {.document = {text, BIG}, .cut_after = BIG / 10 * 6, .deaf_after = 1};
    struct web_fake back = {.document = {text, BIG}};
    struct downloaded got;
    web_fake_start(&dying);
    autofree char *url = web_fake_url(&dying, "x.iso");
    const char *urls[] = {url};
    struct download d = job(urls, 1, expected);
    d.attempts = 1;
    assert_false(download_file(&d, a, &got, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    error_drop(&err);
    web_fake_stop(&dying);

    web_fake_start(&back);
    autofree char *again = web_fake_url(&back, "elsewhere/x.iso");
    urls[0] = again;
    assert_true(download_file(&d, a, &got, &err));
    web_fake_stop(&back);
    assert_string_equal(got.checksum, expected);
    assert_true(back.bytes_sent <= BIG * 41 / 100);
    assert_int_equal(back.requests, 1);
}

/* What an earlier run left is no beginning of this file. */
static void a_wrong_piece_is_fetched_again(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake web = {.document = STR(DOCUMENT)};
    struct downloaded got;
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x.iso");
    const char *urls[] = {url};
    struct download d = job(urls, 1, sum);
    autofree char *part = xasprintf("%s/sha256-%s.iso.part", cache, sum + 7);
    assert_true(io_mkdir_p(cache, 0755, &err));
    put(part, "<html>");
    assert_true(download_file(&d, a, &got, &err));
    web_fake_stop(&web);
    expect_content(got.path);
    assert_int_equal(web.requests, 2);
}

static void nothing_wrong_is_kept(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake one = {.document = STR("another file")},
                    two = {.document = STR("and one more")};
    struct downloaded got;
    web_fake_start(&one);
    web_fake_start(&two);
    autofree char *a_url = web_fake_url(&one, "x.iso");
    autofree char *b_url = web_fake_url(&two, "x.iso");
    const char *urls[] = {a_url, b_url};
    struct download d = job(urls, 2, sum);
    assert_false(download_file(&d, a, &got, &err));
    web_fake_stop(&one);
    web_fake_stop(&two);
    assert_int_equal(err->code, ERR_CHECKSUM);
    autofree char *line = error_line(err);
    assert_non_null(strstr(line, "none of the 2 URLs"));
    assert_non_null(strstr(line, "expected"));
    autofree char *target = xasprintf("%s/sha256-%s.iso", cache, sum + 7);
    autofree char *part = xasprintf("%s.part", target);
    autofree char *stamp = xasprintf("%s.verified", target);
    assert_false(io_exists(target) || io_exists(part) || io_exists(stamp));
}

/* 404, then 500 again and again, then the file. */
static void errors_of_a_server_lead_to_the_next(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake ill = {.document = STR(DOCUMENT), .fail_503 = 1000};
    struct web_fake good = {.document = STR(DOCUMENT)};
    struct downloaded got;
    web_fake_start(&ill);
    web_fake_start(&good);
    autofree char *missing = web_fake_url(&good, "missing");
    autofree char *failing = web_fake_url(&ill, "x.iso");
    autofree char *right = web_fake_url(&good, "x.iso");
    const char *urls[] = {missing, failing, right};
    struct download d = job(urls, 3, sum);
    d.attempts = 2;
    assert_true(download_file(&d, a, &got, &err));
    assert_string_equal(got.url, right);
    assert_int_equal(ill.requests, 2);
    web_fake_stop(&good);
    assert_true(clear_cache(NULL) == 0);
    d.urls.ptr[0] = failing;
    d.urls.len = 1;
    assert_false(download_file(&d, a, &got, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    assert_non_null(strstr(err->msg, "503"));
    web_fake_stop(&ill);
}

/* Every form of iso_checksum, for a local file and for a download. */
static void every_form_of_checksum(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    static const enum hash_kind kinds[] = {HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512};
    struct web_fake web = {.document = STR(DOCUMENT)};
    autofree char *local = io_path_join(dir, "forms.iso");
    autofree char *list = io_path_join(dir, "FORMS");
    autofree char *from_list = xasprintf("file:%s", list);
    autofree char *from_url = xasprintf("file:file://%s", list);
    put(local, DOCUMENT);
    web_fake_start(&web);
    autofree char *remote = web_fake_url(&web, "pool/forms.iso?sig=1");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        char hex[HASH_HEX_MAX];
        hash_bytes(kinds[i], STR(DOCUMENT), hex);
        autofree char *typed = xasprintf("%s:%s", hash_name(kinds[i]), hex);
        autofree char *gnu = xasprintf("%s *./forms.iso\n%.*s  other.iso\n", hex, (int)strlen(hex),
                                       "0000000000000000000000000000000000000000"
                                       "0000000000000000000000000000000000000000"
                                       "0000000000000000000000000000000000000000"
                                       "00000000");
        autofree char *bsd = xasprintf("%s (forms.iso) = %s\n", hash_name(kinds[i]), hex);
        const char *const lists[] = {gnu, bsd, hex};
        const char *const sums[] = {hex, typed, from_list, from_url};
        for (size_t j = 0; j < ARRAY_SIZE(lists) * ARRAY_SIZE(sums) * 2; j++) {
            AUTO(arena) struct arena *a = arena_new("test");
            struct downloaded got;
            const char *urls[] = {j % 2 == 0 ? local : remote};
            struct download d = job(urls, 1, sums[j / 2 % ARRAY_SIZE(sums)]);
            put(list, lists[j / 2 / ARRAY_SIZE(sums)]);
            assert_true(download_file(&d, a, &got, &err));
            assert_string_equal(got.checksum, typed);
        }
    }
    web_fake_stop(&web);
    assert_int_equal(web.requests, ARRAY_SIZE(kinds)); /* the cache goes by digest */
}

static void target_path_and_extension(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct web_fake web = {.document = STR(DOCUMENT)};
    autofree char *file = io_path_join(dir, "kept/here.iso");
    autofree char *folder = io_path_join(dir, "kept/folder");
    autofree char *named = xasprintf("%s/sha256-%s.ISO", folder, sum + 7);
    struct downloaded got;
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x.qcow2");
    const char *urls[] = {url};
    struct download d = job(urls, 1, sum);
    d.target_path = file;
    assert_true(download_file(&d, a, &got, &err));
    assert_string_equal(got.path, file);
    expect_content(file);
    d.target_path = folder;
    d.extension = "ISO";
    assert_true(download_file(&d, a, &got, &err));
    assert_string_equal(got.path, named);
    d.target_path = NULL;
    d.extension = NULL;
    assert_true(download_file(&d, a, &got, &err));
    assert_true(str_ends(str_from(got.path), STR(".qcow2")));
    assert_int_equal(web.requests, 3);
    /* without a checksum nobody knows whether the file is still the same */
    d.target_path = file;
    d.checksum = "none";
    assert_true(download_file(&d, a, &got, &err));
    assert_false(got.was_cached);
    assert_null(got.checksum);
    assert_int_equal(web.requests, 4);
    web_fake_stop(&web);
}

/* 32 processes at once, one download. */
static void many_processes_fetch_once(void **state)
{
    (void)state;
    enum { PROCESSES = 32 };
    char expected[16 + HASH_HEX_MAX];
    autofree char *text = big_document(expected, sizeof(expected));
    struct web_fake web = {.document = {text, BIG}};
    pid_t pids[PROCESSES];
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x.iso");
    const char *urls[] = {url};
    struct download d = job(urls, 1, expected);
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            struct arena *a = arena_new("child");
            struct error *err = NULL;
            struct downloaded got;
            bool ok = download_file(&d, a, &got, &err) && strcmp(got.checksum, expected) == 0;
            _exit(ok ? 0 : 1);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    web_fake_stop(&web);
    assert_int_equal(web.requests, 1);
    assert_int_equal(web.bytes_sent, BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fetched_once_and_mended_when_damaged, clear_cache),
        cmocka_unit_test_setup(a_cut_download_goes_on, clear_cache),
        cmocka_unit_test_setup(next_url_is_tried, clear_cache),
        cmocka_unit_test_setup(local_files_are_used_in_place, clear_cache),
        cmocka_unit_test_setup(url_parameter_and_mirror, clear_cache),
        cmocka_unit_test_setup(the_next_run_fetches_the_rest, clear_cache),
        cmocka_unit_test_setup(a_wrong_piece_is_fetched_again, clear_cache),
        cmocka_unit_test_setup(nothing_wrong_is_kept, clear_cache),
        cmocka_unit_test_setup(errors_of_a_server_lead_to_the_next, clear_cache),
        cmocka_unit_test_setup(every_form_of_checksum, clear_cache),
        cmocka_unit_test_setup(target_path_and_extension, clear_cache),
        cmocka_unit_test_setup(many_processes_fetch_once, clear_cache),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
