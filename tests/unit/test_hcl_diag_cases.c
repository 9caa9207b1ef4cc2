/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parse.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/error.h"
#include "base/io.h"
#include "hcl/diag.h"

/* tests/hcl/diag: NAME.pkr.hcl and, in NAME.expect.json, the ranges of all
 * diagnostics of the reference implementation.  Those of the parser must be
 * equal; cases that are wrong only in meaning must parse. */

#define DIR_NAME "tests/hcl/diag"

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* The diagnostics expected come from evaluation, not from the parser. */
static bool is_about_meaning(const char *name)
{
    return has_prefix(name, "pk-") || has_prefix(name, "ev-") || has_prefix(name, "byte-unicode");
}

static void add_range(struct strbuf *out, struct range r)
{
    struct source_pos start = source_pos(r.file, r.start), end = source_pos(r.file, r.end);
    strbuf_addf(out, "%u:%u-%u:%u\n", start.line, start.column, end.line, end.column);
}

static void add_expected(struct strbuf *out, const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), DIR_NAME "/%s.expect.json", name);
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(root, "hcl"), i, item)
        strbuf_addf(out, "%s\n", json_string_value(json_object_get(item, "Range")));
    json_decref(root);
}

static bool check_case(const char *name)
{
    char path[300];
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf got = STRBUF_INIT, want = STRBUF_INIT;
    struct diags d;
    struct error *err = NULL;
    const struct body *body;
    snprintf(path, sizeof(path), DIR_NAME "/%s.pkr.hcl", name);
    diags_init(&d, a);
    struct source_file *f = source_load(a, path, &err);
    assert_non_null(f);
    bool ok = hcl_parse_file(a, f, &d, &body);
    assert_int_equal(ok, d.errors == 0);
    VEC_EACH (diag, &d.list)
        add_range(&got, (*diag)->subject);
    if (strcmp(name, "huge-exp") == 0)
        strbuf_adds(&want, "2:7-2:18\n"); /* the reference has no limit, we have */
    else if (!is_about_meaning(name))
        add_expected(&want, name);
    if (strcmp(got.buf, want.buf) == 0)
        return true;
    print_error("%s: ranges\n%sexpected\n%s", name, got.buf, want.buf);
    return false;
}

/* The reference complains of every byte of a binary file, we once. */
static void binary_files(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } units[] = {{"\0", 1}, {"\xff", 1}, {"\x01\xfe", 2}, {"\xe2\x80\x8d", 3}, {"a\0\1\2", 4}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf text = STRBUF_INIT;
        struct diags d;
        const struct body *body;
        for (int n = 0; n < 100000; n++)
            strbuf_add(&text, units[i].bytes, units[i].len);
        diags_init(&d, a);
        struct source_file *f = source_file_new(a, "image.qcow2", strbuf_str(&text));
        assert_false(hcl_parse_file(a, f, &d, &body));
        assert_int_equal(d.list.len, 1);
        assert_string_equal(d.list.ptr[0]->summary, "Not a text file");
    }
}

static void all_cases(void **state)
{
    (void)state;
    unsigned count = 0, failed = 0;
    autoclosedir DIR *dir = opendir(DIR_NAME);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        ptrdiff_t at = str_find(str_from(e->d_name), STR(".pkr.hcl"));
        if (at < 0)
            continue;
        e->d_name[at] = '\0';
        count++;
        failed += !check_case(e->d_name);
    }
    assert_true(count >= 100);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases), cmocka_unit_test(binary_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
