/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/http.h"
#include "tests/fakes/web_fake.h"

#define DOCUMENT "0123456789abcdefghijklmnopqrstuvwxyz"

static char *dir, *path;

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    dir = io_make_temp_dir(io_temp_root(), "imgfac-test-http-", &err);
    path = io_path_join(dir, "file");
    unsetenv("http_proxy");
    return dir == NULL;
}

static int remove_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    io_remove_tree(dir, &err);
    free(dir);
    free(path);
    return err != NULL;
}

static void expect_file(const char *text)
{
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf got = STRBUF_INIT;
    assert_true(io_read_file(path, 1 << 20, &got, &err));
    assert_string_equal(got.buf, text);
    unlink(path);
}

static const struct {
    const char *name, *present;
    struct web_fake web;
    unsigned requests, ranged;
    uint64_t sent;
} cases[] = {
    {"plain", NULL, {.document = STR(DOCUMENT)}, 1, 0, 36},
    {"resumed", "0123456789", {.document = STR(DOCUMENT)}, 1, 1, 26},
    {"server without ranges",
     "0123456789",
     {.document = STR(DOCUMENT), .no_ranges = true},
     2,
     1,
     72},
    {"complete already", DOCUMENT, {.document = STR(DOCUMENT)}, 2, 1, 36},
    {"longer than the document", DOCUMENT "!", {.document = STR(DOCUMENT)}, 2, 1, 36},
    {"cut and resumed", NULL, {.document = STR(DOCUMENT), .cut_after = 20}, 2, 1, 36},
    {"busy at first", NULL, {.document = STR(DOCUMENT), .fail_503 = 1}, 2, 0, 36},
    {"empty", NULL, {.document = STR("")}, 1, 0, 0},
};

static void downloads_and_resumes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        struct web_fake web = cases[i].web;
        print_message("%s\n", cases[i].name);
        web_fake_start(&web);
        autofree char *url = web_fake_url(&web, "x.iso");
        struct http_request req = {.url = url};
        if (cases[i].present != NULL)
            assert_true(io_write_file(path, str_from(cases[i].present), 0644, &err));
        assert_true(http_download(&req, path, &err));
        web_fake_stop(&web);
        expect_file(cases[i].web.document.ptr);
        assert_int_equal(web.requests, cases[i].requests);
        assert_int_equal(web.ranged, cases[i].ranged);
        assert_true(web.bytes_sent <= cases[i].sent);
    }
}

static void names_what_went_wrong(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf small = STRBUF_INIT_MAX(10);
    struct web_fake web = {.document = STR(DOCUMENT)};
    web_fake_start(&web);

    autofree char *missing = xasprintf("http://user:pass@127.0.0.1:%d/missing?token=t", web.port);
    struct http_request req = {.url = missing};
    assert_false(http_download(&req, path, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
    assert_non_null(strstr(err->msg, "404"));
    assert_null(strstr(err->msg, "pass"));
    assert_null(strstr(err->msg, "token"));
    error_drop(&err);

    autofree char *url = web_fake_url(&web, "x");
    req.url = url;
    assert_false(http_fetch(&req, &small, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    error_drop(&err);
    web_fake_stop(&web);

    req.attempts = 1;
    assert_false(http_download(&req, path, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    error_drop(&err);
    req.url = "file:///etc/hostname";
    assert_false(http_download(&req, path, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    unlink(path);
}

static void *cancel_soon(void *arg)
{
    cancel_sleep(NULL, 100 * NS_PER_MS);
    cancel_trigger(arg, CANCEL_USER);
    return NULL;
}

static void cancelling_wakes_a_stalled_download(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    struct web_fake web = {.document = STR(DOCUMENT), .stall = true};
    web_fake_start(&web);
    autofree char *url = web_fake_url(&web, "x");
    struct http_request req = {.url = url, .cancel = c};
    pthread_t t = thread_start("cancel", cancel_soon, c);
    int64_t begin = clock_now();

    assert_false(http_download(&req, path, &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_true(clock_now() - begin < 2 * NS_PER_S);
    pthread_join(t, NULL);
    web_fake_stop(&web);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(downloads_and_resumes),
        cmocka_unit_test(names_what_went_wrong),
        cmocka_unit_test(cancelling_wakes_a_stalled_download),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
