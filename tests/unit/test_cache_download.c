/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
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
    assert_non_null(err->hint);
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

struct worker {
    const struct download *d;
    bool ok;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    AUTO(arena) struct arena *a = arena_new("worker");
    AUTO(error) struct error *err = NULL;
    struct downloaded got;
    w->ok = download_file(w->d, a, &got, &err);
    return NULL;
}

static void many_builds_fetch_once(void **state)
{
    (void)state;
    struct web_fake web = {.document = STR(DOCUMENT)};
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x.iso");
    const char *urls[] = {url};
    struct download d = job(urls, 1, sum);
    struct worker workers[8];
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++) {
        workers[i] = (struct worker){&d, false};
        threads[i] = thread_start("worker", work, &workers[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
    web_fake_stop(&web);
    assert_int_equal(web.requests, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fetched_once_and_mended_when_damaged, clear_cache),
        cmocka_unit_test_setup(a_cut_download_goes_on, clear_cache),
        cmocka_unit_test_setup(next_url_is_tried, clear_cache),
        cmocka_unit_test_setup(local_files_are_used_in_place, clear_cache),
        cmocka_unit_test_setup(url_parameter_and_mirror, clear_cache),
        cmocka_unit_test_setup(many_builds_fetch_once, clear_cache),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
