/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lazylib.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"

/* Tests are linked with the libraries as usual, so the tables are our own. */

static const struct {
    const char *soname, *names;
    size_t count;
    const char *message, *hint; /* parts of the error; NULL: none */
} cases[] = {
    {"libz.so.1", "crc32\0adler32", 2, NULL, NULL},
    {"libz.so.1", "", 0, NULL, NULL},
    {"libz.so.1", "crc32\0no_such_thing", 2, "'libz.so.1' has no function 'no_such_thing'",
     "another version"},
    {"libno-such-thing.so.9", "f", 1, "libno-such-thing.so.9", "package"},
};

static void open_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        void *slots[2] = {NULL, NULL};
        struct lazylib lib = {cases[i].soname, cases[i].names, slots, cases[i].count};
        AUTO(error) struct error *err = NULL;
        assert_int_equal(lazylib_open(&lib, &err), cases[i].message == NULL);
        if (cases[i].message == NULL) {
            for (size_t n = 0; n < cases[i].count; n++)
                assert_non_null(slots[n]);
            assert_true(lazylib_open(&lib, &err)); /* a second time changes nothing */
            continue;
        }
        assert_int_equal(err->code, ERR_HOST);
        assert_non_null(strstr(err->msg, cases[i].message));
        assert_non_null(strstr(err->hint, cases[i].hint));
    }
}

static void slots_hold_the_functions(void **state)
{
    void *slots[1] = {NULL};
    struct lazylib lib = {"libz.so.1", "crc32", slots, 1};
    struct error *err = NULL;
    (void)state;
    assert_true(lazylib_open(&lib, &err));
    union {
        void *address;
        unsigned long (*call)(unsigned long crc, const unsigned char *p, unsigned len);
    } crc32 = {slots[0]};
    assert_int_equal(crc32.call(0, (const unsigned char *)"123456789", 9), 0xCBF43926);
}

static void linked_as_usual(void **state)
{
    struct error *err = NULL;
    (void)state;
    assert_true(lazylib_load("libvirt", &err));
    assert_true(lazylib_load_all(&err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_cases),
        cmocka_unit_test(slots_hold_the_functions),
        cmocka_unit_test(linked_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
