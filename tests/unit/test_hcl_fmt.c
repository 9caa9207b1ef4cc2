/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/fmt.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/io.h"
#include "hcl/diag.h"
#include "hcl/source.h"

/* tests/hcl/fmt: NAME.in.hcl and what the reference implementation makes of
 * it; without NAME.out.hcl the text does not parse and must be refused. */

#define DIR_NAME "tests/hcl/fmt"

static bool check_case(const char *name)
{
    char path[300];
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf got = STRBUF_INIT, want = STRBUF_INIT, twice = STRBUF_INIT;
    struct error *err = NULL;
    struct diags d;
    diags_init(&d, a);
    snprintf(path, sizeof(path), DIR_NAME "/%s.in.hcl", name);
    struct source_file *f = source_load(a, path, &err);
    assert_non_null(f);
    bool ok = hcl_format_file(f, &d, &got);
    snprintf(path, sizeof(path), DIR_NAME "/%s.out.hcl", name);
    if (!io_exists(path))
        return !ok && d.errors > 0 && got.len == 0;
    if (!io_read_file(path, 1 << 20, &want, &err))
        fail_msg("%s", error_line(err));
    hcl_format(strbuf_str(&got), &twice);
    if (ok && str_eq(strbuf_str(&got), strbuf_str(&want)) &&
        str_eq(strbuf_str(&twice), strbuf_str(&want)))
        return true;
    print_error("%s: got\n%s\nexpected\n%s\n", name, got.buf, want.buf);
    return false;
}

static void all_cases(void **state)
{
    (void)state;
    unsigned count = 0, failed = 0;
    autoclosedir DIR *dir = opendir(DIR_NAME);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        ptrdiff_t at = str_find(str_from(e->d_name), STR(".in.hcl"));
        if (at < 0)
            continue;
        e->d_name[at] = '\0';
        count++;
        failed += !check_case(e->d_name);
    }
    assert_true(count >= 40);
    assert_int_equal(failed, 0);
}

static void spacing(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a=1", "a = 1"},
        {"a=b . c", "a = b.c"},
        {"a=1 .5", "a = 1 .5"}, /* without the space another number */
        {"a=1. 5", "a = 1 .5"},
        {"a=-1-(-2)", "a = -1 - (-2)"},
        {"a=! x", "a = !x"},
        {"a=f (x ,y...)", "a = f(x, y...)"},
        {"a=p :: f(1)", "a = p::f(1)"},
        {"a=[for x in [1]: x ]", "a = [for x in [1] : x]"},
        {"a={b=1}", "a = { b = 1 }"},
        {"a={ }", "a = {}"},
        {"a=\"${ x }${ {} }\"", "a = \"${x}${ {} }\""},
        {"a = 1 # x\nbb = 22 # y\n", "a  = 1  # x\nbb = 22 # y\n"},
        {"a {\n b = [{\n c = 1\n }]\n}\n", "a {\n  b = [{\n    c = 1\n  }]\n}\n"},
        {"a = <<E\n  x\nE\n", "a = <<E\n  x\nE\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        hcl_format(str_from(cases[i].in), &out);
        assert_string_equal(out.buf, cases[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases), cmocka_unit_test(spacing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
