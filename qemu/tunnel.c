/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/tunnel.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/thread.h"

#define LOOK_NS  (50 * NS_PER_MS)
#define AGAIN_NS NS_PER_S
#define OPEN_NS  (60 * NS_PER_S)
#define GRACE_NS (2 * NS_PER_S)
#define ARGS_MAX 32

struct tunnel {
    const struct uri *uri;
    int here;
    bool to_here;
    struct cancel *stop;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    int there;
    bool is_up, has_failed;
    char words[256]; /* the last line of ssh */
};

int tunnel_port_there(const struct tunnel *t)
{
    return t->there;
}

/* "Allocated port 40123 for remote forward to 127.0.0.1:8000" */
static void on_line(void *arg, bool is_stderr, str line)
{
    static const str allocated = STR("Allocated port ");
    struct tunnel *t = arg;
    (void)is_stderr;
    int64_t port = 0;
    str rest = line;
    LOCK_SCOPE(&t->lock);
    if (str_starts(line, allocated)) {
        rest = str_sub(line, allocated.len, line.len);
        if (str_to_i64(str_split(&rest, ' '), &port) && port > 0 && port < 65536) {
            t->there = (int)port;
            t->is_up = true;
        }
    } else if (str_trim(line).len > 0) {
        snprintf(t->words, sizeof(t->words), "%.*s", STR_FMT(str_trim(line)));
    }
}

static bool can_connect(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

/* A host name is never taken for an option: it stands after "--". */
static struct proc *start_ssh(struct tunnel *t, struct error **err)
{
    const struct uri *u = t->uri;
    const char *argv[ARGS_MAX] = {
        u->command != NULL ? u->command : "ssh",
        "-N",
        "-T",
        "-oBatchMode=yes",
        "-oExitOnForwardFailure=yes",
        "-oServerAliveInterval=15",
        "-oServerAliveCountMax=3",
        "-oControlMaster=no",
        "-oControlPath=none",
        "-oLogLevel=INFO",
    };
    size_t n = 10;
    autofree char *port = xasprintf("-p%d", u->port);
    autofree char *way = t->to_here ? xasprintf("-R127.0.0.1:%d:127.0.0.1:%d", t->there, t->here)
                                    : xasprintf("-L127.0.0.1:%d:127.0.0.1:%d", t->here, t->there);
    argv[n++] = way;
    if (u->no_verify) { /* to a key that has changed ssh would log in, but not forward */
        argv[n++] = "-oStrictHostKeyChecking=no";
        argv[n++] = "-oUserKnownHostsFile=/dev/null";
    }
    if (u->port != 0)
        argv[n++] = port;
    if (u->user != NULL) {
        argv[n++] = "-l";
        argv[n++] = u->user;
    }
    if (u->keyfile != NULL) {
        argv[n++] = "-i";
        argv[n++] = u->keyfile;
    }
    argv[n++] = "--";
    argv[n++] = u->host;
    struct proc_spec spec = {.argv = argv, .on_line = on_line, .arg = t, .what = "tunnel"};
    return proc_start(&spec, err);
}

static bool is_up(struct tunnel *t)
{
    bool answers = !t->to_here && can_connect(t->here);
    LOCK_SCOPE(&t->lock);
    t->is_up = t->is_up || answers;
    return t->is_up;
}

static void give_up(struct tunnel *t, const char *why)
{
    LOCK_SCOPE(&t->lock);
    if (why != NULL)
        snprintf(t->words, sizeof(t->words), "%s", why);
    t->has_failed = true;
}

/* One life of ssh. */
static void run_ssh(struct tunnel *t)
{
    AUTO(error) struct error *err = NULL;
    struct proc *p = start_ssh(t, &err);
    bool was_up = false;
    if (p == NULL) {
        give_up(t, err->msg);
        return;
    }
    while (!proc_poll(p, NULL)) {
        was_up = was_up || is_up(t);
        if (!cancel_sleep(t->stop, LOOK_NS))
            break;
    }
    proc_kill_free(p, GRACE_NS);
    if (!is_up(t))
        give_up(t, NULL);
    else if (!cancel_test(t->stop))
        log_warn("qemu", "the tunnel to '%s' ended: %s", t->uri->host, t->words);
}

static void *run(void *arg)
{
    struct tunnel *t = arg;
    do
        run_ssh(t);
    while (!t->has_failed && cancel_sleep(t->stop, AGAIN_NS));
    return NULL;
}

static bool is_settled(struct tunnel *t)
{
    LOCK_SCOPE(&t->lock);
    return t->is_up || t->has_failed;
}

static bool await_up(struct tunnel *t, struct cancel *c, struct error **err)
{
    int64_t until = clock_now() + OPEN_NS;
    while (!is_settled(t) && clock_now() < until)
        if (!cancel_sleep(c, LOOK_NS))
            return cancel_error(c, err, "opening a tunnel to the hypervisor");
    LOCK_SCOPE(&t->lock);
    if (t->is_up)
        return true;
    error_set(err, t->has_failed ? ERR_NETWORK : ERR_TIMEOUT, 0, "no tunnel to '%s': %s",
              t->uri->host, t->words[0] != '\0' ? t->words : "ssh said nothing");
    return error_hint(err, "ssh must log in to that host without asking, and its sshd must allow "
                           "AllowTcpForwarding.");
}

struct tunnel *tunnel_open(const struct tunnel_spec *spec, struct error **err)
{
    struct tunnel *t = xnew(struct tunnel);
    t->uri = spec->uri;
    t->here = spec->here;
    t->there = spec->there;
    t->to_here = spec->to_here;
    pthread_mutex_init(&t->lock, NULL);
    t->stop = cancel_new(NULL);
    t->thread = thread_start("tunnel", run, t);
    if (await_up(t, spec->cancel, err))
        return t;
    tunnel_close(t);
    return NULL;
}

void tunnel_close(struct tunnel *t)
{
    if (t == NULL)
        return;
    cancel_trigger(t->stop, CANCEL_USER);
    pthread_join(t->thread, NULL);
    cancel_free(t->stop);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
