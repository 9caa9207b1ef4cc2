/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* Only its address matters. */
static const char place[1];

static struct range range_at(uint32_t start)
{
    return (struct range){(const struct source_file *)(const void *)place, start, start + 1};
}

static void chain(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    assert_false(error_set(&err, ERR_IO, ENOENT, "cannot open '%s'", "x"));
    assert_string_equal(err->msg, "cannot open 'x': No such file or directory");
    assert_int_equal(err->errnum, ENOENT);
    assert_false(error_wrap(&err, "cannot read template"));
    assert_int_equal(err->code, ERR_IO);
    assert_int_equal(err->errnum, ENOENT);
    assert_false(error_wrap_code(&err, ERR_TEMPLATE, "build '%d' failed", 7));
    assert_int_equal(err->code, ERR_TEMPLATE);
    assert_true(error_is(err, ERR_IO));
    assert_true(error_is(err, ERR_TEMPLATE));
    assert_false(error_is(err, ERR_GUEST));
    assert_false(error_is(NULL, ERR_IO));
    autofree char *line = error_line(err);
    assert_string_equal(line, "build '7' failed: cannot read template: cannot open 'x': "
                              "No such file or directory");
}

static void hints(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    error_set(&err, ERR_HOST, 0, "no qemu-img");
    assert_null(error_first_hint(err));
    assert_false(error_hint(&err, "Install %s.", "it"));
    assert_false(error_hint(&err, "Install qemu-utils."));
    error_wrap(&err, "cannot create disk");
    assert_string_equal(error_first_hint(err), "Install qemu-utils.");
    assert_null(err->hint);
    error_hint(&err, "Top.");
    assert_string_equal(error_first_hint(err), "Top.");
}

static void ranges(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    error_set(&err, ERR_HOST, 0, "x");
    assert_null(error_first_range(err).file);
    assert_false(error_at(&err, range_at(3)));
    error_wrap(&err, "y");
    assert_false(error_at(&err, range_at(9)));
    assert_int_equal(error_first_range(err).start, 3);
}

static void json(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    error_set(&err, ERR_TIMEOUT, 0, "no \"answer\"");
    autofree char *plain = error_json(err);
    assert_string_equal(plain,
                        "{\"code\":\"timeout\",\"message\":\"no \\\"answer\\\"\",\"causes\":[]}");
    error_hint(&err, "Wait\nlonger.");
    error_wrap(&err, "b");
    error_wrap(&err, "a");
    autofree char *deep = error_json(err);
    assert_string_equal(deep, "{\"code\":\"timeout\",\"message\":\"a\",\"hint\":\"Wait\\nlonger.\","
                              "\"causes\":[\"b\",\"no \\\"answer\\\"\"]}");
}

static void every_code_has_its_own_name(void **state)
{
    (void)state;
    for (int i = ERR_INTERNAL; i <= ERR_CANCELLED; i++) {
        const char *name = error_code_name((enum err_code)i);
        assert_string_not_equal(name, "unknown");
        for (int j = ERR_INTERNAL; j < i; j++)
            assert_string_not_equal(name, error_code_name((enum err_code)j));
    }
    assert_string_equal(error_code_name(ERR_NO_SPACE), "no_space");
    assert_string_equal(error_code_name((enum err_code)0), "unknown");
    assert_string_equal(error_code_name((enum err_code)(ERR_CANCELLED + 1)), "unknown");
}

static void unknown_errno_and_drop(void **state)
{
    (void)state;
    struct error *err = NULL;
    error_set(&err, ERR_IO, 99999, "odd");
    assert_string_equal(err->msg, "odd: error 99999");
    error_drop(&err);
    assert_null(err);
    error_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain),
        cmocka_unit_test(hints),
        cmocka_unit_test(ranges),
        cmocka_unit_test(json),
        cmocka_unit_test(every_code_has_its_own_name),
        cmocka_unit_test(unknown_errno_and_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
