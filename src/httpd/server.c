/* SPDX-License-Identifier: Apache-2.0 */

#include "httpd/server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define IDLE_TIMEOUT_S 120u

struct httpd {
    const struct httpd_config *config;
    struct MHD_Daemon *daemon;
};

char *httpd_clean_path(const char *path)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    for (str rest = str_from(path); rest.ptr != NULL;) {
        str part = str_split(&rest, '/');
        if (part.len == 0 || str_eqz(part, "."))
            continue;
        if (str_eqz(part, "..")) {
            ptrdiff_t slash = str_rfind_char(strbuf_str(&out), '/');
            strbuf_truncate(&out, slash < 0 ? 0 : (size_t)slash);
            continue;
        }
        strbuf_addc(&out, '/');
        strbuf_addstr(&out, part);
    }
    if (out.len == 0)
        strbuf_addc(&out, '/');
    return strbuf_steal(&out);
}

static enum MHD_Result send_and_free(struct MHD_Connection *c, unsigned status,
                                     struct MHD_Response *r)
{
    if (r == NULL)
        return MHD_NO;
    enum MHD_Result rc = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status, const char *type,
                                 str text)
{
    /* MHD copies; its prototype lacks const. */
    autofree char *copy = str_xdup(text);
    struct MHD_Response *r = MHD_create_response_from_buffer(text.len, copy, MHD_RESPMEM_MUST_COPY);
    if (r != NULL)
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    return send_and_free(c, status, r);
}

static enum MHD_Result not_found(struct MHD_Connection *c, const char *path)
{
    autofree char *text = xasprintf("%s not found.\n", path);
    return send_text(c, MHD_HTTP_NOT_FOUND, "text/plain; charset=utf-8", str_from(text));
}

/* "bytes=5-9", "bytes=5-", "bytes=-4" within SIZE; false: send the whole. */
static bool parse_range(const char *text, uint64_t size, uint64_t *start, uint64_t *end)
{
    str s = str_from(text);
    if (text == NULL || !str_starts(s, STR("bytes=")) || str_find_char(s, ',') >= 0)
        return false;
    str last = str_sub(s, 6, s.len);
    str first = str_split(&last, '-');
    uint64_t n;
    if (last.ptr == NULL)
        return false;
    if (first.len == 0) {
        if (!str_to_u64(last, &n) || n == 0)
            return false;
        *start = n < size ? size - n : 0;
        *end = size;
        return size > 0;
    }
    *end = size;
    if (!str_to_u64(first, start) || (last.len > 0 && !str_to_u64(last, &n)))
        return false;
    if (last.len > 0 && n < size)
        *end = n + 1;
    return *start < *end;
}

static enum MHD_Result send_file(struct MHD_Connection *c, int fd, uint64_t size)
{
    const char *asked = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
    uint64_t start = 0, end = size;
    bool part = parse_range(asked, size, &start, &end);
    if (!part) {
        start = 0;
        end = size;
    }
    struct MHD_Response *r = MHD_create_response_from_fd_at_offset64(end - start, fd, start);
    if (r == NULL) {
        close(fd);
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (part) {
        char text[80];
        snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, start, end - 1,
                 size);
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    return send_and_free(c, part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, r);
}

static void add_html(struct strbuf *out, const char *text)
{
    static const struct {
        char c;
        const char *entity;
    } escapes[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}};
    for (; *text != '\0'; text++) {
        const char *entity = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
            if (escapes[i].c == *text)
                entity = escapes[i].entity;
        if (entity != NULL)
            strbuf_adds(out, entity);
        else
            strbuf_addc(out, *text);
    }
}

static enum MHD_Result send_listing(struct MHD_Connection *c, const char *directory)
{
    AUTO(strbuf) struct strbuf html = STRBUF_INIT;
    struct dirent **entries = NULL;
    int n = scandir(directory, &entries, NULL, alphasort);
    strbuf_adds(&html, "<pre>\n");
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] != '.') {
            strbuf_adds(&html, "<a href=\"./");
            add_html(&html, name);
            strbuf_adds(&html, "\">");
            add_html(&html, name);
            strbuf_adds(&html, "</a>\n");
        }
        free(entries[i]);
    }
    free(entries);
    strbuf_adds(&html, "</pre>\n");
    return send_text(c, MHD_HTTP_OK, "text/html; charset=utf-8", strbuf_str(&html));
}

static enum MHD_Result answer_directory(const struct httpd *h, struct MHD_Connection *c,
                                        const char *path)
{
    struct stat st;
    autofree char *file = xasprintf("%s%s", h->config->directory, path);
    autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        return not_found(c, path);
    if (S_ISREG(st.st_mode))
        return send_file(c, steal_fd(&fd), (uint64_t)st.st_size);
    if (!S_ISDIR(st.st_mode))
        return not_found(c, path);
    autofree char *index = xasprintf("%s/index.html", file);
    autoclose int index_fd = open(index, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (index_fd >= 0 && fstat(index_fd, &st) == 0 && S_ISREG(st.st_mode))
        return send_file(c, steal_fd(&index_fd), (uint64_t)st.st_size);
    return send_listing(c, file);
}

static enum MHD_Result answer_text(const struct httpd *h, struct MHD_Connection *c,
                                   const char *path)
{
    for (size_t i = 0; i < h->config->text_count; i++) {
        const struct httpd_text *t = &h->config->texts[i];
        autofree char *key = httpd_clean_path(t->path);
        if (strcmp(key, path) == 0)
            return send_text(c, MHD_HTTP_OK, "text/plain; charset=utf-8", str_from(t->body));
    }
    return not_found(c, path);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    const struct httpd *h = arg;
    (void)version;
    (void)data;
    (void)size;
    (void)state;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return send_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", STR("only GET and HEAD\n"));
    autofree char *path = httpd_clean_path(url);
    log_debug("http", "%s %s", method, path);
    return h->config->directory != NULL ? answer_directory(h, c, path) : answer_text(h, c, path);
}

struct httpd *httpd_start(const struct httpd_config *config, struct error **err)
{
    const char *address = config->address != NULL ? config->address : "0.0.0.0";
    struct sockaddr_in sa = {.sin_family = AF_INET};
    struct stat st;
    if (inet_pton(AF_INET, address, &sa.sin_addr) != 1) {
        error_set(err, ERR_TEMPLATE, 0, "'%s' is no IPv4 address to listen on", address);
        return NULL;
    }
    if (config->directory != NULL && (stat(config->directory, &st) != 0 || !S_ISDIR(st.st_mode))) {
        error_set(err, ERR_NOT_FOUND, 0, "Error finding \"%s\": it is not a directory",
                  config->directory);
        return NULL;
    }
    sa.sin_port = htons((uint16_t)config->port);
    struct httpd *h = xnew(struct httpd);
    h->config = config;
    h->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, h,
                                 MHD_OPTION_SOCK_ADDR, &sa, MHD_OPTION_CONNECTION_TIMEOUT,
                                 IDLE_TIMEOUT_S, MHD_OPTION_END);
    if (h->daemon == NULL) {
        free(h);
        error_set(err, ERR_NETWORK, errno, "cannot listen on %s:%d", address, config->port);
        return NULL;
    }
    return h;
}

void httpd_stop(struct httpd *h)
{
    if (h == NULL)
        return;
    MHD_stop_daemon(h->daemon);
    free(h);
}
