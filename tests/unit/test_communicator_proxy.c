/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"

/* What the proxy says is given byte by byte; "SSH" is the goal's and must not be
 * taken off the socket. */

#define BYTES(s)                                                                                   \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static const struct {
    const char *why;
    struct proxy_goal goal;
    str says, hears; /* by the proxy */
    enum proxy_result result;
    const char *reason;
} cases[] = {
    {"by name",
     {PROXY_SOCKS5, NULL, NULL, "guest.test", 2222},
     BYTES("\5\0\5\0\0\1\1\2\3\4\0\1SSH"),
     BYTES("\5\1\0\5\1\0\3\012guest.test\x08\xae"),
     PROXY_DONE,
     NULL},
    {"by IPv4, answered with a name",
     {PROXY_SOCKS5, NULL, NULL, "10.0.0.7", 22},
     BYTES("\5\0\5\0\0\3\4host\0\1SSH"),
     BYTES("\5\1\0\5\1\0\1\012\0\0\7\0\x16"),
     PROXY_DONE,
     NULL},
    {"by IPv6, answered with IPv6",
     {PROXY_SOCKS5, NULL, NULL, "::1", 22},
     BYTES("\5\0\5\0\0\4\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\0\1SSH"),
     BYTES("\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x16"),
     PROXY_DONE,
     NULL},
    {"with a login",
     {PROXY_SOCKS5, "me", "s,'\"$`\\", "h", 22},
     BYTES("\5\2\1\0\5\0\0\1\1\2\3\4\0\1SSH"),
     BYTES("\5\2\0\2\1\2me\7s,'\"$`\\\5\1\0\3\1h\0\x16"),
     PROXY_DONE,
     NULL},
    {"a login that is refused",
     {PROXY_SOCKS5, "me", NULL, "h", 22},
     BYTES("\5\2\1\1"),
     BYTES("\5\2\0\2\1\2me\0"),
     PROXY_REFUSED,
     "it refused the user name and password"},
    {"a login that is missing",
     {PROXY_SOCKS5, NULL, NULL, "h", 22},
     BYTES("\5\xff"),
     BYTES("\5\1\0"),
     PROXY_REFUSED,
     "it wants a login (ssh_proxy_username)"},
    {"not SOCKS",
     {PROXY_SOCKS5, NULL, NULL, "h", 22},
     BYTES("HTTP"),
     BYTES("\5\1\0"),
     PROXY_REFUSED,
     "it does not speak SOCKS 5"},
    {"a guest that is down",
     {PROXY_SOCKS5, NULL, NULL, "h", 22},
     BYTES("\5\0\5\5\0\1\0\0\0\0\0\0"),
     BYTES("\5\1\0\5\1\0\3\1h\0\x16"),
     PROXY_NO_ROUTE,
     "connection refused"},
    {"not allowed",
     {PROXY_SOCKS5, NULL, NULL, "h", 22},
     BYTES("\5\0\5\2\0\1\0\0\0\0\0\0"),
     BYTES("\5\1\0\5\1\0\3\1h\0\x16"),
     PROXY_REFUSED,
     "not allowed by its rules"},
    {"an end in the middle",
     {PROXY_SOCKS5, NULL, NULL, "h", 22},
     BYTES("\5"),
     BYTES("\5\1\0"),
     PROXY_NO_ROUTE,
     "it broke off the connection"},
    {"HTTP",
     {PROXY_HTTP, NULL, NULL, "fe80::1", 22},
     BYTES("HTTP/1.0 200 OK\r\nX: y\r\n\r\nSSH"),
     BYTES("CONNECT [fe80::1]:22 HTTP/1.1\r\nHost: [fe80::1]:22\r\n\r\n"),
     PROXY_DONE,
     NULL},
    {"HTTP with a login",
     {PROXY_HTTP, "me", "pa$sw", "h", 22},
     BYTES("HTTP/1.1 407 No\r\n\r\n"),
     BYTES("CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n"
           "Proxy-Authorization: Basic bWU6cGEkc3c=\r\n\r\n"),
     PROXY_REFUSED,
     "it answered \"407 No\""},
    {"HTTP, no guest",
     {PROXY_HTTP, NULL, NULL, "h", 22},
     BYTES("HTTP/1.1 504 Gateway Timeout\r\n\r\n"),
     BYTES("CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n\r\n"),
     PROXY_NO_ROUTE,
     "it answered \"504 Gateway Timeout\""},
    {"not HTTP",
     {PROXY_HTTP, NULL, NULL, "h", 22},
     BYTES("SSH-2.0-x\r\n\r\n"),
     BYTES("CONNECT h:22 HTTP/1.1\r\nHost: h:22\r\n\r\n"),
     PROXY_REFUSED,
     "it does not speak HTTP"},
};

static void hear(int fd, struct strbuf *heard)
{
    char block[1000];
    ssize_t n;
    while ((n = recv(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
        strbuf_add(heard, block, (size_t)n);
}

static void talks_with_proxies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int pair[2];
        struct proxy_talk t;
        AUTO(strbuf) struct strbuf heard = STRBUF_INIT;
        str says = cases[i].says;
        size_t said = 0;
        enum proxy_result result = PROXY_AGAIN;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        proxy_start(&t, &cases[i].goal);
        while ((result = proxy_advance(&t, pair[0])) == PROXY_AGAIN) {
            hear(pair[1], &heard);
            if (said < says.len)
                assert_int_equal(send(pair[1], says.ptr + said++, 1, 0), 1);
            else
                shutdown(pair[1], SHUT_WR);
        }
        hear(pair[1], &heard);
        if (result != cases[i].result)
            fail_msg("%s: result %d, %s", cases[i].why, (int)result, t.reason);
        assert_int_equal(heard.len, cases[i].hears.len);
        assert_memory_equal(heard.buf, cases[i].hears.ptr, heard.len);
        if (cases[i].reason != NULL)
            assert_string_equal(t.reason, cases[i].reason);
        if (result == PROXY_DONE) {
            char rest[10] = "";
            send(pair[1], says.ptr + said, says.len - said, 0);
            assert_int_equal(recv(pair[0], rest, sizeof(rest), 0), 3);
            assert_string_equal(rest, "SSH");
        }
        proxy_clear(&t);
        close(pair[0]);
        close(pair[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(talks_with_proxies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
