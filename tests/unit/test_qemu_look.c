/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/look.h"
#include "qemu/qmp.h"

/* A monitor and a console that answer from a script, in place of QEMU. */
struct fake {
    char *dir, *path;
    const char *const *answers; /* the first at once, each other after a line that came in */
    int fd;
    struct strbuf got;
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct fake *f = arg;
    int client = accept(f->fd, NULL, NULL);
    char c;
    for (size_t i = 0; f->answers[i] != NULL; i++) {
        if (!io_write_all(client, f->answers[i], strlen(f->answers[i])))
            break;
        while (f->answers[i + 1] != NULL && read(client, &c, 1) == 1 && strbuf_addc(&f->got, c) &&
               c != '\n')
            continue;
    }
    close(client);
    return NULL;
}

static void fake_start(struct fake *f, const char *const *answers)
{
    struct error *e = NULL;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    *f = (struct fake){.answers = answers, .got = STRBUF_INIT};
    f->dir = io_make_temp_dir(io_temp_root(), "look-", &e);
    f->path = io_path_join(f->dir, "sock");
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f->path);
    f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(f->fd, 1), 0);
    f->thread = thread_start("fake", serve, f);
}

static void fake_wait(struct fake *f)
{
    if (f->fd < 0)
        return;
    pthread_join(f->thread, NULL);
    close(f->fd);
    f->fd = -1;
}

static void fake_end(struct fake *f)
{
    struct error *e = NULL;
    fake_wait(f);
    strbuf_clear(&f->got);
    assert_true(io_remove_tree(f->dir, &e));
    free(f->dir);
    free(f->path);
}

#define HELLO "{\"QMP\": {\"version\": {}}}\r\n"

static void answers_and_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *answers[4];
        enum err_code code; /* 0: it works */
        const char *says;
    } cases[] = {
        {{HELLO, "{\"return\":{}}\r\n", "{\"return\":{}}\r\n"}, 0, NULL},
        {{HELLO, "{\"return\":{}}\r\n{\"event\":\"STOP\"}\r\n",
          "{\"event\":\"RESUME\"}\r\ngarbage\r\n{\"return\":{}}\r\n"},
         0,
         NULL},
        {{HELLO, "{\"return\":{}}\r\n", "{\"error\":{\"desc\":\"no screen\"}}\r\n"},
         ERR_LIBVIRT,
         "no screen"},
        {{HELLO, "{\"return\":{}}\r\n", "{}\r\n"}, ERR_LIBVIRT, "no reason"},
        {{HELLO, "{\"return\":{}}\r\n", "{\"ret"}, ERR_LIBVIRT, "hung up"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fake f;
        struct error *e = NULL;
        fake_start(&f, cases[i].answers);
        struct qmp *q = qmp_open(f.path, &e);
        assert_non_null(q);
        bool ok = qmp_call(q, "screendump", json_pack("{s:s}", "filename", "/a \"b\""), &e);
        assert_int_equal(ok ? 0 : e->code, cases[i].code);
        if (!ok)
            assert_non_null(strstr(e->msg, cases[i].says));
        assert_non_null(strstr(f.got.buf, "qmp_capabilities"));
        error_drop(&e);
        qmp_close(q);
        fake_end(&f);
    }
}

static void no_monitor(void **state)
{
    (void)state;
    struct error *e = NULL;
    assert_null(qmp_open("/nonexistent/sock", &e));
    assert_int_equal(e->code, ERR_LIBVIRT);
    error_drop(&e);
    autofree char *far = xasprintf("/%0200d", 0);
    assert_null(qmp_open(far, &e));
    error_drop(&e);
    struct run_info info = {.build = "b"};
    assert_false(look_screenshot(&info, "/dev/null", &e));
    assert_int_equal(e->code, ERR_NOT_FOUND);
    error_drop(&e);
    assert_int_equal(look_guest_pid(&info), 0);
}

/* The log is shown, keys go to the socket, the stop key ends it. */
static void keys_go_in_and_the_log_comes_out(void **state)
{
    (void)state;
    static const char *const silent[] = {"", "", NULL};
    struct fake f;
    struct error *e = NULL;
    AUTO(strbuf) struct strbuf shown = STRBUF_INIT;
    fake_start(&f, silent);
    autofree char *log = io_path_join(f.dir, "log"), *out = io_path_join(f.dir, "out");
    autofree char *in = io_path_join(f.dir, "in");
    assert_true(io_write_file(log, STR("booted\nlogin: "), 0600, &e));
    assert_true(io_write_file(in, STR("root\n\x1dnot this"), 0600, &e));
    struct run_info info = {.build = "b", .work_dir = f.dir, .console = f.path, .console_log = log};
    autoclose int in_fd = open(in, O_RDONLY | O_CLOEXEC);
    autoclose int out_fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct look_console how = {.in = in_fd, .out = out_fd, .stop = 0x1d};
    assert_true(look_attach(&info, &how, &e));
    fake_wait(&f);
    assert_string_equal(f.got.buf, "root\n");
    assert_true(io_read_file(out, 100, &shown, &e));
    assert_string_equal(shown.buf, "booted\nlogin: ");
    fake_end(&f);
}

static void reading_ends_when_cancelled_or_gone(void **state)
{
    (void)state;
    struct error *e = NULL;
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    autofree char *dir = io_make_temp_dir(io_temp_root(), "look-", &e);
    autofree char *log = xasprintf("%s.log", dir);
    struct run_info info = {.build = "b", .work_dir = dir, .console_log = log};
    struct look_console how = {.in = -1, .out = STDERR_FILENO, .cancel = c};
    assert_false(look_attach(&info, &how, &e)); /* no log yet */
    error_drop(&e);
    assert_true(io_write_file(log, STR(""), 0600, &e));
    how.in = 0;
    assert_false(look_attach(&info, &how, &e)); /* nothing to type into */
    assert_int_equal(e->code, ERR_HOST);
    error_drop(&e);
    how.in = -1;
    cancel_trigger(c, CANCEL_USER);
    assert_true(look_attach(&info, &how, &e));
    assert_true(io_remove_tree(log, &e));
    assert_true(io_remove_tree(dir, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_refusals),
        cmocka_unit_test(no_monitor),
        cmocka_unit_test(keys_go_in_and_the_log_comes_out),
        cmocka_unit_test(reading_ends_when_cancelled_or_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
