/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>

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

/* One request as written, which no client would send; the answer's head and body. */
static char *raw(const char *request)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port_hold_number(port))};
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    char chunk[4096];
    ssize_t n;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
    autofree char *text = xasprintf("%s\r\nHost: x\r\nConnection: close\r\n\r\n", request);
    assert_true(io_write_all(fd, text, strlen(text)));
    while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
        strbuf_add(&out, chunk, (size_t)n);
    return strbuf_steal(&out);
}

/* A secret lies beside the directory that is served. */
static void nobody_gets_out(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    static const char *const ways[] = {
        "/../secret",       "/./../secret", "/pub/../../secret",   "/%2e%2e/secret",
        "/%2e%2e%2fsecret", "/..%2fsecret", "/x/..%2f..%2fsecret", "//../secret",
        "/..//secret",      "/%2e./secret", "/..%00/secret",       "/pub/%2e%2e/%2e%2e/secret",
        "/..\\secret",      "../secret",    "/....//secret",       "/%252e%252e/secret",
    };
    put("pub/x", "x");
    put("secret", "topsecret");
    autofree char *pub = io_path_join(dir, "pub");
    struct httpd_config c = {
        .address = "127.0.0.1", .port = port_hold_number(port), .directory = pub};
    AUTO(httpd) struct httpd *h = httpd_start(&c, &err);
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        autofree char *request = xasprintf("GET %s HTTP/1.1", ways[i]);
        autofree char *answer = raw(request);
        assert_null(strstr(answer, "topsecret"));
        assert_non_null(strstr(answer, "HTTP/1.1 "));
    }
}

static const struct {
    const char *method, *range, *status, *content; /* CONTENT: a header or the end of the body */
} ranges[] = {
    {"GET", "bytes=2-5", " 206 ", "\r\n\r\n2345"},
    {"GET", "bytes=7-", " 206 ", "Content-Range: bytes 7-9/10"},
    {"GET", "bytes=-3", " 206 ", "\r\n\r\n789"},
    {"GET", "bytes=-30", " 206 ", "\r\n\r\n0123456789"},
    {"GET", "bytes=8-100", " 206 ", "\r\n\r\n89"},
    {"HEAD", "bytes=2-5", " 206 ", "Content-Length: 4\r\n"},
    {"HEAD", "none", " 200 ", "Accept-Ranges: bytes"},
    /* what we do not serve in parts is served whole (RFC 9110, 14.2) */
    {"GET", "bytes=1-2,4-5", " 200 ", "\r\n\r\n0123456789"},
    {"GET", "bytes=5-2", " 200 ", "\r\n\r\n0123456789"},
    {"GET", "bytes=10-", " 200 ", "\r\n\r\n0123456789"},
    {"GET", "bytes=-0", " 200 ", "\r\n\r\n0123456789"},
    {"GET", "bytes=99999999999999999999-", " 200 ", "\r\n\r\n0123456789"},
    {"GET", "lines=1-2", " 200 ", "\r\n\r\n0123456789"},
    {"POST", "none", " 405 ", "only GET"},
    {"DELETE", "none", " 405 ", "only GET"},
};

static void every_form_of_range(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    put("digits", "0123456789");
    struct httpd_config c = {
        .address = "127.0.0.1", .port = port_hold_number(port), .directory = dir};
    AUTO(httpd) struct httpd *h = httpd_start(&c, &err);
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        autofree char *request =
            xasprintf("%s /digits HTTP/1.1\r\nRange: %s", ranges[i].method, ranges[i].range);
        autofree char *answer = raw(request);
        print_message("%s %s\n", ranges[i].method, ranges[i].range);
        assert_non_null(strstr(answer, ranges[i].status));
        assert_non_null(strstr(answer, ranges[i].content));
    }
}

/* The user's own links are served; a fifo or a device is not. */
static void links_and_other_things(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *link = io_path_join(dir, "link");
    autofree char *fifo = io_path_join(dir, "fifo");
    put("linked", "by link");
    assert_int_equal(symlink("linked", link), 0);
    assert_int_equal(mkfifo(fifo, 0644), 0);
    struct httpd_config c = {
        .address = "127.0.0.1", .port = port_hold_number(port), .directory = dir};
    AUTO(httpd) struct httpd *h = httpd_start(&c, &err);
    expect("/link", "by link");
    expect("/fifo", "error not_found");
}

/* The port stays ours: nobody else can listen there at the same time. */
static void a_taken_port_is_an_error(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct httpd_config c = {
        .address = "127.0.0.1", .port = port_hold_number(port), .directory = dir};
    AUTO(httpd) struct httpd *first = httpd_start(&c, &err);
    assert_non_null(first);
    assert_null(httpd_start(&c, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    error_drop(&err);
    assert_null(port_hold_new("127.0.0.1", c.port, c.port, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    assert_non_null(err->hint);
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
        cmocka_unit_test(nobody_gets_out),        cmocka_unit_test(every_form_of_range),
        cmocka_unit_test(links_and_other_things), cmocka_unit_test(a_taken_port_is_an_error),
        cmocka_unit_test(serves_a_directory),     cmocka_unit_test(serves_ranges),
        cmocka_unit_test(serves_texts),           cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(cleans_paths),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
