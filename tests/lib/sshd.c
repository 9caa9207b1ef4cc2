/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/sshd.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"

#define SSHD "/usr/sbin/sshd"

static void must(bool ok, struct error **err)
{
    if (ok)
        return;
    autofree char *line = error_line(*err);
    fprintf(stderr, "test set-up failed: %s\n", line);
    abort();
}

int test_free_port(void)
{
    autoclose int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    if (bind(fd, (struct sockaddr *)&a, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        abort();
    return ntohs(a.sin_port);
}

static void make_key(const char *path)
{
    struct error *err = NULL;
    unlink(path);
    const char *argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL};
    struct proc_spec spec = {.argv = argv, .what = "make a key"};
    must(proc_run(&spec, NULL, &err), &err);
}

static char *read_text(const char *path)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    must(io_read_file(path, 1 << 20, &sb, &err), &err);
    return strbuf_steal(&sb);
}

void test_sshd_new_host_key(struct test_sshd *s)
{
    autofree char *path = io_path_join(s->dir, "host");
    make_key(path);
}

bool test_sshd_init(struct test_sshd *s)
{
    struct error *err = NULL;
    *s = (struct test_sshd){0};
    if (access(SSHD, X_OK) != 0)
        return false;
    s->dir = io_make_temp_dir(io_temp_root(), "imgfac-sshd-", &err);
    must(s->dir != NULL, &err);
    s->key_path = io_path_join(s->dir, "user");
    make_key(s->key_path);
    s->key_pem = read_text(s->key_path);
    test_sshd_new_host_key(s);
    autofree char *home = io_path_join(s->dir, "home");
    must(mkdir(home, 0700) == 0, &err);
    s->port = test_free_port();
    s->user = xstrdup(getpwuid(getuid())->pw_name);
    if (getuid() == 0)
        mkdir("/run/sshd", 0755);
    return true;
}

void test_sshd_start(struct test_sshd *s, const char *extra)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_addf(&sb, "%s\n", extra == NULL ? "" : extra);
    strbuf_addf(&sb, "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\n", s->port, s->dir);
    strbuf_addf(&sb, "AuthorizedKeysFile %s/user.pub\nPidFile %s/pid\n", s->dir, s->dir);
    strbuf_addf(&sb,
                "SetEnv HOME=%s/home PATH=%s/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                "/sbin:/bin\n",
                s->dir, s->dir);
    strbuf_adds(&sb, "UsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\n"
                     "KbdInteractiveAuthentication no\nMaxSessions 20\n"
                     "Subsystem sftp internal-sftp\n");
    autofree char *config = io_path_join(s->dir, "sshd_config");
    must(io_write_file(config, strbuf_str(&sb), 0600, &err), &err);
    autofree char *log = io_path_join(s->dir, "sshd.log");
    const char *argv[] = {SSHD, "-D", "-f", config, "-E", log, NULL};
    struct proc_spec spec = {.argv = argv, .what = "start sshd"};
    s->proc = proc_start(&spec, &err);
    must(s->proc != NULL, &err);
}

void test_sshd_stop(struct test_sshd *s)
{
    proc_kill_free(s->proc, NS_PER_S);
    s->proc = NULL;
}

void test_sshd_clear(struct test_sshd *s)
{
    struct error *err = NULL;
    test_sshd_stop(s);
    if (s->dir != NULL && getenv("IMGFAC_KEEP") == NULL)
        must(io_remove_tree(s->dir, &err), &err);
    free(s->dir);
    free(s->user);
    free(s->key_pem);
    free(s->key_path);
}

static void remember(struct event_sink *sink, const struct event *e)
{
    struct test_sink *s = (struct test_sink *)sink;
    if (e->kind == EVENT_PROGRESS) {
        s->progress = e->done;
        return;
    }
    const char *kind = e->kind == EVENT_SAY          ? "say"
                       : e->kind == EVENT_OUTPUT     ? "out"
                       : e->kind == EVENT_OUTPUT_ERR ? "err"
                                                     : "warning";
    strbuf_addf(&s->text, "%s: %.*s\n", kind, STR_FMT(e->text));
}

void test_sink_init(struct test_sink *s)
{
    *s = (struct test_sink){.sink = {.emit = remember}, .text = STRBUF_INIT};
}

void test_ssh_build(const struct test_sshd *s, struct build *b, struct comm_config *config,
                    struct test_sink *sink, struct cancel *cancel)
{
    *b = (struct build){
        .name = "test.guest",
        .builder_name = "test",
        .source_name = "guest",
        .run_uuid = "11111111-2222-3333-4444-555555555555",
        .cancel = cancel,
        .events = &sink->sink,
        .log_dir = s->dir,
        .comm_config = config,
        .target = {.host = "127.0.0.1",
                   .port = s->port,
                   .user = s->user,
                   .private_key_pem = s->key_pem},
    };
    *config = (struct comm_config){
        .ssh_timeout_ns = 20 * NS_PER_S,
        .ssh_keep_alive_interval_ns = 5 * NS_PER_S,
    };
}
