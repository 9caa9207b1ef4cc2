/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "httpd/server.h"
#include "net/http.h"
#include "net/port.h"

static char *dir;
static struct port_hold *port;

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    unsetenv("http_proxy");
    dir = io_make_temp_dir(io_temp_root(), "imgfac-test-httpd-", &err);
    port = port_hold_new("127.0.0.1", 28740, 28790, &err);
    return dir == NULL || port == NULL;
}

static int remove_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    io_remove_tree(dir, &err);
    port_hold_free(port);
    free(dir);
    return err != NULL;
}

static void put(const char *name, const char *text)
{
    AUTO(error) struct error *err = NULL;
    autofree char *path = io_path_join(dir, name);
    autofree char *parent = io_dirname(path);
    assert_true(io_mkdir_p(parent, 0755, &err));
    assert_true(io_write_file(path, str_from(text), 0644, &err));
}

/* Body of PATH, or "error CODE". */
static char *get(const char *path)
{
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    autofree char *url = xasprintf("http://127.0.0.1:%d%s", port_hold_number(port), path);
    struct http_request req = {.url = url, .attempts = 1};
    if (!http_fetch(&req, &out, &err))
        return xasprintf("error %s", error_code_name(err->code));
    return strbuf_steal(&out);
}

static void expect(const char *path, const char *body)
{
    autofree char *got = get(path);
    assert_string_equal(got, body);
}

static void serves_a_directory(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    put("preseed.cfg", "d-i");
    put("sub/a&b.txt", "x");
    put("site/index.html", "<h1>");
    struct httpd_config c = {
        .address = "127.0.0.1", .port = port_hold_number(port), .directory = dir};
    AUTO(httpd) struct httpd *h = httpd_start(&c, &err);

    assert_non_null(h);
    expect("/preseed.cfg", "d-i");
    expect("//sub/../preseed.cfg", "d-i");
    expect("/site/", "<h1>");
    expect("/nothing", "error not_found");
    expect("/../../../../../../etc/hostname", "error not_found");
    expect("/sub/", "<pre>\n<a href=\"./a&amp;b.txt\">a&amp;b.txt</a>\n</pre>\n");
}

static void serves_ranges(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf got = STRBUF_INIT;
    put("big", "0123456789");
    put("part", "0123");
    struct httpd_config c = {
        .address = "127.0.0.1", .port = port_hold_number(port), .directory = dir};
    AUTO(httpd) struct httpd *h = httpd_start(&c, &err);
    autofree char *url = xasprintf("http://127.0.0.1:%d/big", port_hold_number(port));
    autofree char *part = io_path_join(dir, "part");
    struct http_request req = {.url = url, .attempts = 1};

    assert_true(http_download(&req, part, &err)); /* goes on at byte 4 */
    assert_true(io_read_file(part, 100, &got, &err));
    assert_string_equal(got.buf, "0123456789");
}

static void serves_texts(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    const struct httpd_text texts[] = {{"/user-data", "#cloud-config\n"}, {"b/c", "no slash"}};
    struct httpd_config c = {.address = "127.0.0.1",
                             .port = port_hold_number(port),
                             .texts = texts,
                             .text_count = ARRAY_SIZE(texts)};
    AUTO(httpd) struct httpd *h = httpd_start(&c, &err);

    expect("/user-data", "#cloud-config\n");
    expect("/b/./c", "no slash");
    expect("/preseed.cfg", "error not_found");
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct httpd_config c = {.address = "localhost", .port = 1};
    assert_null(httpd_start(&c, &err));
    assert_int_equal(err->code, ERR_TEMPLATE);
    error_drop(&err);
    c = (struct httpd_config){.directory = "/nonexistent", .port = 1};
    assert_null(httpd_start(&c, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
}

static void cleans_paths(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } paths[] = {{"", "/"}, {"/", "/"}, {"a//b/./c", "/a/b/c"}, {"/../a/..", "/"}, {"..", "/"}};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        autofree char *got = httpd_clean_path(paths[i].in);
        assert_string_equal(got, paths[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_a_directory), cmocka_unit_test(serves_ranges),
        cmocka_unit_test(serves_texts),       cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(cleans_paths),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
