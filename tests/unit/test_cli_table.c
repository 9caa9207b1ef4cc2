/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "cli/table.h"

static struct table *sample(struct arena *a)
{
    static const char *const headings[] = {"NAME", ">SIZE", "NOTE", NULL};
    static const char *const rows[][3] = {
        {"golden", "152 MiB", "a, \"b\""},
        {"日本", "4 GiB", NULL},
    };
    struct table *t = table_new(a, headings);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        table_add_row(t, rows[i]);
    return t;
}

static void test_table(void **state)
{
    (void)state;
    static const unsigned widths[] = {0, 80};
    for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        table_print(sample(a), widths[i], &out);
        assert_string_equal(out.buf, "NAME       SIZE  NOTE\n"
                                     "golden  152 MiB  a, \"b\"\n"
                                     "日本      4 GiB\n");
    }
}

static void test_narrow_table(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    table_print(sample(a), 20, &out);
    str rest = strbuf_str(&out);
    while (rest.ptr != NULL && rest.len > 0)
        assert_true(utf8_width(str_next_line(&rest)) <= 20);
}

static void test_csv(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    table_print_csv(sample(a), &out);
    assert_string_equal(out.buf, "name,size,note\r\ngolden,152 MiB,\"a, \"\"b\"\"\"\r\n"
                                 "日本,4 GiB,\r\n");
}

static void test_bytes(void **state)
{
    (void)state;
    const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {999, "999 B"},
                 {1024, "1 KiB"},
                 {1536, "1.5 KiB"},
                 {180224000, "172 MiB"},
                 {(uint64_t)4 << 30, "4 GiB"},
                 {(uint64_t)3 << 39, "1.5 TiB"}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        assert_string_equal(table_bytes(a, cases[i].bytes), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_narrow_table),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
