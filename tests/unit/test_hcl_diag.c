/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/error.h"
#include "hcl/source.h"

static void adding(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    diags_init(&d, a);
    assert_true(diags_ok(&d));
    diags_warning(&d, RANGE_NONE, "Old", "Use \"%s\".", "new");
    assert_true(diags_ok(&d));
    assert_false(diags_error(&d, RANGE_NONE, "Bad", "It is %d.", 7));
    assert_false(diags_file_error(&d, "x.hcl", "No file", "%s", ""));
    assert_int_equal(d.errors, 2);
    assert_int_equal(d.warnings, 1);
    assert_string_equal(d.list.ptr[0]->detail, "Use \"new\".");
    assert_string_equal(d.list.ptr[1]->detail, "It is 7.");
    assert_string_equal(d.list.ptr[2]->file_name, "x.hcl");
}

static void bounded(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d, copy;
    diags_init(&d, a);
    diags_init(&copy, a);
    for (int i = 0; i < 2 * DIAGS_MAX; i++)
        diags_warning(&d, RANGE_NONE, "w", "%s", "");
    for (int i = 0; i < 2 * DIAGS_MAX; i++)
        diags_error(&d, RANGE_NONE, "e", "%s", "");
    assert_int_equal(d.list.len, DIAGS_MAX);
    assert_int_equal(d.errors, 2 * DIAGS_MAX);
    assert_int_equal(d.warnings, 2 * DIAGS_MAX);
    assert_int_equal(d.dropped, 3 * DIAGS_MAX);
    diags_append(&copy, &d);
    assert_int_equal(copy.errors, d.errors);
    assert_int_equal(copy.warnings, d.warnings);
    assert_int_equal(copy.dropped, d.dropped);
}

static void errors(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    diags_init(&d, a);
    struct source_file *f = source_file_new(a, "t", STR("abc"));
    AUTO(error) struct error *err = NULL;
    error_set(&err, ERR_IO, 0, "no such disk");
    error_wrap(&err, "cannot open 'x'");
    error_hint(&err, "Create it first.");
    assert_false(diags_add_error(&d, (struct range){f, 1, 2}, err));
    const struct diag *diag = d.list.ptr[0];
    assert_string_equal(diag->summary, "Cannot open 'x'");
    assert_string_equal(diag->detail, "because: no such disk\nCreate it first.");
    assert_int_equal(diag->subject.start, 1);
    error_at(&err, (struct range){f, 2, 3});
    diags_add_error(&d, (struct range){f, 1, 2}, err);
    assert_int_equal(d.list.ptr[1]->subject.start, 2);
}

static void copies(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    diags_init(&d, a);
    AUTO(arena) struct arena *other = arena_new("other");
    struct diags trial;
    diags_init(&trial, other);
    struct diag *diag = diags_add(&trial, DIAG_ERROR, RANGE_NONE, "S", "%s", "D");
    diag_add_value(&trial, diag, "var.x", "is 1");
    diags_append(&d, &trial);
    arena_free(steal(&other));
    assert_string_equal(d.list.ptr[0]->summary, "S");
    assert_string_equal(d.list.ptr[0]->values.ptr[0].text, "is 1");
    size_t mark = d.list.len;
    diags_error(&d, RANGE_NONE, "x", "%s", "");
    diags_warning(&d, RANGE_NONE, "y", "%s", "");
    diags_truncate(&d, mark);
    assert_int_equal(d.list.len, 1);
    assert_int_equal(d.errors, 1);
    assert_int_equal(d.warnings, 0);
}

static void sorting(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    diags_init(&d, a);
    struct source_file *x = source_file_new(a, "x", STR("abcdef"));
    struct source_file *y = source_file_new(a, "y", STR("abcdef"));
    const struct {
        struct source_file *file;
        uint32_t start;
        const char *summary;
    } items[] = {{x, 3, "3"}, {y, 1, "4"}, {x, 0, "1"}, {x, 0, "2"}, {y, 2, "5"}};
    for (size_t i = 0; i < ARRAY_SIZE(items); i++)
        diags_error(&d, (struct range){items[i].file, items[i].start, 5}, items[i].summary, "%s",
                    "");
    diags_sort(&d);
    for (size_t i = 0; i < d.list.len; i++)
        assert_int_equal(d.list.ptr[i]->summary[0], '1' + (int)i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding), cmocka_unit_test(bounded), cmocka_unit_test(errors),
        cmocka_unit_test(copies), cmocka_unit_test(sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
