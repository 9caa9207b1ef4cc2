/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "hcl/fs_util.h"

#define HEAD_MAX 8192

enum state {
    METHODS = 1, /* SOCKS: which way to log in */
    LOGIN,
    REPLY,   /* the first four bytes and one of the address */
    ADDRESS, /* the rest */
    HEAD,    /* HTTP */
};

static void put(struct proxy_talk *t, const void *data, size_t len)
{
    strbuf_add(&t->out, data, len);
}

static void put_byte(struct proxy_talk *t, size_t byte)
{
    strbuf_addc(&t->out, (char)byte);
}

static void expect(struct proxy_talk *t, enum state state, size_t need)
{
    t->state = (int)state;
    t->have = 0;
    t->need = need;
}

static void start_http(struct proxy_talk *t)
{
    const struct proxy_goal *g = t->goal;
    bool v6 = strchr(g->host, ':') != NULL;
    autofree char *to = xasprintf("%s%s%s:%d", v6 ? "[" : "", g->host, v6 ? "]" : "", g->port);
    strbuf_addf(&t->out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", to, to);
    if (g->user != NULL) {
        autofree char *both = xasprintf("%s:%s", g->user, g->password != NULL ? g->password : "");
        strbuf_adds(&t->out, "Proxy-Authorization: Basic ");
        base64_encode(str_from(both), &t->out);
        strbuf_adds(&t->out, "\r\n");
        explicit_bzero(both, strlen(both));
    }
    strbuf_adds(&t->out, "\r\n");
    expect(t, HEAD, HEAD_MAX);
}

void proxy_start(struct proxy_talk *t, const struct proxy_goal *goal)
{
    *t = (struct proxy_talk){.goal = goal, .out = STRBUF_INIT};
    if (goal->kind == PROXY_HTTP) {
        start_http(t);
        return;
    }
    put(t, goal->user != NULL ? "\5\2\0\2" : "\5\1\0", goal->user != NULL ? 4 : 3);
    expect(t, METHODS, 2);
}

static void put_request(struct proxy_talk *t)
{
    unsigned char address[16];
    const char *host = t->goal->host;
    put(t, "\5\1\0", 3);
    if (inet_pton(AF_INET, host, address) == 1) {
        put_byte(t, 1);
        put(t, address, 4);
    } else if (inet_pton(AF_INET6, host, address) == 1) {
        put_byte(t, 4);
        put(t, address, 16);
    } else {
        size_t len = MIN(strlen(host), (size_t)255);
        put_byte(t, 3);
        put_byte(t, len);
        put(t, host, len);
    }
    put_byte(t, (size_t)t->goal->port >> 8);
    put_byte(t, (size_t)t->goal->port & 0xff);
    expect(t, REPLY, 5);
}

static void put_login(struct proxy_talk *t)
{
    const char *user = t->goal->user, *password = t->goal->password;
    size_t user_len = MIN(strlen(user), (size_t)255);
    size_t len = password == NULL ? 0 : MIN(strlen(password), (size_t)255);
    put_byte(t, 1);
    put_byte(t, user_len);
    put(t, user, user_len);
    put_byte(t, len);
    put(t, password, len);
    expect(t, LOGIN, 2);
}

static enum proxy_result fail(struct proxy_talk *t, enum proxy_result result, char *reason)
{
    free(t->reason);
    t->reason = reason;
    return result;
}

static enum proxy_result take_method(struct proxy_talk *t)
{
    if (t->in[0] != 5)
        return fail(t, PROXY_REFUSED, xstrdup("it does not speak SOCKS 5"));
    if (t->in[1] == 0)
        put_request(t);
    else if (t->in[1] == 2 && t->goal->user != NULL)
        put_login(t);
    else
        return fail(t, PROXY_REFUSED,
                    xstrdup(t->goal->user == NULL ? "it wants a login (ssh_proxy_username)"
                                                  : "it takes no user name and password"));
    return PROXY_AGAIN;
}

/* RFC 1928, 6: what kept the proxy from connecting. */
static enum proxy_result take_reply(struct proxy_talk *t)
{
    static const char *const reasons[] = {
        [1] = "general failure",  [2] = "not allowed by its rules", [3] = "network unreachable",
        [4] = "host unreachable", [5] = "connection refused",       [6] = "time to live expired",
    };
    unsigned code = t->in[1], kind = t->in[3];
    if (code >= ARRAY_SIZE(reasons))
        return fail(t, PROXY_REFUSED, xasprintf("it cannot do what is asked (SOCKS %u)", code));
    if (code != 0)
        return fail(t, code == 2 ? PROXY_REFUSED : PROXY_NO_ROUTE, xstrdup(reasons[code]));
    size_t address = kind == 1 ? 4 : kind == 4 ? 16 : (size_t)t->in[4] + 1;
    expect(t, ADDRESS, address - 1 + 2);
    return PROXY_AGAIN;
}

static enum proxy_result take(struct proxy_talk *t)
{
    switch ((enum state)t->state) {
    case METHODS: return take_method(t);
    case LOGIN:
        if (t->in[1] != 0)
            return fail(t, PROXY_REFUSED, xstrdup("it refused the user name and password"));
        put_request(t);
        return PROXY_AGAIN;
    case REPLY: return take_reply(t);
    case ADDRESS: return PROXY_DONE;
    case HEAD:
    default: BUG("a proxy conversation without a state");
    }
}

static enum proxy_result broken(struct proxy_talk *t, ssize_t n)
{
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return PROXY_AGAIN;
    return fail(t, PROXY_NO_ROUTE,
                xasprintf("it broke off the connection%s%s", n < 0 ? ": " : "",
                          n < 0 ? strerrordesc_np(errno) : ""));
}

static enum proxy_result take_head(struct proxy_talk *t, const char *head, size_t len)
{
    str line = {head, len};
    line = str_next_line(&line);
    str rest = line;
    str version = str_split(&rest, ' ');
    if (!str_starts(version, STR("HTTP/1.")) || rest.len == 0)
        return fail(t, PROXY_REFUSED, xstrdup("it does not speak HTTP"));
    if (rest.ptr[0] == '2')
        return PROXY_DONE;
    bool may_change = rest.ptr[0] == '5';
    return fail(
        t, may_change ? PROXY_NO_ROUTE : PROXY_REFUSED,
        xasprintf("it answered \"%.*s\"", STR_FMT(str_sub(rest, 0, MIN(rest.len, (size_t)120)))));
}

/* Only the head is taken off the socket: what follows is the goal's. */
static enum proxy_result read_head(struct proxy_talk *t, int fd)
{
    char head[HEAD_MAX];
    ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0)
        return broken(t, n);
    const char *end = memmem(head, (size_t)n, "\r\n\r\n", 4);
    if (end == NULL && n == HEAD_MAX)
        return fail(t, PROXY_REFUSED, xstrdup("its answer does not end"));
    if (end == NULL)
        return PROXY_AGAIN;
    size_t len = (size_t)(end - head) + 4;
    if (recv(fd, head, len, MSG_DONTWAIT) != (ssize_t)len)
        return fail(t, PROXY_NO_ROUTE, xstrdup("its answer was cut"));
    return take_head(t, head, len);
}

static enum proxy_result read_bytes(struct proxy_talk *t, int fd)
{
    ssize_t n = recv(fd, t->in + t->have, t->need - t->have, MSG_DONTWAIT);
    if (n <= 0)
        return broken(t, n);
    t->have += (size_t)n;
    return t->have == t->need ? take(t) : PROXY_AGAIN;
}

enum proxy_result proxy_advance(struct proxy_talk *t, int fd)
{
    if (t->out.len == 0)
        return t->state == (int)HEAD ? read_head(t, fd) : read_bytes(t, fd);
    ssize_t n = send(fd, t->out.buf, t->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0)
        return broken(t, n);
    explicit_bzero(t->out.buf, (size_t)n);
    strbuf_shift(&t->out, (size_t)n);
    return PROXY_AGAIN;
}

short proxy_events(const struct proxy_talk *t)
{
    return t->out.len > 0 ? POLLOUT : POLLIN;
}

void proxy_clear(struct proxy_talk *t)
{
    strbuf_clear(&t->out);
    free(steal(&t->reason));
}
