/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/communicator.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/thread.h"
#include "tests/lib/sshd.h"

/* The ways to a guest: bastion, proxies, tunnels, agent, certificates; all with
 * real OpenSSH programs on the loopback. */

struct fixture {
    struct test_sshd guest, bastion;
    struct test_sink sink;
    struct build build;
    struct comm_config config;
    struct cancel *cancel;
    bool present;
};

static struct fixture fx;

static void check(bool ok, struct error **err)
{
    if (ok)
        return;
    autofree char *line = error_line(*err);
    error_drop(err);
    fail_msg("%s", line);
}

static int set_up(void **state)
{
    (void)state;
    fx = (struct fixture){0};
    fx.present = test_sshd_init(&fx.guest) && test_sshd_init(&fx.bastion);
    if (!fx.present)
        return 0;
    test_sink_init(&fx.sink);
    fx.cancel = cancel_new(NULL);
    test_ssh_build(&fx.guest, &fx.build, &fx.config, &fx.sink, fx.cancel);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!fx.present)
        return 0;
    test_sshd_clear(&fx.guest);
    test_sshd_clear(&fx.bastion);
    strbuf_clear(&fx.sink.text);
    cancel_free(fx.cancel);
    return 0;
}

#define NEEDS_SSHD()                                                                               \
    do {                                                                                           \
        if (!fx.present)                                                                           \
            skip();                                                                                \
    } while (false)

static struct comm *open_comm(void)
{
    struct error *err = NULL;
    struct comm *c = comm_open(&comm_ssh, &fx.config, &fx.build, &err);
    check(c != NULL, &err);
    return c;
}

/* The standard output of COMMAND in the guest; heap. */
static char *output_of(struct comm *c, const char *command, int *status)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT_MAX(100000);
    struct comm_command cmd = {.command = command, .out = &out};
    check(comm_run(c, &cmd, fx.cancel, status, &err), &err);
    return strbuf_steal(&out);
}

static void assert_works(struct comm *c)
{
    int status = -1;
    autofree char *out = output_of(c, "echo it works", &status);
    assert_int_equal(status, 0);
    assert_string_equal(out, "it works\n");
}

/* The error of an attempt that must fail within a few seconds; heap. */
static char *failure(enum err_code code)
{
    struct error *err = NULL;
    int64_t start = clock_now();
    struct comm *c = comm_open(&comm_ssh, &fx.config, &fx.build, &err);
    assert_null(c);
    assert_true(clock_now() - start < 8 * NS_PER_S);
    char *line = error_line(err);
    if (!error_is(err, code))
        fail_msg("%s: %s", error_code_name(err->code), line);
    error_drop(&err);
    return line;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' does not say '%s'", text, part);
}

static void use_bastion(void)
{
    fx.config.ssh_bastion_host = "127.0.0.1";
    fx.config.ssh_bastion_port = fx.bastion.port;
    fx.config.ssh_bastion_username = fx.bastion.user;
    fx.config.ssh_bastion_private_key_file = fx.bastion.key_path;
}

static char *read_log(const struct test_sshd *s)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    autofree char *path = io_path_join(s->dir, "sshd.log");
    check(io_read_file(path, 1 << 20, &sb, &err), &err);
    return strbuf_steal(&sb);
}

static void bastion_leads_to_the_guest(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    test_sshd_start(&fx.guest, NULL);
    test_sshd_start(&fx.bastion, NULL);
    use_bastion();
    struct comm *c = open_comm();
    assert_works(c);
    autofree char *dst = io_path_join(fx.guest.dir, "big");
    AUTO(strbuf) struct strbuf data = STRBUF_INIT, back = STRBUF_INIT;
    for (int i = 0; i < 400000; i++)
        strbuf_addf(&data, "%d,", i);
    check(comm_upload_data(c, strbuf_str(&data), dst, 0600, fx.cancel, &err), &err);
    check(io_read_file(dst, 16 << 20, &back, &err), &err);
    assert_string_equal(back.buf, data.buf);
    /* As after a reboot: everything anew. */
    check(comm_reconnect(c, fx.cancel, &err), &err);
    int status = -1;
    autofree char *many = output_of(c, "seq 300000 | tail -c 90000", &status);
    assert_int_equal(strlen(many), 90000);
    comm_close(c);
    autofree char *log = read_log(&fx.bastion);
    assert_says(log, "Accepted publickey");
}

