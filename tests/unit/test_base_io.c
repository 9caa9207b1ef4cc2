/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"

static char *tmp; /* of this run */

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;

    (void)state;
    tmp = io_make_temp_dir(io_temp_root(), "imgfac-test-io-", &err);
    return tmp == NULL;
}

static int remove_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;

    (void)state;
    if (!io_remove_tree(tmp, &err))
        print_error("%s\n", err->msg);
    free(tmp);
    return err != NULL;
}

static int count_entries(const char *dir)
{
    autoclosedir DIR *d = opendir(dir);
    int n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    return n - 2;
}

static void expect_content(const char *path, const char *content)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;

    assert_true(io_read_file(path, 1 << 20, &sb, &err));
    assert_string_equal(sb.buf, content);
}

static void put(const char *path, const char *content)
{
    AUTO(error) struct error *err = NULL;

    assert_true(io_write_file(path, str_from(content), 0644, &err));
}

static void test_write_then_read(void **state)
{
    static const char *const contents[] = {"", "x", "two\nlines\n"};
    autofree char *path = io_path_join(tmp, "written");
    struct stat st;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
        put(path, contents[i]);
        expect_content(path, contents[i]);
    }
    /* Nothing but the file is left. */
    assert_int_equal(count_entries(tmp), 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777 & ~0022, 0644);
    unlink(path);
}

static void test_read_limit(void **state)
{
    static const struct {
        size_t size, max;
        bool ok;
    } cases[] = {
        {0, 0, true}, {1, 0, false}, {10, 10, true}, {11, 10, false}, {200000, 200000, true}};
    autofree char *path = io_path_join(tmp, "limit");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf data = STRBUF_INIT, sb = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;

        strbuf_addn(&data, 'x', cases[i].size);
        put(path, data.buf);
        assert_int_equal(io_read_file(path, cases[i].max, &sb, &err), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(sb.len, cases[i].size);
        else
            assert_non_null(strstr(err->msg, path));
    }
    unlink(path);
}

static void test_read_file_of_proc(void **state)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;

    (void)state;
    assert_true(io_read_file("/proc/self/status", 1 << 20, &sb, &err));
    assert_non_null(strstr(sb.buf, "Name:"));
}

static void test_codes_of_failures(void **state)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(error) struct error *missing = NULL, *directory = NULL, *nowhere = NULL, *exists = NULL;
    autofree char *file = io_path_join(tmp, "plain"), *below = io_path_join(tmp, "no/such");

    (void)state;
    put(file, "x");
    assert_false(io_read_file(below, 10, &sb, &missing));
    assert_int_equal(missing->code, ERR_NOT_FOUND);
    assert_int_equal(missing->errnum, ENOENT);
    assert_non_null(strstr(missing->msg, below));
    assert_false(io_read_file(tmp, 10, &sb, &directory));
    assert_int_equal(directory->code, ERR_IO);
    assert_false(io_write_file(below, STR("x"), 0644, &nowhere));
    assert_int_equal(nowhere->code, ERR_NOT_FOUND);
    assert_false(io_copy_sparse(file, file, NULL, NULL, NULL, &exists));
    assert_int_equal(exists->code, ERR_EXISTS);
    unlink(file);
}

static void test_write_keeps_the_old_file_on_failure(void **state)
{
    autofree char *path = io_path_join(tmp, "kept"), *n = NULL;
    AUTO(error) struct error *err = NULL;

    (void)state;
    put(path, "old");
    /* The next fault point of this process fails. */
    n = xasprintf("%lu", fault_count() + 1);
    setenv("IMGFAC_FAULT", n, 1);
    if (io_write_file(path, STR("new"), 0644, &err)) {
        unsetenv("IMGFAC_FAULT");
        unlink(path);
        skip(); /* built without fault points, or read only once */
    }
    unsetenv("IMGFAC_FAULT");
    assert_int_equal(err->code, ERR_NO_SPACE);
    expect_content(path, "old");
    assert_int_equal(count_entries(tmp), 1);
    unlink(path);
}

