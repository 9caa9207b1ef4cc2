/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/fakes/web_fake.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"

/* Whether the body that the head promises has come too. */
static bool is_complete(const char *head)
{
    const char *end = strstr(head, "\r\n\r\n"), *length = strcasestr(head, "\r\ncontent-length:");
    return end != NULL &&
           (length == NULL || length > end || strlen(end + 4) >= strtoul(length + 17, NULL, 10));
}

/* A request that fits. */
static bool read_request(int fd, char *head, size_t size)
{
    size_t len = 0;
    while (len + 1 < size) {
        ssize_t n = recv(fd, head + len, size - len - 1, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        head[len] = '\0';
        if (is_complete(head))
            return true;
    }
    return false;
}

static void send_text(int fd, const char *text)
{
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void send_body(struct web_fake *w, int fd, size_t start)
{
    str body = str_sub(w->document, start, w->document.len);
    if (w->cut_after > 0 && w->cut_after < body.len) {
        body.len = w->cut_after;
        w->cut_after = 0;
    }
    if (send(fd, body.ptr, body.len, MSG_NOSIGNAL) > 0)
        w->bytes_sent += body.len;
}

/* The document from START on. */
static void send_document(struct web_fake *w, int fd, size_t start)
{
    autofree char *type =
        w->content_type == NULL ? xstrdup("") : xasprintf("Content-Type: %s\r\n", w->content_type);
    autofree char *text = xasprintf("HTTP/1.1 %s\r\nContent-Length: %zu\r\n%sContent-Range: bytes "
                                    "%zu-%zu/%zu\r\n\r\n",
                                    start > 0 ? "206 Partial" : "200 OK", w->document.len - start,
                                    type, start, w->document.len - 1, w->document.len);
    send_text(fd, text);
    if (!w->stall)
        send_body(w, fd, start);
}

/* What is answered instead of the document; NULL: nothing. */
static const char *refusal(struct web_fake *w, const char *head, uint64_t start)
{
    if (strncmp(head, "GET /missing", 12) == 0)
        return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    if (w->fail_503 > 0) {
        w->fail_503--;
        return "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    }
    if (start > w->document.len || (start == w->document.len && start > 0))
        return "HTTP/1.1 416 Range\r\nContent-Length: 0\r\n\r\n";
    return NULL;
}

static void answer(struct web_fake *w, int fd)
{
    char head[4096] = "";
    uint64_t start = 0;
    bool deaf = w->deaf_after > 0 && w->requests >= w->deaf_after;
    if (!read_request(fd, head, sizeof(head)) || deaf)
        return;
    w->requests++;
    const char *range = strcasestr(head, "range: bytes=");
    w->ranged += range != NULL;
    memcpy(w->last, head, sizeof(w->last));
    if (range != NULL && !w->no_ranges) {
        str rest = str_from(range + strlen("range: bytes="));
        str_to_u64(str_split(&rest, '-'), &start);
    }
    const char *refused = refusal(w, head, start);
    if (refused != NULL)
        send_text(fd, refused);
    else
        send_document(w, fd, (size_t)start);
}

static void *serve(void *arg)
{
    struct web_fake *w = arg;
    while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST)) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        if (poll(&p, 1, 20) <= 0)
            continue;
        autoclose int fd = accept(w->fd, NULL, NULL);
        if (fd < 0)
            continue;
        answer(w, fd);
        while (w->stall && !__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST))
            poll(NULL, 0, 5);
    }
    return NULL;
}

void web_fake_start(struct web_fake *w)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof(sa);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0 || bind(w->fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0 ||
        listen(w->fd, 64) != 0 || getsockname(w->fd, (struct sockaddr *)&sa, &len) != 0)
        abort();
    w->port = ntohs(sa.sin_port);
    w->thread = thread_start("web-fake", serve, w);
}

void web_fake_stop(struct web_fake *w)
{
    __atomic_store_n(&w->stop, true, __ATOMIC_SEQ_CST);
    pthread_join(w->thread, NULL);
    close(w->fd);
}

char *web_fake_url(const struct web_fake *w, const char *name)
{
    return xasprintf("http://127.0.0.1:%d/%s", w->port, name);
}