static void *start_guest_later(void *arg)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    (void)arg;
    cancel_sleep(pace, 700 * NS_PER_MS);
    test_sshd_start(&fx.guest, NULL);
    return NULL;
}

static void bastion_waits_for_the_guest(void **state)
{
    (void)state;
    NEEDS_SSHD();
    test_sshd_start(&fx.bastion, NULL);
    use_bastion();
    pthread_t t = thread_start("later", start_guest_later, NULL);
    struct comm *c = open_comm();
    pthread_join(t, NULL);
    assert_works(c);
    comm_close(c);
    assert_says(fx.sink.text.buf, "the bastion cannot reach 127.0.0.1");
}

static void bastion_faults_name_the_bastion(void **state)
{
    (void)state;
    NEEDS_SSHD();
    use_bastion();
    fx.config.ssh_timeout_ns = NS_PER_S;
    autofree char *down = failure(ERR_TIMEOUT);
    assert_says(down, "bastion 127.0.0.1:");
    assert_says(down, "Connection refused");
    test_sshd_start(&fx.bastion, NULL);
    autofree char *no_guest = failure(ERR_TIMEOUT);
    assert_says(no_guest, "is there but the guest is not");
    fx.config.ssh_bastion_private_key_file = fx.guest.key_path;
    fx.config.ssh_timeout_ns = 0;
    fx.config.ssh_handshake_attempts = 1;
    autofree char *refused = failure(ERR_AUTH);
    assert_says(refused, "no login at the bastion 127.0.0.1:");
    assert_says(refused, "the bastion refused the login of");
}

/* --- proxies --- */

static bool port_is_open(int port)
{
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

static void wait_for_port(int port)
{
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    for (int i = 0; i < 200 && !port_is_open(port); i++)
        cancel_sleep(pace, 25 * NS_PER_MS);
    assert_true(port_is_open(port));
}

static void socks_proxy_leads_to_the_guest(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    int port = test_free_port();
    autofree char *d = xasprintf("%d", port), *p = xasprintf("%d", fx.bastion.port);
    const char *argv[] = {"ssh",       "-N",
                          "-D",        d,
                          "-p",        p,
                          "-F",        "none",
                          "-o",        "StrictHostKeyChecking=no",
                          "-o",        "UserKnownHostsFile=/dev/null",
                          "-i",        fx.bastion.key_path,
                          "127.0.0.1", NULL};
    struct proc_spec spec = {.argv = argv, .what = "start ssh -D"};
    test_sshd_start(&fx.guest, NULL);
    test_sshd_start(&fx.bastion, NULL);
    wait_for_port(fx.bastion.port);
    struct proc *socks = proc_start(&spec, &err);
    check(socks != NULL, &err);
    wait_for_port(port);
    fx.config.ssh_proxy_host = "127.0.0.1";
    fx.config.ssh_proxy_port = port;
    fx.build.target.host = "localhost"; /* by name */
    struct comm *c = open_comm();
    assert_works(c);
    comm_close(c);
    proc_kill_free(socks, NS_PER_S);
}

/* CONNECT for one client after the other; wants a login when `login` is set. */
struct web_proxy {
    int listener, port;
    const char *login; /* base64 */
    atomic_bool stop;
    atomic_int connections;
};

static bool pass(int from, int to)
{
    char block[65536];
    ssize_t n = recv(from, block, sizeof(block), 0);
    return n > 0 && send(to, block, (size_t)n, MSG_NOSIGNAL) == n;
}

static void shovel(struct web_proxy *p, int client, int server)
{
    struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (!p->stop) {
        if (poll(fds, 2, 50) < 0 || (fds[0].revents != 0 && !pass(client, server)) ||
            (fds[1].revents != 0 && !pass(server, client)))
            return;
    }
}

static void serve_web(struct web_proxy *p, int client)
{
    char head[2000] = "";
    int port = 0;
    static const char no[] = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    static const char bad[] = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
    /* With more behind it in the same packet, as the banner may be. */
    static const char yes[] = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
    if (recv(client, head, sizeof(head) - 1, 0) <= 0)
        return;
    const char *colon = strchr(head, ':');
    if (colon != NULL)
        port = (int)strtol(colon + 1, NULL, 10);
    if (p->login != NULL && strstr(head, p->login) == NULL) {
        send(client, no, sizeof(no) - 1, MSG_NOSIGNAL);
        return;
    }
    autoclose int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(server, (struct sockaddr *)&a, sizeof(a)) < 0) {
        send(client, bad, sizeof(bad) - 1, MSG_NOSIGNAL);
        return;
    }
    send(client, yes, sizeof(yes) - 1, MSG_NOSIGNAL);
    shovel(p, client, server);
}

