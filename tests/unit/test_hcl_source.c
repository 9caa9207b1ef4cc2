/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/error.h"

static void positions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t offset;
        uint32_t line, column;
    } cases[] = {
        {"", 0, 1, 1},
        {"abc", 2, 1, 3},
        {"abc", 99, 1, 4},
        {"a\nbc", 1, 1, 2},
        {"a\nbc", 2, 2, 1},
        {"a\r\nb", 3, 2, 1},
        {"a\n\n", 3, 3, 1},
        {"日本x", 6, 1, 3},
        {"e\xcc\x81x", 3, 1, 2},
        {"\xef\xbb\xbf"
         "ab",
         4, 1, 2},
        {"x\n\xef\xbb\xbf"
         "ab",
         5, 2, 2},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct source_file *f = source_file_new(a, "t", str_from(cases[i].text));
        struct source_pos pos = source_pos(f, cases[i].offset);
        assert_int_equal(pos.line, cases[i].line);
        assert_int_equal(pos.column, cases[i].column);
    }
}

static void lines(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct source_file *f = source_file_new(a, "t",
                                            STR("\xef\xbb\xbf"
                                                "one\r\ntwo\n\nend"));
    assert_int_equal(f->line_count, 4);
    assert_true(str_eqz(source_line(f, 1), "one"));
    assert_true(str_eqz(source_line(f, 2), "two"));
    assert_true(str_eqz(source_line(f, 3), ""));
    assert_true(str_eqz(source_line(f, 4), "end"));
    assert_true(str_eqz(source_line(f, 5), ""));
    assert_int_equal(source_line_start(f, 2), 8);
    assert_int_equal(source_line_start(f, 9), f->text.len);
}

static void ranges(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct source_file *f = source_file_new(a, "t.hcl", STR("ab cd\nef"));
    struct range ab = {f, 0, 2}, ef = {f, 6, 8}, both = range_between(ab, ef);
    assert_true(str_eqz(source_text(ab), "ab"));
    assert_int_equal(both.start, 0);
    assert_int_equal(both.end, 8);
    assert_true(range_between(RANGE_NONE, ef).start == 6);
    assert_true(range_between(ab, RANGE_NONE).end == 2);
    assert_int_equal(range_start(ef).end, 6);
    assert_int_equal(range_end(ef).start, 8);
    assert_false(range_known(RANGE_NONE));
    assert_int_equal(source_text(RANGE_NONE).len, 0);
    assert_string_equal(source_range_text(a, ab), "t.hcl:1,1-3");
    assert_string_equal(source_range_text(a, both), "t.hcl:1,1-2,3");
    assert_string_equal(source_range_text(a, RANGE_NONE), "an unknown place");
}

/* A piece of a file that begins at line 7 column 5 there. */
static void pieces(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct source_file *f = source_file_new(a, "t", STR("ab\ncd"));
    f->base_line = 7;
    f->base_column = 5;
    assert_int_equal(source_pos(f, 1).line, 7);
    assert_int_equal(source_pos(f, 1).column, 6);
    assert_int_equal(source_pos(f, 4).line, 8);
    assert_int_equal(source_pos(f, 4).column, 2);
    assert_true(str_eqz(source_line(f, 8), "cd"));
}

static void blocks(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct source_file *f = source_file_new(a, "t", STR("0123456789"));
    struct source_block outline[] = {{1, 3, "a"}, {5, 8, "b"}};
    f->blocks = outline;
    f->block_count = 2;
    assert_null(source_block_at(f, 0));
    assert_string_equal(source_block_at(f, 1)->header, "a");
    assert_null(source_block_at(f, 3));
    assert_string_equal(source_block_at(f, 7)->header, "b");
    assert_null(source_block_at(f, 9));
}

static void loading(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    assert_null(source_load(a, "/nonexistent/x.hcl", &err));
    assert_true(error_is(err, ERR_NOT_FOUND));
    error_drop(&err);
    struct source_file *f = source_load(a, "tests/hcl/fmt/align-eq.in.hcl", &err);
    assert_non_null(f);
    assert_string_equal(f->name, "tests/hcl/fmt/align-eq.in.hcl");
    assert_true(f->text.len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions), cmocka_unit_test(lines),  cmocka_unit_test(ranges),
        cmocka_unit_test(pieces),    cmocka_unit_test(blocks), cmocka_unit_test(loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
