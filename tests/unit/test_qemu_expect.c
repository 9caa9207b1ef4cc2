/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/expect.h"

static char *dir, *path;

static int make_log(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    dir = io_make_temp_dir(io_temp_root(), "imgfac-test-expect-", &err);
    path = io_path_join(dir, "console.log");
    return dir == NULL || !io_write_file(path, STR(""), 0644, &err);
}

static int remove_log(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    io_remove_tree(dir, &err);
    free(dir);
    free(path);
    return err != NULL;
}

static void append(const char *text)
{
    autofclose FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs(text, f);
}

/* Is PATTERN found in TEXT, as it comes? */
static const struct {
    const char *text, *pattern;
    bool found;
} cases[] = {
    {"boot: ", "boot: $", true},
    {"SeaBIOS\r\nboot: ", "(?m)^boot:", true},
    {"\x1b[2J\x1b[1;1Hgrub\x1b[0m> ", "grub> ", true},
    {"Menu\x1b[5;3HInstall\x1b[6;3HRescue", "(?m)^Install$", true},
    /* as SeaBIOS writes it: the cursor goes where it stands */
    {"\x1b"
     "c\x1b[?7l\x1b[2J\x1b[0mISO\r\nLoading /gru\x1b[02;12H\x1b[02;13Hb/core.img ok",
     "(?m)^Loading /grub/core", true},
    {"\x1b[09;27H\x1b[09;28H install", "install", true},
    {"\x1b[1;1Hin 5 s\x1b[1;1Hin 4 s", "(?m)^in 4 s$", true},
    {"\x1b[1;1Hname\x1b[1;20Hvalue", "name value", true},
    {"in 5 s\rin 4 s", "(?m)^in 4 s$", true},
    {"one\x1b[2Btwo\x1b[10Cthree\bx", "(?m)^two three\nx", true},
    {"\x1b[31mr\x1b[1med", "red", true},
    {"a\x1b", "a$", true},
    {"\xff\xfe caf\xc3\xa9", "caf\\?\\?", true},
    {"login", "Login", false},
    {"login", "(?i)LOGIN", true},
    {"", ".", false},
};

static void matches_what_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        assert_true(io_write_file(path, str_from(cases[i].text), 0644, &err));
        AUTO(expect) struct expect *x = expect_open(path, &err);
        assert_non_null(x);
        bool found = expect_match(x, str_from(cases[i].pattern), NS_PER_MS, NULL, &err);
        assert_int_equal(found, cases[i].found);
        assert_true(found || err->code == ERR_TIMEOUT);
    }
}

/* The second wait for a prompt does not see the first prompt. */
static void a_match_is_used_up(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(expect) struct expect *x = expect_open(path, &err);
    append("boot: install\r\n");
    assert_true(expect_match(x, STR("boot: "), NS_PER_S, NULL, &err));
    assert_false(expect_match(x, STR("boot: "), NS_PER_MS, NULL, &err));
    error_drop(&err);
    assert_true(expect_match(x, STR("install"), NS_PER_S, NULL, &err));
    append("boot: ");
    assert_true(expect_match(x, STR("boot: "), NS_PER_S, NULL, &err));
}

static void *write_later(void *arg)
{
    (void)arg;
    cancel_sleep(NULL, 60 * NS_PER_MS);
    append("Ins");
    cancel_sleep(NULL, 30 * NS_PER_MS);
    append("tall\n");
    return NULL;
}

static void waits_for_what_comes_later(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(expect) struct expect *x = expect_open(path, &err);
    int64_t start = clock_now();
    pthread_t writer = thread_start("writer", write_later, NULL);
    assert_true(expect_match(x, STR("Install"), 10 * NS_PER_S, NULL, &err));
    assert_true(clock_now() - start < 5 * NS_PER_S);
    pthread_join(writer, NULL);
}

static void long_logs_are_forgotten(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(expect) struct expect *x = expect_open(path, &err);
    for (int i = 0; i < 5000; i++)
        append("[    1.000000] a line of a kernel that says much\r\n");
    append("needle 1");
    assert_true(expect_match(x, STR("needle"), NS_PER_S, NULL, &err));
    for (int i = 0; i < 5000; i++)
        append("[    2.000000] a line of a kernel that says much\r\n");
    assert_false(expect_match(x, STR("needle"), NS_PER_MS, NULL, &err));
    error_drop(&err);
    append("needle 2");
    assert_true(expect_match(x, STR("needle 2"), NS_PER_S, NULL, &err));
}

static void says_what_it_saw_instead(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(expect) struct expect *x = expect_open(path, &err);
    assert_false(expect_match(x, STR("boot:"), 20 * NS_PER_MS, NULL, &err));
    assert_string_equal(err->msg, "the console did not show /boot:/ within 20ms");
    assert_string_equal(err->hint, "It showed nothing at all.");
    error_drop(&err);
    append("SeaBIOS\r\n\x1b[2KNo bootable device.\r\n");
    int64_t start = clock_now();
    assert_false(expect_match(x, STR("boot:"), 300 * NS_PER_MS, NULL, &err));
    int64_t waited = clock_now() - start;
    assert_true(waited >= 300 * NS_PER_MS && waited < 3 * NS_PER_S);
    assert_string_equal(err->hint, "Its last line was \"No bootable device.\".");
}

static void ends_when_cancelled(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(expect) struct expect *x = expect_open(path, &err);
    cancel_trigger(token, CANCEL_CRASH);
    assert_false(expect_match(x, STR("boot:"), 60 * NS_PER_S, token, &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    error_drop(&err);
    assert_null(expect_open("/nonexistent/console.log", &err));
    assert_int_equal(err->code, ERR_IO);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_log, remove_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matches_what_was_written),   TEST(a_match_is_used_up),
        TEST(waits_for_what_comes_later), TEST(long_logs_are_forgotten),
        TEST(says_what_it_saw_instead),   TEST(ends_when_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
