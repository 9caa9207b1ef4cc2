/* SPDX-License-Identifier: Apache-2.0 */

/* Which file is started, by somebody who wants it to be another. */
#include "plugin/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "plug/registry.h"
#include "plugin/plugin.h"

#define NOBODY 65534

struct fixture {
    struct arena *a;
    char *dir;
    struct error *err;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "store-", &f->err);
    assert_non_null(f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    unsetenv("IMGFAC_PLUGIN_PATH");
    plugins_forget();
    error_drop(&f->err);
    assert_true(io_remove_tree(f->dir, &f->err));
    free(f->dir);
    arena_free(f->a);
    test_free(f);
    return 0;
}

static const char *below(struct fixture *f, const char *name)
{
    return arena_fmt(f->a, "%s/%s", f->dir, name);
}

/* A plugin NAME that offers a provisioner and then does MORE, in shell. */
static const char *make(struct fixture *f, const char *name, const char *more)
{
    const char *path = arena_fmt(f->a, "%s/src/imgfac-plugin-%s", f->dir, name);
    const char *text =
        arena_fmt(f->a,
                  "#!/bin/sh\n%s\nread -r x; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":"
                  "{\"protocol\":1,\"name\":\"%s\",\"provisioners\":[{}]}}'; cat\n",
                  more, name);
    assert_true(io_mkdir_p(below(f, "src"), 0755, &f->err));
    assert_true(io_write_file(path, str_from(text), 0755, &f->err));
    return path;
}

static struct plugin_file install(struct fixture *f, const char *name, const char *more)
{
    struct plugin_file file;
    const struct plugin_install job = {.path = make(f, name, more), .dir = below(f, "a/b/p")};
    if (!plugin_install(f->a, &job, &file, &f->err))
        fail_msg("%s", error_line(f->err));
    struct plugin_files all;
    setenv("IMGFAC_PLUGIN_PATH", job.dir, 1);
    plugin_list(f->a, &all);
    VEC_EACH (p, &all)
        if (strcmp(p->name, name) == 0)
            return *p;
    fail();
    return file;
}

static void must_refuse(struct fixture *f, const struct plugin_file *p, const char *why)
{
    char *real = NULL;
    if (plugin_verify(p, NULL, &real, &f->err))
        fail_msg("taken, wanted: %s", why);
    autofree char *line = error_line(f->err);
    if (strstr(line, why) == NULL)
        fail_msg("wanted: %s\ngot: %s", why, line);
    error_drop(&f->err);
}

static void must_take(struct fixture *f, const struct plugin_file *p, const char *path)
{
    autofree char *real = NULL;
    if (!plugin_verify(p, NULL, &real, &f->err))
        fail_msg("%s", error_line(f->err));
    autofree char *wanted = realpath(path, NULL);
    assert_string_equal(real, wanted);
}

