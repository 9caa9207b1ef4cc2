/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"

struct inner {
    int64_t count;
};

struct all {
    bool flag;
    int tri, choice;
    int64_t count, wait;
    uint64_t size;
    const char *text, *secret, *any, *unset;
    struct opt_strings list;
    struct opt_ints ints;
    struct opt_map map;
    struct opt_strings_list lists;
    struct inner inner;
};

static const struct opt_choice choices[] = {{"one", 1, NULL}, {"two", 2, NULL}, {0}};
static const struct opt inner_rows[] = {
    OPT_INT(struct inner, count, "inner_count"),
    OPT_END,
};

#define A struct all
static const struct opt rows[] = {
    OPT_BOOL(A, flag, "flag"),
    OPT_TRISTATE(A, tri, "tri"),
    OPT_ENUM(A, choice, "choice", .choices = choices),
    OPT_INT(A, count, "count"),
    OPT_DUR(A, wait, "wait"),
    OPT_SIZE(A, size, "size"),
    OPT_STR(A, text, "text"),
    OPT_STR(A, secret, "secret", .flags = OPT_SENSITIVE),
    OPT_JSON(A, any, "any"),
    OPT_STR(A, unset, "unset"),
    OPT_STRS(A, list, "list"),
    OPT_INTS(A, ints, "ints"),
    OPT_MAP(A, map, "map"),
    OPT_STRS_LIST(A, lists, "lists"),
    OPT_EMBED(A, inner, inner_rows),
    OPT_END,
};

static void check(struct arena *a, value v, const char *want)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *why;
    (void)a;
    assert_true(value_to_json(v, &sb, &why));
    assert_string_equal(sb.buf, want);
}

static void test_every_kind(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const char *words[] = {"a", "b\"c"};
    int64_t numbers[] = {-1, 2};
    struct opt_pair pairs[] = {{"k", "v"}, {"a b", ""}};
    struct opt_strings lists[] = {{words, 2}, {NULL, 0}};
    const A config = {
        .flag = true,
        .tri = -1,
        .choice = 2,
        .count = -5,
        .wait = 90 * NS_PER_S,
        .size = (uint64_t)40 << 30,
        .text = "t",
        .secret = "s",
        .any = "{\"x\":[1.50,null]}",
        .list = {words, 2},
        .ints = {numbers, 2},
        .map = {pairs, 2},
        .lists = {lists, 2},
        .inner = {7},
    };
    value v = schema_object(a, rows, &config);
    check(a, v,
          "{\"any\":{\"x\":[1.5,null]},\"choice\":\"two\",\"count\":-5,\"flag\":true,"
          "\"inner_count\":7,\"ints\":[-1,2],\"list\":[\"a\",\"b\\\"c\"],"
          "\"lists\":[[\"a\",\"b\\\"c\"],[]],\"map\":{\"a b\":\"\",\"k\":\"v\"},"
          "\"secret\":\"s\",\"size\":42949672960,\"text\":\"t\",\"tri\":null,\"unset\":null,"
          "\"wait\":\"1m30s\"}");
    assert_true(value_attr(v, "secret").sensitive);
    assert_false(value_attr(v, "text").sensitive);
}

static void test_nothing_set(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const A config = {.tri = 1, .any = "not json"};
    value v = schema_object(a, rows, &config);
    assert_true(value_is_null(value_attr(v, "any")));
    assert_true(value_is_null(value_attr(v, "choice")));
    assert_true(value_as_bool(value_attr(v, "tri")));
    assert_int_equal(value_len(value_attr(v, "map")), 0);
}

/* Known or not: the same type, but for what only the text in JSON tells. */
static void test_unknown_has_the_types(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const A config = {.tri = -1, .choice = 1};
    value v = schema_object(a, rows, &config), u = schema_object_unknown(a, rows);
    assert_int_equal(value_len(v), value_len(u));
    for (size_t i = 0; i < value_len(v); i++) {
        assert_false(value_is_known(value_at(u, i)));
        assert_true(type_eq(value_at(u, i).type, value_at(v, i).type));
    }
    assert_true(value_attr(u, "secret").sensitive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_nothing_set),
        cmocka_unit_test(test_unknown_has_the_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