static void test_write_through_a_link(void **state)
{
    autofree char *path = io_path_join(tmp, "real"), *link_path = io_path_join(tmp, "link");
    struct stat st;

    (void)state;
    put(path, "old");
    assert_int_equal(symlink("real", link_path), 0);
    put(link_path, "new");
    expect_content(path, "new");
    assert_int_equal(lstat(link_path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    unlink(link_path);
    unlink(path);
}

static void test_a_device_is_written_not_replaced(void **state)
{
    AUTO(error) struct error *err = NULL;
    struct stat st;

    (void)state;
    assert_true(io_write_file("/dev/null", STR("x"), 0644, &err));
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void test_mkdir_and_remove_tree(void **state)
{
    autofree char *deep = io_path_join(tmp, "a/b//c/"), *top = io_path_join(tmp, "a");
    autofree char *inside = io_path_join(tmp, "a/b/c/f"), *link_path = io_path_join(tmp, "a/out");
    autofree char *outside = io_path_join(tmp, "outside"), *locked = io_path_join(tmp, "a/locked");
    autofree char *below_file = io_path_join(tmp, "outside/x");
    AUTO(error) struct error *err = NULL;

    (void)state;
    assert_true(io_mkdir_p(deep, 0755, &err));
    assert_true(io_mkdir_p(deep, 0755, &err));
    assert_true(io_is_dir(deep));
    put(inside, "x");
    put(outside, "keep");
    assert_int_equal(symlink(outside, link_path), 0);
    assert_int_equal(mkdir(locked, 0500), 0);
    assert_true(io_remove_tree(top, &err));
    assert_false(io_exists(top));
    expect_content(outside, "keep");
    assert_true(io_remove_tree(top, &err)); /* absent is success */
    assert_false(io_mkdir_p(below_file, 0755, &err));
    assert_int_equal(err->code, ERR_EXISTS);
    assert_true(io_remove_tree(outside, NULL));
}

static bool mount_tmpfs(const char *path, const char *options)
{
    AUTO(error) struct error *err = NULL;

    assert_true(io_mkdir_p(path, 0755, &err));
    if (mount("tmpfs", path, "tmpfs", 0, options) == 0)
        return true;
    print_message("SKIPPED: cannot mount a tmpfs: %s (needs root)\n", strerror(errno));
    return false;
}

static void test_remove_tree_stays_on_its_mount(void **state)
{
    autofree char *top = io_path_join(tmp, "m"), *at = io_path_join(tmp, "m/mnt");
    autofree char *kept = io_path_join(tmp, "m/mnt/kept");
    AUTO(error) struct error *err = NULL;
    bool removed;

    (void)state;
    if (!mount_tmpfs(at, "size=64k"))
        skip();
    put(kept, "x");
    removed = io_remove_tree(top, &err);
    expect_content(kept, "x");
    umount(at);
    assert_false(removed);
    assert_non_null(strstr(err->msg, "mounted"));
    assert_non_null(err->hint);
}

static void test_disk_full(void **state)
{
    autofree char *at = io_path_join(tmp, "full"), *small = io_path_join(tmp, "full/small");
    autofree char *big = io_path_join(tmp, "full/big"), *src = io_path_join(tmp, "src");
    AUTO(error) struct error *err = NULL, *copy_err = NULL;
    AUTO(strbuf) struct strbuf data = STRBUF_INIT;
    bool wrote, copied, kept;
    uint64_t bytes = 0;
    int left;

    (void)state;
    if (!mount_tmpfs(at, "size=128k"))
        skip();
    strbuf_addn(&data, 'x', 300000);
    put(src, data.buf);
    put(small, "old");
    wrote = io_write_file(small, strbuf_str(&data), 0644, &err);
    copied = io_copy_sparse(src, big, NULL, NULL, NULL, &copy_err);
    kept = io_file_size(small, &bytes, NULL, NULL);
    left = count_entries(at);
    umount(at);
    unlink(src);
    assert_false(wrote);
    assert_int_equal(err->code, ERR_NO_SPACE);
    assert_false(copied);
    assert_int_equal(copy_err->code, ERR_NO_SPACE);
    assert_true(kept);
    assert_int_equal(bytes, 3);
    assert_int_equal(left, 1);
}

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
    uint64_t *last = arg;

    assert_true(done >= *last && done <= total);
    *last = done;
}

/* 64 MiB of hole with data at 1 MiB, in the middle, and nothing at its end. */
static void make_sparse(const char *path)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 64 << 20), 0);
    assert_int_equal(pwrite(fd, "begin", 5, 1 << 20), 5);
    assert_int_equal(pwrite(fd, "middle", 6, (32 << 20) + 4090), 6);
}