static void *web_proxy(void *arg)
{
    struct web_proxy *p = arg;
    while (!p->stop) {
        struct pollfd fd = {.fd = p->listener, .events = POLLIN};
        if (poll(&fd, 1, 50) <= 0)
            continue;
        autoclose int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
        p->connections++;
        serve_web(p, client);
    }
    return NULL;
}

static pthread_t start_web_proxy(struct web_proxy *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(p->listener, 8), 0);
    getsockname(p->listener, (struct sockaddr *)&a, &len);
    p->port = ntohs(a.sin_port);
    fx.config.ssh_proxy_host = "127.0.0.1";
    fx.config.ssh_proxy_port = p->port;
    fx.config.ssh_proxy_type = COMM_PROXY_HTTP;
    return thread_start("proxy", web_proxy, p);
}

static void stop_web_proxy(struct web_proxy *p, pthread_t t)
{
    p->stop = true;
    pthread_join(t, NULL);
    close(p->listener);
}

static void http_proxy_leads_to_the_guest(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct web_proxy p = {.login = "Proxy-Authorization: Basic bWU6cGEkc3c="}; /* me:pa$sw */
    pthread_t t = start_web_proxy(&p);
    fx.config.ssh_timeout_ns = NS_PER_S;
    /* Refused for good: no waiting. */
    autofree char *refused = failure(ERR_TEMPLATE);
    assert_says(refused, "proxy 127.0.0.1:");
    assert_says(refused, "it answered \"407 Proxy Authentication Required\"");
    fx.config.ssh_proxy_username = "me";
    fx.config.ssh_proxy_password = "pa$sw";
    autofree char *no_guest = failure(ERR_TIMEOUT);
    assert_says(no_guest, "it answered \"502 Bad Gateway\"");
    fx.config.ssh_timeout_ns = 10 * NS_PER_S;
    test_sshd_start(&fx.guest, NULL);
    struct comm *c = open_comm();
    assert_works(c);
    comm_close(c);
    stop_web_proxy(&p, t);
}

/* --- tunnels --- */

static void *serve_hello(void *arg)
{
    int listener = *(int *)arg;
    for (int i = 0; i < 2; i++) {
        autoclose int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        char block[100];
        ssize_t n = recv(fd, block, sizeof(block), 0);
        if (n > 0)
            send(fd, "hello ", 6, MSG_NOSIGNAL);
        if (n > 0)
            send(fd, block, (size_t)n, MSG_NOSIGNAL);
    }
    return NULL;
}

static int listen_somewhere(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 8), 0);
    getsockname(fd, (struct sockaddr *)&a, &len);
    *port = ntohs(a.sin_port);
    return fd;
}

static char *talk_to(int port, const char *text)
{
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    char block[100];
    ssize_t n;
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    send(fd, text, strlen(text), MSG_NOSIGNAL);
    while ((n = recv(fd, block, sizeof(block), 0)) > 0)
        strbuf_add(&sb, block, (size_t)n);
    return strbuf_steal(&sb);
}

/* Both ends are this host, but the bytes go through sshd, while no command runs
 * (local) and from a command (remote). */
static void tunnels_carry_both_ways(void **state)
{
    (void)state;
    NEEDS_SSHD();
    int goal = 0, local = test_free_port(), remote = test_free_port();
    int listener = listen_somewhere(&goal);
    autofree char *one = xasprintf("%d:localhost:%d", local, goal);
    autofree char *two = xasprintf("%d:127.0.0.1:%d", remote, goal);
    const char *locals[] = {one}, *remotes[] = {two};
    fx.config.ssh_local_tunnels = (struct opt_strings){locals, 1};
    fx.config.ssh_remote_tunnels = (struct opt_strings){remotes, 1};
    test_sshd_start(&fx.guest, NULL);
    pthread_t t = thread_start("hello", serve_hello, &listener);
    struct comm *c = open_comm();
    autofree char *answer = talk_to(local, "from here");
    assert_string_equal(answer, "hello from here");
    autofree char *command =
        xasprintf("bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d; printf there >&3; cat <&3'", remote);
    int status = -1;
    autofree char *out = output_of(c, command, &status);
    assert_string_equal(out, "hello there");
    pthread_join(t, NULL);
    close(listener);
    comm_close(c);
    assert_false(port_is_open(local));
}