/* Others could write it, or put another in its place. */
static void test_directories(void **state)
{
    struct fixture *f = *state;
    struct plugin_file p = install(f, "x", "");
    must_take(f, &p, p.path);
    static const struct {
        const char *name;
        mode_t mode;
        bool ok;
    } cases[] = {
        {"a/b/p/imgfac-plugin-x", 0757, false},
        {"a/b/p/imgfac-plugin-x", 0775, true},
        {"a/b/p/imgfac-plugin-x.pin", 0646, false},
        {"a/b/p", 0777, false},
        {"a/b/p", 01777, false}, /* a new name could be put there */
        {"a/b", 0777, false},
        {"a/b", 01777, true},
        {"a", 0777, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *path = below(f, cases[i].name);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(chmod(path, cases[i].mode), 0);
        if (cases[i].ok)
            must_take(f, &p, p.path);
        else
            must_refuse(f, &p,
                        arena_fmt(f->a, "%s' could have been written by others", cases[i].name));
        if (geteuid() == 0) {
            assert_int_equal(chmod(path, st.st_mode & 07777), 0);
            assert_int_equal(chown(path, NOBODY, (gid_t)-1), 0);
            must_refuse(f, &p, "could have been written by others");
            assert_int_equal(chown(path, 0, (gid_t)-1), 0);
        }
        assert_int_equal(chmod(path, st.st_mode & 07777), 0);
    }
    must_take(f, &p, p.path);
}

/* A link is followed once: what it leads to is looked at and started. */
static void test_links(void **state)
{
    struct fixture *f = *state;
    struct plugin_file p = install(f, "x", "");
    const char *link = below(f, "link");
    assert_int_equal(symlink(below(f, "a/b/p"), link), 0);
    struct plugin_files all;
    setenv("IMGFAC_PLUGIN_PATH", link, 1);
    plugin_list(f->a, &all);
    assert_int_equal(all.len, 1);
    must_take(f, &all.ptr[0], p.path);
    /* now it leads to another directory, with a plugin that is pinned there */
    struct plugin_file first = all.ptr[0];
    struct plugin_file other;
    const struct plugin_install job = {.path = make(f, "x", "# another"), .dir = below(f, "other")};
    assert_true(plugin_install(f->a, &job, &other, &f->err));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(below(f, "other"), link), 0);
    must_refuse(f, &first, "has just been changed");
    /* a directory that others may write, behind a link that they may not */
    assert_int_equal(chmod(below(f, "other"), 0777), 0);
    plugin_list(f->a, &all);
    must_refuse(f, &all.ptr[0], "other' could have been written by others");
    /* the plugin itself is a link to where others may write */
    assert_true(io_mkdir_p(below(f, "open"), 0755, &f->err));
    assert_int_equal(rename(p.path, below(f, "open/real")), 0);
    assert_int_equal(symlink(below(f, "open/real"), p.path), 0);
    must_take(f, &p, below(f, "open/real"));
    assert_int_equal(chmod(below(f, "open"), 0777), 0);
    must_refuse(f, &p, "open' could have been written by others");
    /* nowhere, and round and round */
    assert_int_equal(unlink(p.path), 0);
    must_refuse(f, &p, "No such file");
    assert_int_equal(symlink(p.path, p.path), 0);
    must_refuse(f, &p, "cannot use plugin 'x': cannot look at");
}

/* After it was pinned, after it was listed, and by itself. */
static void test_changes(void **state)
{
    struct fixture *f = *state;
    struct plugin_file p = install(f, "x", "");
    must_take(f, &p, p.path);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    assert_true(io_read_file(p.path, 1 << 20, &text, &f->err));
    assert_true(io_write_file(p.path, STR("#!/bin/sh\nid\n"), 0755, &f->err));
    must_refuse(f, &p, "is not the one that was installed"); /* also once it was found good */
    assert_true(io_write_file(p.path, strbuf_str(&text), 0755, &f->err));
    must_take(f, &p, p.path);
    const char *pin = arena_fmt(f->a, "%s.pin", p.path);
    assert_true(io_write_file(pin, STR("{}"), 0644, &f->err));
    must_refuse(f, &p, "has just been changed");
    unlink(pin);
    must_refuse(f, &p, "cannot use plugin 'x': cannot look at");
    struct plugin_file q = install(f, "y", "echo '# more' >>\"$0\"");
    must_refuse(f, &q, "is not the one that was installed");
}

/* Neither the current directory nor $PATH is a place of plugins, unless named. */
static void test_places(void **state)
{
    struct fixture *f = *state;
    struct plugin_file p = install(f, "x", "");
    const char *bin = below(f, "a/b/p");
    autofree char *old_path = xstrdup(getenv("PATH"));
    autofree char *old_dir = getcwd(NULL, 0);
    struct plugin_files all;
    static const char *const none[] = {"", ":", "::", ":/nonexistent:"};
    setenv("PATH", bin, 1);
    setenv("HOME", f->dir, 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("PACKER_PLUGIN_PATH");
    assert_int_equal(chdir(bin), 0);
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        setenv("IMGFAC_PLUGIN_PATH", none[i], 1);
        plugin_list(f->a, &all);
        VEC_EACH (found, &all)
            assert_string_not_equal(found->name, "x");
    }
    setenv("IMGFAC_PLUGIN_PATH", ":.:", 1);
    plugin_list(f->a, &all);
    assert_true(all.len >= 1);
    must_take(f, &all.ptr[0], p.path);
    assert_int_equal(chdir(old_dir), 0);
    setenv("PATH", old_path, 1);
}

/* The name of something built in stays with that. */
static void test_built_in(void **state)
{
    struct fixture *f = *state;
    plugins_forget();
    const struct provisioner_type *built_in = registry_find_provisioner(STR("shell"));
    install(f, "shell", "");
    plugins_forget();
    assert_ptr_equal(registry_find_provisioner(STR("shell")), built_in);
    install(f, "new", "");
    plugins_forget();
    assert_non_null(registry_find_provisioner(STR("new")));
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_directories), CASE(test_links),    CASE(test_changes),
        CASE(test_places),      CASE(test_built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
