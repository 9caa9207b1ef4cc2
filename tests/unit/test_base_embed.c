/* SPDX-License-Identifier: Apache-2.0 */
#include "base/embed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void every_file_is_found_and_sorted(void **state)
{
    (void)state;
    const char *previous = "";
    for (const struct embedded_file *f = embedded_files; f->name != NULL; f++) {
        str text = embed_find(f->name);
        assert_ptr_equal(text.ptr, f->start);
        assert_int_equal(text.len, f->end - f->start);
        assert_int_equal(*f->end, '\0');
        assert_true(strcmp(previous, f->name) < 0);
        previous = f->name;
    }
}

static void unknown_name(void **state)
{
    (void)state;
    assert_null(embed_find("no/such/file").ptr);
    assert_null(embed_find("").ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_found_and_sorted),
        cmocka_unit_test(unknown_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