static void tunnels_that_cannot_be_are_named(void **state)
{
    (void)state;
    NEEDS_SSHD();
    int taken = 0, listener = listen_somewhere(&taken);
    autofree char *spec = xasprintf("%d:localhost:1", taken);
    const char *list[] = {spec};
    fx.config.ssh_local_tunnels = (struct opt_strings){list, 1};
    autofree char *local = failure(ERR_HOST);
    assert_says(local, "ssh_local_tunnels: cannot listen on localhost:");
    fx.config.ssh_local_tunnels = (struct opt_strings){0};
    fx.config.ssh_remote_tunnels = (struct opt_strings){list, 1};
    test_sshd_start(&fx.guest, "AllowTcpForwarding no");
    autofree char *remote = failure(ERR_GUEST);
    assert_says(remote, "ssh_remote_tunnels: the guest does not listen on localhost:");
    close(listener);
}

/* --- agent --- */

static void run_tool(const char *const *argv)
{
    struct error *err = NULL;
    struct proc_spec spec = {.argv = argv, .what = argv[0]};
    check(proc_run(&spec, NULL, &err), &err);
}

static void agent_logs_in_and_is_forwarded(void **state)
{
    (void)state;
    NEEDS_SSHD();
    struct error *err = NULL;
    autofree char *path = io_path_join(fx.guest.dir, "agent");
    const char *argv[] = {"ssh-agent", "-D", "-a", path, NULL};
    struct proc_spec spec = {.argv = argv, .what = "start ssh-agent"};
    AUTO(cancel) struct cancel *pace = cancel_new(NULL);
    struct proc *agent = proc_start(&spec, &err);
    check(agent != NULL, &err);
    for (int i = 0; i < 200 && !io_exists(path); i++)
        cancel_sleep(pace, 25 * NS_PER_MS);
    setenv("SSH_AUTH_SOCK", path, 1);
    const char *add[] = {"ssh-add", "-q", fx.guest.key_path, NULL};
    run_tool(add);
    test_sshd_start(&fx.guest, NULL);
    fx.build.target.private_key_pem = NULL;
    fx.config.ssh_agent_auth = true;
    for (int off = 0; off < 2; off++) {
        fx.config.ssh_disable_agent_forwarding = off;
        struct comm *c = open_comm();
        int status = -1;
        autofree char *out = output_of(c, "ssh-add -l | grep -c ED25519; ssh-add -l >&2", &status);
        assert_string_equal(out, off ? "0\n" : "1\n");
        autofree char *again = output_of(c, "ssh-add -L | wc -l", &status);
        assert_string_equal(again, off ? "0\n" : "1\n");
        comm_close(c);
    }
    unsetenv("SSH_AUTH_SOCK");
    proc_kill_free(agent, NS_PER_S);
    fx.config.ssh_handshake_attempts = 1;
    fx.config.ssh_timeout_ns = 0;
    autofree char *none = failure(ERR_AUTH);
    assert_says(none, "SSH_AUTH_SOCK is not set");
}

/* --- certificates and host keys --- */

static char *in_dir(const char *name)
{
    return io_path_join(fx.guest.dir, name);
}

static void make_key(const char *path, const char *type)
{
    const char *argv[] = {"ssh-keygen", "-q", "-t", type, "-N", "", "-f", path, NULL};
    run_tool(argv);
}

/* Sign PATH.pub into PATH-cert.pub. */
static void certify(const char *ca, const char *path, const char *dates, bool host)
{
    autofree char *pub = xasprintf("%s.pub", path);
    const char *argv[] = {"ssh-keygen",  "-q", "-s",  ca,  "-I", "test", "-n",
                          fx.guest.user, "-V", dates, pub, NULL, NULL};
    if (host) {
        argv[10] = "-h";
        argv[11] = pub;
    }
    run_tool(argv);
}

