/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <regex.h>

#include "base/io.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/thread.h"

static char *dir, *path;

static int set_up(void **state)
{
    AUTO(error) struct error *err = NULL;

    (void)state;
    dir = io_make_temp_dir(io_temp_root(), "imgfac-test-log-", &err);
    path = dir == NULL ? NULL : io_path_join(dir, "log");
    return path == NULL;
}

static int tear_down(void **state)
{
    AUTO(error) struct error *err = NULL;

    (void)state;
    io_remove_tree(dir, &err);
    free(dir);
    free(path);
    return 0;
}

static bool init(const char *spec)
{
    const char *why = NULL;
    bool ok;

    unsetenv("PACKER_LOG");
    unsetenv("PACKER_LOG_PATH");
    setenv("IMGFAC_LOG", spec, 1);
    setenv("IMGFAC_LOG_PATH", path, 1);
    unlink(path);
    ok = log_init(&why);
    assert_true(ok == (why == NULL));
    return ok;
}

static void read_log(struct strbuf *out)
{
    AUTO(error) struct error *err = NULL;

    assert_true(io_read_file(path, 1 << 20, out, &err));
}

static void test_levels_and_areas(void **state)
{
    static const struct {
        const char *spec;
        enum log_level level;
        const char *area;
        bool enabled;
    } cases[] = {
        {"", LOG_ERROR, "ssh", false},
        {"off", LOG_ERROR, "ssh", false},
        {"0", LOG_ERROR, "ssh", false},
        {"1", LOG_DEBUG, "ssh", true},
        {"error", LOG_ERROR, "ssh", true},
        {"error", LOG_WARN, "ssh", false},
        {"INFO", LOG_INFO, "ssh", true},
        {"debug,ssh=trace", LOG_TRACE, "ssh", true},
        {"debug,ssh=trace", LOG_TRACE, "qemu", false},
        {"ssh=trace, debug", LOG_DEBUG, "qemu", true},
        {"ssh=trace", LOG_ERROR, "qemu", false},
        {"trace,ssh=off", LOG_ERROR, "ssh", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_true(init(cases[i].spec));
        assert_int_equal(log_enabled(cases[i].level, cases[i].area), cases[i].enabled);
    }
}

static void test_wrong_specifications(void **state)
{
    static const char *const specs[] = {"loud", "ssh=loud", "=debug", "debug,,x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
        assert_false(init(specs[i]));
}

static void test_path_that_cannot_be_opened(void **state)
{
    const char *why = NULL;

    (void)state;
    setenv("IMGFAC_LOG", "debug", 1);
    setenv("IMGFAC_LOG_PATH", "/no/such/place", 1);
    assert_false(log_init(&why));
    assert_non_null(strstr(why, "IMGFAC_LOG_PATH"));
}

static void test_packers_variables(void **state)
{
    const char *why = NULL;

    (void)state;
    unsetenv("IMGFAC_LOG");
    unsetenv("IMGFAC_LOG_PATH");
    unlink(path);
    setenv("PACKER_LOG", "1", 1);
    setenv("PACKER_LOG_PATH", path, 1);
    assert_true(log_init(&why));
    log_debug("x", "by packer's name");
    assert_true(io_exists(path));
    unsetenv("PACKER_LOG");
    unsetenv("PACKER_LOG_PATH");
}

static void test_line(void **state)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    regex_t re;

    (void)state;
    assert_true(init("info"));
    errno = ENOENT;
    log_info("qemu", "started %s\n", "x");
    assert_int_equal(errno, ENOENT);
    log_set_thread_prefix("qemu.web");
    log_error("ssh", "two\nlines\x1b[2J");
    log_set_thread_prefix(NULL);
    log_debug("ssh", "not wanted");
    read_log(&text);
    assert_int_equal(regcomp(&re,
                             "^20[0-9-]{8}T[0-9:]{8}\\.[0-9]{3}Z info  qemu: started x\n"
                             "20[0-9-]{8}T[0-9:]{8}\\.[0-9]{3}Z error \\[qemu.web\\] ssh: two\n"
                             "    \\| lines\\\\x1b\\[2J\n$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&re, text.buf, 0, NULL, 0), 0);
    regfree(&re);
}

static void test_secrets_stay_out(void **state)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;

    (void)state;
    assert_true(init("debug"));
    redact_register(STR("line one\nline two"));
    log_debug("proc", "run --password='%s'", "line one\nline two");
    redact_reset();
    read_log(&text);
    assert_non_null(strstr(text.buf, "run --password='<sensitive>'"));
    assert_null(strstr(text.buf, "line one"));
}

static void *log_many(void *arg)
{
    log_set_thread_prefix(arg);
    for (int i = 0; i < 100; i++)
        log_info("x", "%s%s%s%s", (char *)arg, (char *)arg, (char *)arg, (char *)arg);
    return NULL;
}

static void test_lines_of_threads_do_not_mix(void **state)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    pthread_t ids[2];
    char names[][9] = {"aaaaaaaa", "bbbbbbbb"};
    int lines = 0;
    str rest;

    (void)state;
    assert_true(init("info"));
    for (size_t i = 0; i < 2; i++)
        ids[i] = thread_start("logger", log_many, names[i]);
    for (size_t i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    read_log(&text);
    rest = str_trim_end(strbuf_str(&text));
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);

        assert_int_equal(line.len, strlen("2026-11-22T15:04:05.123Z info  [aaaaaaaa] x: ") + 32);
        assert_true(str_find(line, STR("ab")) < 0 && str_find(line, STR("ba")) < 0);
        lines++;
    }
    assert_int_equal(lines, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_and_areas),
        cmocka_unit_test(test_wrong_specifications),
        cmocka_unit_test(test_path_that_cannot_be_opened),
        cmocka_unit_test(test_packers_variables),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_secrets_stay_out),
        cmocka_unit_test(test_lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
