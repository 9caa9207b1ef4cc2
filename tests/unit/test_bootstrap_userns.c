/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/userns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has;
    } cases[] = {
        {"", false},
        {"me:100000:65536\n", true},
        {"other:100000:65536\nme:165536:65536\n", true},
        {"1001:100000:65536", true},
        {"me:100000:1000\n", false},
        {"other:100000:65536\n", false},
        {"me\nme:\nme:1\nme:1:\nme:1:x\n", false},
        {"mee:100000:65536\n", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(userns_has_range(str_from(cases[i].text), "me", 1001, 65535),
                         cases[i].has);
}

static void argument_vector(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const char *list[] = {"true", NULL};
    struct words argv = {.ptr = list, .len = 2};
    struct words root = userns_argv(a, true, &argv), user = userns_argv(a, false, &argv);
    assert_string_equal(root.ptr[0], "unshare");
    assert_int_equal(user.len, root.len + 2);
    assert_string_equal(user.ptr[1], "--map-auto");
    assert_string_equal(root.ptr[root.len - 3], "--");
    assert_string_equal(root.ptr[root.len - 2], "true");
    assert_null(root.ptr[root.len - 1]);
}

static void removal(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "userns-", &err);
    assert_non_null(dir);
    autofree char *sub = xasprintf("%s/a/b", dir);
    assert_true(io_mkdir_p(sub, 0755, &err));
    assert_true(userns_remove_tree(dir, &err));
    assert_false(io_exists(dir));
    assert_true(userns_remove_tree(dir, &err));
    assert_false(userns_remove_tree("relative", &err));
    assert_int_equal(err->code, ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(argument_vector),
        cmocka_unit_test(removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
