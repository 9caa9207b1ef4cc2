/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "media/floppy.h"
#include "media/tree.h"

static char *tmp;

static void put(const char *name, const char *text)
{
    AUTO(error) struct error *err = NULL;
    autofree char *path = io_path_join(tmp, name);
    autofree char *parent = io_dirname(path);
    assert_true(io_mkdir_p(parent, 0755, &err));
    assert_true(io_write_file(path, str_from(text), 0644, &err));
}

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    tmp = io_make_temp_dir(io_temp_root(), "imgfac-test-tree-", &err);
    put("in/a.txt", "a");
    put("in/deep/b.txt", "b");
    put("in/deep/er/c.txt", "c");
    return tmp == NULL;
}

static int remove_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    io_remove_tree(tmp, &err);
    free(tmp);
    return err != NULL;
}

static const struct {
    const char *glob;
    enum tree_mode mode;
    const char *paths;
} cases[] = {
    {"in", TREE_KEEP, "in/a.txt in/deep/b.txt in/deep/er/c.txt "},
    {"in/", TREE_KEEP, "in/a.txt in/deep/b.txt in/deep/er/c.txt "},
    {"in/*", TREE_KEEP, "a.txt deep/b.txt deep/er/c.txt "},
    {"in/d*", TREE_KEEP, "deep/b.txt deep/er/c.txt "},
    {"in", TREE_FLATTEN, "a.txt b.txt c.txt "},
    {"in/a.txt", TREE_FLATTEN, "a.txt "},
};

static void gathers_as_packer_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        AUTO(strbuf) struct strbuf paths = STRBUF_INIT;
        autofree char *glob = xasprintf("%s/%s", tmp, cases[i].glob);
        struct tree t;
        size_t count;

        tree_init(&t, a);
        assert_true(tree_add_glob(&t, glob, cases[i].mode, &err));
        const struct iso_file *files = tree_files(&t, &count);
        for (size_t j = 0; j < count; j++)
            strbuf_addf(&paths, "%s ", files[j].path);
        assert_string_equal(paths.buf, cases[i].paths);
    }
}

static void texts_win_and_stay_inside(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    autofree char *glob = xasprintf("%s/in/*", tmp);
    static const char *const bad[] = {"../x", "a/../../x", "", "/", "a//b"};
    struct tree t;
    size_t count;

    tree_init(&t, a);
    assert_true(tree_add_glob(&t, glob, TREE_KEEP, &err));
    assert_true(tree_add_text(&t, "/a.txt", STR("mine"), &err));
    const struct iso_file *files = tree_files(&t, &count);
    assert_int_equal(count, 3);
    assert_null(files[0].host_path);
    assert_true(str_eqz(files[0].data, "mine"));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(tree_add_text(&t, bad[i], STR("x"), &err));
        error_drop(&err);
    }
    assert_false(tree_add_glob(&t, "/nonexistent/*", TREE_KEEP, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
}

static void floppy_reads_back(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    autofree char *mtype = io_find_program("mtype");
    autofree char *path = io_path_join(tmp, "floppy.img");
    autofree char *host = io_path_join(tmp, "in/a.txt");
    const struct iso_file files[] = {
        {.path = "Autounattend.xml", .data = STR("<unattend/>")},
        {.path = "deep/er/a long name.txt", .host_path = host},
        {.path = "deep/other.txt", .data = STR("o")},
    };
    if (mtype == NULL)
        skip();
    assert_true(floppy_write(path, "packer", files, ARRAY_SIZE(files), tmp, NULL, &err));
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        autofree char *name = xasprintf("::%s", files[i].path);
        const char *const argv[] = {mtype, "-i", path, name, NULL};
        struct proc_spec spec = {.argv = argv, .out = &out, .what = "read floppy"};
        assert_true(proc_run(&spec, NULL, &err));
    }
    assert_string_equal(out.buf, "<unattend/>ao");
}

static void floppy_refuses_too_much(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf big = STRBUF_INIT;
    autofree char *mtype = io_find_program("mtype");
    autofree char *path = io_path_join(tmp, "full.img");
    if (mtype == NULL)
        skip();
    strbuf_addn(&big, 'x', 2 << 20);
    const struct iso_file files[] = {{.path = "big", .data = strbuf_str(&big)}};
    assert_false(floppy_write(path, "packer", files, 1, tmp, NULL, &err));
    assert_non_null(strstr(err->msg, "'big'"));
    assert_false(io_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_as_packer_does),
        cmocka_unit_test(texts_win_and_stay_inside),
        cmocka_unit_test(floppy_reads_back),
        cmocka_unit_test(floppy_refuses_too_much),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