static void certificates_log_in(void **state)
{
    static const char *const types[] = {"ed25519", "ecdsa", "rsa"};
    (void)state;
    NEEDS_SSHD();
    autofree char *ca = in_dir("ca");
    make_key(ca, "ed25519");
    autofree char *config = xasprintf("AuthorizedKeysFile none\nTrustedUserCAKeys %s.pub\n", ca);
    test_sshd_start(&fx.guest, config);
    fx.build.target.private_key_pem = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        autofree char *key = in_dir(types[i]), *cert = xasprintf("%s-cert.pub", key);
        make_key(key, types[i]);
        certify(ca, key, "-1h:+1h", false);
        fx.config.ssh_private_key_file = key;
        fx.config.ssh_certificate_file = cert;
        struct comm *c = open_comm();
        assert_works(c);
        comm_close(c);
    }
}

static void useless_certificates_are_named(void **state)
{
    static const struct {
        const char *dates;
        bool host, of_another;
        const char *part;
    } cases[] = {
        {"-2h:-1h", false, false, "expired on 20"},
        {"+1h:+2h", false, false, "is not valid before 20"},
        {"-1h:+1h", true, false, "is a certificate of a host"},
        {"-1h:+1h", false, true, "does not belong to ssh_private_key_file"},
    };
    (void)state;
    NEEDS_SSHD();
    autofree char *ca = in_dir("ca"), *key = in_dir("key"), *cert = in_dir("key-cert.pub");
    make_key(ca, "ed25519");
    make_key(key, "ed25519");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        certify(ca, key, cases[i].dates, cases[i].host);
        fx.config.ssh_private_key_file = cases[i].of_another ? ca : key;
        fx.config.ssh_certificate_file = cert;
        autofree char *line = failure(ERR_USAGE);
        assert_says(line, cases[i].part);
    }
    fx.config.ssh_certificate_file = key;
    autofree char *garbage = failure(ERR_USAGE);
    assert_says(garbage, "is no certificate that can be read");
}

static void host_keys_and_ciphers_are_kept_to(void **state)
{
    (void)state;
    NEEDS_SSHD();
    const char *cipher[] = {"aes256-ctr"}, *kex[] = {"ecdh-sha2-nistp384"},
               *other[] = {"aes128-ctr"};
    const char *unknown[] = {"rot13"};
    test_sshd_start(&fx.guest, "Ciphers aes256-ctr\nKexAlgorithms ecdh-sha2-nistp384");
    fx.config.ssh_ciphers = (struct opt_strings){cipher, 1};
    fx.config.ssh_kex = (struct opt_strings){kex, 1};
    struct comm *c = open_comm();
    assert_works(c);
    comm_close(c);
    fx.config.ssh_host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    autofree char *pinned = failure(ERR_GUEST);
    assert_says(pinned, "the guest has the host key ssh-ed25519 SHA256:");
    fx.config.ssh_host_key = NULL;
    fx.config.ssh_ciphers = (struct opt_strings){other, 1};
    fx.config.ssh_timeout_ns = 4 * NS_PER_S;
    autofree char *disjoint = failure(ERR_TIMEOUT);
    assert_says(disjoint, "the SSH handshake failed: kex error : no match for method encryption");
    fx.config.ssh_ciphers = (struct opt_strings){unknown, 1};
    autofree char *nonsense = failure(ERR_TEMPLATE);
    assert_says(nonsense, "ssh_ciphers: none of 'rot13' is known");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    unsetenv("SSH_AUTH_SOCK");
    if (getenv("IMGFAC_TEST_ONLY") != NULL)
        cmocka_set_test_filter(getenv("IMGFAC_TEST_ONLY"));
    const struct CMUnitTest tests[] = {
        TEST(bastion_leads_to_the_guest),
        TEST(bastion_waits_for_the_guest),
        TEST(bastion_faults_name_the_bastion),
        TEST(socks_proxy_leads_to_the_guest),
        TEST(http_proxy_leads_to_the_guest),
        TEST(tunnels_carry_both_ways),
        TEST(tunnels_that_cannot_be_are_named),
        TEST(agent_logs_in_and_is_forwarded),
        TEST(certificates_log_in),
        TEST(useless_certificates_are_named),
        TEST(host_keys_and_ciphers_are_kept_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