static void expect_sparse_copy(const char *src, const char *dst)
{
    AUTO(strbuf) struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    uint64_t size = 0, allocated = 0, last = 0;
    struct stat st;

    assert_true(io_copy_sparse(src, dst, NULL, on_progress, &last, &err));
    assert_int_equal(last, 64 << 20);
    assert_true(io_file_size(dst, &size, &allocated, &err));
    assert_int_equal(size, 64 << 20);
    assert_true(allocated <= 256 * 1024);
    assert_true(io_read_file(src, 65 << 20, &a, &err));
    assert_true(io_read_file(dst, 65 << 20, &b, &err));
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.buf, b.buf, a.len);
    assert_int_equal(stat(dst, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void test_copy_keeps_holes(void **state)
{
    autofree char *src = io_path_join(tmp, "sparse"), *dst = io_path_join(tmp, "copy");

    (void)state;
    make_sparse(src);
    expect_sparse_copy(src, dst);
    unlink(src);
    unlink(dst);
}

static void test_copy_keeps_holes_between_file_systems(void **state)
{
    autofree char *at = io_path_join(tmp, "other"), *dst = io_path_join(tmp, "other/copy");
    autofree char *src = io_path_join(tmp, "sparse");

    (void)state;
    if (!mount_tmpfs(at, "size=200m"))
        skip();
    make_sparse(src);
    expect_sparse_copy(src, dst);
    umount(at);
    unlink(src);
}

static void test_copy_is_cancelled(void **state)
{
    autofree char *src = io_path_join(tmp, "c"), *dst = io_path_join(tmp, "d");
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;

    (void)state;
    put(src, "content");
    cancel_trigger(c, CANCEL_USER);
    assert_false(io_copy_sparse(src, dst, c, NULL, NULL, &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_false(io_exists(dst));
    unlink(src);
}

static void test_free_space_of_what_is_not_there_yet(void **state)
{
    autofree char *path = io_path_join(tmp, "not/yet/there");
    AUTO(error) struct error *err = NULL;
    uint64_t bytes = 0;

    (void)state;
    assert_true(io_free_space(path, &bytes, &err));
    assert_true(bytes > 0);
}

static void test_paths(void **state)
{
    static const struct {
        const char *dir, *name, *joined, *base, *parent;
    } cases[] = {
        {"a", "b", "a/b", "b", "a"},
        {"a/", "b", "a/b", "b", "a"},
        {"/", "b", "/b", "b", "/"},
        {"a", "/etc/x", "/etc/x", "x", "/etc"},
        {"", "b", "b", "b", "."},
        {"a//", "b", "a//b", "b", "a"},
        {"a/b", "c.d", "a/b/c.d", "c.d", "a/b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        autofree char *joined = io_path_join(cases[i].dir, cases[i].name);
        autofree char *parent = io_dirname(joined);

        assert_string_equal(joined, cases[i].joined);
        assert_string_equal(io_basename(joined), cases[i].base);
        assert_string_equal(parent, cases[i].parent);
    }
}

static void test_absolute(void **state)
{
    autofree char *cwd = getcwd(NULL, 0), *expected = io_path_join(cwd, "x/../y");
    autofree char *relative = io_absolute("./x/../y"), *absolute = io_absolute("/x");

    (void)state;
    assert_string_equal(relative, expected);
    assert_string_equal(absolute, "/x");
}

static void test_temp_root(void **state)
{
    autofree char *before = getenv("TMPDIR") == NULL ? NULL : xstrdup(getenv("TMPDIR"));

    (void)state;
    setenv("TMPDIR", "/elsewhere", 1);
    assert_string_equal(io_temp_root(), "/elsewhere");
    setenv("TMPDIR", "", 1);
    assert_string_equal(io_temp_root(), "/var/tmp");
    unsetenv("TMPDIR");
    assert_string_equal(io_temp_root(), "/var/tmp");
    if (before != NULL)
        setenv("TMPDIR", before, 1);
}

static void test_find_program(void **state)
{
    autofree char *before = xstrdup(getenv("PATH")), *mine = io_path_join(tmp, "tool");
    autofree char *plain = io_path_join(tmp, "plain"), *sh = io_find_program("sh");
    autofree char *none = io_find_program("no-such-tool-anywhere"), *empty = io_find_program("");
    autofree char *found = NULL, *not_executable = NULL, *sbin = NULL;

    (void)state;
    assert_non_null(sh);
    assert_null(none);
    assert_null(empty);
    put(mine, "#!/bin/sh\n");
    chmod(mine, 0755);
    put(plain, "#!/bin/sh\n");
    setenv("PATH", tmp, 1);
    found = io_find_program("tool");
    not_executable = io_find_program("plain");
    sbin = io_find_program("mke2fs");
    setenv("PATH", before, 1);
    assert_string_equal(found, mine);
    assert_null(not_executable);
    assert_true(sbin == NULL || strstr(sbin, "sbin/mke2fs") != NULL);
    unlink(mine);
    unlink(plain);
}

struct writer {
    char *path;
    char letter;
};

static void *write_often(void *arg)
{
    struct writer *w = arg;
    AUTO(strbuf) struct strbuf data = STRBUF_INIT;

    strbuf_addn(&data, w->letter, 10000);
    for (int i = 0; i < 20; i++) {
        AUTO(error) struct error *err = NULL;

        if (!io_write_file(w->path, strbuf_str(&data), 0644, &err))
            return err->msg;
    }
    return NULL;
}

static void test_readers_never_see_half_a_file(void **state)
{
    autofree char *path = io_path_join(tmp, "raced");
    struct writer writers[] = {{path, 'a'}, {path, 'b'}};
    pthread_t ids[2];
    void *failed[2];

    (void)state;
    put(path, "first");
    for (size_t i = 0; i < 2; i++)
        ids[i] = thread_start("writer", write_often, &writers[i]);
    for (int i = 0; i < 200; i++) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;

        assert_true(io_read_file(path, 20000, &sb, &err));
        assert_true(sb.len == 5 || sb.len == 10000);
        assert_true(sb.len == 5 || sb.buf[0] == sb.buf[9999]);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(ids[i], &failed[i]);
        assert_null(failed[i]);
    }
    assert_int_equal(count_entries(tmp), 1);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_then_read),
        cmocka_unit_test(test_read_limit),
        cmocka_unit_test(test_read_file_of_proc),
        cmocka_unit_test(test_codes_of_failures),
        cmocka_unit_test(test_write_keeps_the_old_file_on_failure),
        cmocka_unit_test(test_write_through_a_link),
        cmocka_unit_test(test_a_device_is_written_not_replaced),
        cmocka_unit_test(test_readers_never_see_half_a_file),
        cmocka_unit_test(test_mkdir_and_remove_tree),
        cmocka_unit_test(test_remove_tree_stays_on_its_mount),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_copy_keeps_holes),
        cmocka_unit_test(test_copy_keeps_holes_between_file_systems),
        cmocka_unit_test(test_copy_is_cancelled),
        cmocka_unit_test(test_free_space_of_what_is_not_there_yet),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_temp_root),
        cmocka_unit_test(test_find_program),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
