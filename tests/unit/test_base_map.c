/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void empty_map(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct map m;
    map_init(&m, a);
    assert_null(map_get(&m, STR("x")));
    assert_false(map_has(&m, STR("")));
    MAP_EACH (e, &m)
        fail_msg("unexpected entry '%s'", e->key.ptr);
}

static void replaces_and_keeps_order(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct map m;
    int one = 1, two = 2, three = 3;
    map_init(&m, a);
    assert_null(map_set(&m, STR("b"), &one));
    assert_null(map_set(&m, STR("a"), &two));
    assert_null(map_set(&m, STR(""), NULL));
    assert_null(map_set(&m, STR("a\0c"), &three));
    assert_ptr_equal(map_set(&m, STR("b"), &three), &one);
    assert_true(map_has(&m, STR("")));
    assert_null(map_get(&m, STR("")));
    assert_ptr_equal(map_get(&m, STR("a")), &two);
    assert_ptr_equal(map_get(&m, STR("b")), &three);
    assert_int_equal(m.len, 4);
    static const str order[] = {{"b", 1}, {"a", 1}, {"", 0}, {"a\0c", 3}};
    size_t i = 0;
    MAP_EACH (e, &m) {
        assert_true(str_eq(e->key, order[i]));
        assert_int_equal(e->key.ptr[e->key.len], '\0');
        i++;
    }
}

static void keys_are_copied_and_many_fit(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct map m;
    char key[16];
    enum { COUNT = 5000 };
    int *values = arena_new_array(a, int, COUNT);
    map_init(&m, a);
    for (int i = 0; i < COUNT; i++) {
        int len = snprintf(key, sizeof(key), "k%d", i);
        assert_null(map_set(&m, (str){key, (size_t)len}, &values[i]));
    }
    assert_int_equal(m.len, COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_ptr_equal(map_get(&m, str_from(key)), &values[i]);
        assert_string_equal(m.entries[i].key.ptr, key);
    }
    assert_false(map_has(&m, STR("k5000")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map),
        cmocka_unit_test(replaces_and_keeps_order),
        cmocka_unit_test(keys_are_copied_and_many_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
