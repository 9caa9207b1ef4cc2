/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/file.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/io.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "plug/reaper.h"

static char *new_dir(void)
{
    struct error *e = NULL;
    char *dir = io_make_temp_dir(io_temp_root(), "ledger-", &e);
    assert_non_null(dir);
    return dir;
}

static void drop_dir(char *dir)
{
    struct error *e = NULL;
    assert_true(io_remove_tree(dir, &e));
    free(dir);
}

static const struct {
    const char *text;
    const char *left; /* kinds in order */
} journals[] = {
    {"", ""},
    {"{\"add\":1,\"kind\":\"tree\",\"data\":\"/a\"}\n", "tree "},
    {"{\"add\":1,\"kind\":\"tree\",\"data\":\"/a\"}\n{\"strike\":1}\n", ""},
    {"{\"add\":1,\"kind\":\"a\",\"data\":\"\"}\n{\"add\":2,\"kind\":\"b\",\"data\":\"\"}\n"
     "{\"strike\":1}\n{\"add\":3,\"kind\":\"c\",\"data\":\"\"}\n",
     "b c "},
    {"{\"add\":1,\"kind\":\"a\",\"data\":\"\"}\n{\"add\":2,\"ki", "a "},
    {"garbage\n[]\n\n{\"strike\":9}\n{\"add\":1,\"kind\":\"a\",\"data\":\"\"}\n", "a "},
    {"{\"add\":\"1\",\"kind\":\"a\",\"data\":\"\"}\n", ""},
};

static void test_journal(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(journals); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct journal j = {0};
        journal_parse(a, str_from(journals[i].text), &j);
        AUTO(strbuf) struct strbuf kinds = STRBUF_INIT;
        VEC_EACH (e, &j)
            strbuf_addf(&kinds, "%s ", e->kind);
        assert_string_equal(kinds.buf, journals[i].left);
    }
}

static void test_living_owner_is_left_alone(void **state)
{
    (void)state;
    char *dir = new_dir();
    struct error *e = NULL;
    struct ledger *l = ledger_open(dir, &e);
    assert_non_null(l);
    autofree char *tree = io_path_join(dir, "resource");
    assert_true(io_mkdir_p(tree, 0700, &e));
    ledger_id id = 0;
    assert_true(ledger_add(l, "tree", tree, &id, &e));
    size_t reaped = 9, left = 9;
    assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_int_equal(reaped, 0);
    assert_true(io_exists(tree));
    ledger_close(l); /* the entry is kept for the next start */
    assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_int_equal(reaped, 1);
    assert_false(io_exists(tree));
    drop_dir(dir);
}

/* A child that adds a tree and a process of its own, and is killed. */
static void leave_and_die(const char *dir, const char *tree, bool with_child)
{
    struct error *e = NULL;
    struct ledger *l = ledger_open(dir, &e);
    ledger_id id;
    if (l == NULL || !ledger_add(l, "tree", tree, &id, &e) || !io_mkdir_p(tree, 0700, &e))
        _exit(1);
    if (with_child && fork() == 0) {
        cancel_sleep(NULL, 200 * NS_PER_MS); /* has the lock for so long */
        _exit(0);
    }
    raise(SIGKILL);
}

static void killed_owner_is_reaped(bool with_child)
{
    char *dir = new_dir();
    autofree char *tree = io_path_join(dir, "resource");
    pid_t pid = fork();
    if (pid == 0)
        leave_and_die(dir, tree, with_child);
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_true(io_exists(tree));
    struct error *e = NULL;
    size_t reaped = 0, left = 0;
    assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_int_equal(reaped, 1);
    assert_int_equal(left, 0);
    assert_false(io_exists(tree));
    drop_dir(dir);
}

static void test_killed_owner_is_reaped(void **state)
{
    (void)state;
    killed_owner_is_reaped(false);
}

/* One that was about to become a tool when its parent was killed. */
static void test_the_lock_of_a_child_is_waited_for(void **state)
{
    (void)state;
    killed_owner_is_reaped(true);
}

static void test_failing_reaper_keeps_the_entry(void **state)
{
    (void)state;
    char *dir = new_dir();
    struct error *e = NULL;
    struct ledger *l = ledger_open(dir, &e);
    ledger_id id = 0;
    assert_true(ledger_add(l, "spaceship", "x", &id, &e));
    ledger_close(l);
    size_t reaped = 0, left = 0;
    assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_int_equal(left, 1);
    assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_int_equal(left, 1);
    drop_dir(dir);
}

/* Killed before its file had a name; a living one has the lock. */
static void test_unborn_are_removed(void **state)
{
    (void)state;
    char *dir = new_dir();
    struct error *e = NULL;
    size_t reaped, left;
    autofree char *dead = io_path_join(dir, "01DEAD" UNBORN_SUFFIX);
    autofree char *living = io_path_join(dir, "01LIVING" UNBORN_SUFFIX);
    assert_true(io_write_file(dead, STR(""), 0600, &e));
    autoclose int fd = open(living, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_false(io_exists(dead));
    assert_true(io_exists(living));
    drop_dir(dir);
}

/* Starts and reaps at the same time: each start gets a ledger that is its own. */
static void test_starts_and_reaps_at_once(void **state)
{
    (void)state;
    enum { STARTS = 200 };
    char *dir = new_dir();
    struct error *e = NULL;
    size_t reaped, left;
    int status;
    pid_t pid = fork();
    for (int i = 0; pid == 0 && i < STARTS; i++) {
        AUTO(ledger) struct ledger *l = ledger_open(dir, &e);
        autofree char *name = l != NULL ? xasprintf("%s" JOURNAL_SUFFIX, ledger_name(l)) : NULL;
        autofree char *path = l != NULL ? io_path_join(dir, name) : NULL;
        if (l == NULL || !io_exists(path))
            _exit(1);
    }
    if (pid == 0)
        _exit(0);
    while (waitpid(pid, &status, WNOHANG) == 0)
        assert_true(ledger_reap(dir, NULL, &reaped, &left, &e));
    assert_int_equal(status, 0);
    drop_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_living_owner_is_left_alone),
        cmocka_unit_test(test_killed_owner_is_reaped),
        cmocka_unit_test(test_the_lock_of_a_child_is_waited_for),
        cmocka_unit_test(test_unborn_are_removed),
        cmocka_unit_test(test_starts_and_reaps_at_once),
        cmocka_unit_test(test_failing_reaper_keeps_the_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
