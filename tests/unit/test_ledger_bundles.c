/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/bundles.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#define DAY (24 * 3600)

static char *dir;

static int setup(void **state)
{
    struct error *err = NULL;
    (void)state;
    dir = io_make_temp_dir(io_temp_root(), "bundles-", &err);
    return dir != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct error *err = NULL;
    (void)state;
    bool ok = io_remove_tree(dir, &err);
    free(dir);
    return ok ? 0 : -1;
}

static char *bundle(const char *name, int64_t age_days)
{
    struct error *err = NULL;
    char *path = xasprintf("%s/logs/%s", dir, name);
    autofree char *file = io_path_join(path, "console.log");
    assert_true(io_mkdir_p(path, 0755, &err));
    assert_true(io_write_file(file, STR("x"), 0600, &err));
    time_t when = (time_t)(clock_wall() / NS_PER_S - age_days * DAY);
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    return path;
}

#define ULID(last) "01M824B7P0686VRQK1ET2CK4W" last

static const struct {
    const char *name;
    int64_t age_days;
} made[] = {
    {"qemu.a-" ULID("1"), 400},    {"qemu.a-" ULID("2"), 100},
    {"qemu.b-" ULID("3"), 40},     {"qemu.b-" ULID("4"), 10},
    {"qemu.kept-" ULID("5"), 500}, /* of a kept build */
    {"somebody's own files", 900}, {"x-01M824B7P0686vrqk1et2ck4wx", 900},
};

static const struct {
    int64_t keep_days, keep_last;
    const char *gone; /* last characters of their names, oldest first */
} cases[] = {
    {0, 0, ""},    {30, 0, "123"}, {30, 1, "123"}, {30, 2, "12"},  {30, 4, ""},
    {30, 100, ""}, {1, 0, "1234"}, {200, 0, "1"},  {36500, 0, ""},
};

static void test_find_old(void **state)
{
    (void)state;
    struct error *err = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
        autofree char *path = bundle(made[i].name, made[i].age_days);
        if (i != 4)
            continue;
        autofree char *run = xasprintf("%s/run/x", dir);
        autofree char *file = io_path_join(run, "build.json");
        autofree char *text = xasprintf("{\"id\":\"x\",\"build\":\"qemu.kept\",\"state\":\"kept\","
                                        "\"work_dir\":\"/w\",\"log_dir\":\"%s\"}",
                                        path);
        assert_true(io_mkdir_p(run, 0755, &err));
        assert_true(io_write_file(file, str_from(text), 0600, &err));
    }
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        const struct bundle_limits limits = {cases[i].keep_days, cases[i].keep_last};
        struct bundles old;
        char gone[8] = "";
        assert_true(bundles_find_old(dir, &limits, a, &old, &err));
        for (size_t n = 0; n < old.len; n++) {
            gone[n] = old.ptr[n].path[strlen(old.ptr[n].path) - 1];
            assert_true(old.ptr[n].bytes > 0);
        }
        assert_string_equal(gone, cases[i].gone);
    }
}

static void test_prune(void **state)
{
    (void)state;
    struct error *err = NULL;
    const struct bundle_limits limits = {30, 1};
    size_t count = 0;
    autofree char *outside = io_path_join(dir, "outside");
    autofree char *link = xasprintf("%s/logs/qemu.l-" ULID("9"), dir);
    assert_true(bundles_prune(dir, &limits, &count, NULL, &err)); /* no logs at all */
    autofree char *old = bundle("qemu.a-" ULID("1"), 400);
    autofree char *last = bundle("qemu.a-" ULID("2"), 40);
    assert_true(io_mkdir_p(outside, 0755, &err));
    assert_int_equal(symlink(outside, link), 0);
    assert_true(bundles_prune(dir, &limits, &count, NULL, &err));
    assert_int_equal(count, 1);
    assert_false(io_exists(old));
    assert_true(io_exists(last) && io_exists(link) && io_exists(outside));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_find_old, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
