/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/io.h"
#include "media/imgtool.h"
#include "media/iso.h"

static char *tmp;

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    tmp = io_make_temp_dir(io_temp_root(), "imgfac-test-media-", &err);
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

/* Text of the file NAME of an ISO image as libarchive reads it back. */
static void expect_entry(const char *iso, const char *name, const char *content)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    bool found = false;
    char text[256] = "";

    archive_read_support_format_iso9660(a);
    assert_int_equal(archive_read_open_filename(a, iso, 10240), ARCHIVE_OK);
    while (!found && archive_read_next_header(a, &e) == ARCHIVE_OK) {
        found = strcmp(archive_entry_pathname(e), name) == 0;
        if (found)
            assert_true(archive_read_data(a, text, sizeof(text) - 1) >= 0);
    }
    archive_read_free(a);
    assert_true(found);
    assert_string_equal(text, content);
}

static void iso_reads_back(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *path = io_path_join(tmp, "seed.iso");
    autofree char *host = io_path_join(tmp, "host-file");
    char volume[12] = "";
    struct stat st;

    assert_true(io_write_file(host, STR("from the host"), 0600, &err));
    struct iso_file files[] = {
        {.path = "user-data", .data = STR("#cloud-config\n")},
        {.path = "meta-data", .data = STR("")},
        {.path = "A long directory/and a Long Name.Txt", .host_path = host},
    };
    assert_true(iso_write(path, "cidata", files, ARRAY_SIZE(files), &err));
    expect_entry(path, "user-data", "#cloud-config\n");
    expect_entry(path, "meta-data", "");
    expect_entry(path, "A long directory/and a Long Name.Txt", "from the host");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    /* Volume identifier of the primary descriptor: sector 16, offset 40. */
    autoclose int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, volume, 6, 16 * 2048 + 40), 6);
    assert_true(str_eq_nocase(str_from(volume), STR("cidata")));
}

static void iso_names_what_it_cannot_read(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *path = io_path_join(tmp, "bad.iso");
    struct iso_file files[] = {{.path = "x", .host_path = "/nonexistent/file"}};

    assert_false(iso_write(path, "x", files, 1, &err));
    assert_int_equal(err->code, ERR_NOT_FOUND);
    assert_non_null(strstr(err->msg, "/nonexistent/file"));
    assert_false(io_exists(path));
}

static void overlay_grows_and_leaves_the_base(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    autofree char *base = io_path_join(tmp, "base.qcow2");
    autofree char *over = io_path_join(tmp, "over.qcow2");
    autofree char *flat = io_path_join(tmp, "flat.raw");
    struct img_info info;
    struct stat before, after;

    assert_true(img_create(base, "qcow2", 8 << 20, NULL, &err));
    assert_int_equal(stat(base, &before), 0);
    assert_true(img_create_overlay(over, base, "qcow2", 16 << 20, NULL, &err));
    assert_true(img_info(over, NULL, a, &info, &err));
    assert_string_equal(info.format, "qcow2");
    assert_int_equal(info.virtual_size, 16 << 20);
    assert_string_equal(info.backing, base);
    assert_string_equal(info.backing_format, "qcow2");
    assert_false(info.has_data_file || info.encrypted || info.dirty);

    assert_true(img_resize(over, "qcow2", 24 << 20, NULL, &err));
    assert_true(img_check(over, "qcow2", NULL, &err));
    struct img_convert job = {.src = over, .src_format = "qcow2", .dst = flat, .dst_format = "raw"};
    assert_true(img_convert(&job, &err));
    assert_true(img_info(flat, "raw", a, &info, &err));
    assert_int_equal(info.virtual_size, 24 << 20);
    assert_null(info.backing);
    assert_int_equal(stat(base, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void refuses_what_would_lose_data(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *path = io_path_join(tmp, "small.qcow2");

    assert_true(img_create(path, "qcow2", 8 << 20, NULL, &err));
    assert_false(img_create(path, "qcow2", 8 << 20, NULL, &err));
    assert_int_equal(err->code, ERR_EXISTS);
    error_drop(&err);
    assert_false(img_resize(path, "qcow2", 4 << 20, NULL, &err));
    error_drop(&err);
    autofree char *over = io_path_join(tmp, "no-base.qcow2");
    assert_false(img_create_overlay(over, "/nonexistent/b.qcow2", "qcow2", 0, NULL, &err));
    assert_false(io_exists(over));
}

static void count_up(void *arg, uint64_t done, uint64_t total)
{
    uint64_t *last = arg;
    assert_true(done >= *last && done <= total);
    *last = done;
}

static void convert_compresses_and_reports(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    autofree char *raw = io_path_join(tmp, "src.raw");
    autofree char *out = io_path_join(tmp, "out.qcow2");
    AUTO(strbuf) struct strbuf data = STRBUF_INIT;
    struct img_info info;
    uint64_t last = 0;

    strbuf_addn(&data, 'x', 4 << 20);
    assert_true(io_write_file(raw, strbuf_str(&data), 0600, &err));
    struct img_convert job = {.src = raw,
                              .src_format = "raw",
                              .dst = out,
                              .dst_format = "qcow2",
                              .compress = true,
                              .progress = count_up,
                              .arg = &last};
    assert_true(img_convert(&job, &err));
    assert_true(last > 0);
    assert_true(img_info(out, NULL, a, &info, &err));
    assert_string_equal(info.compression, "zstd");
    assert_true(info.actual_size < 2 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_reads_back),
        cmocka_unit_test(iso_names_what_it_cannot_read),
        cmocka_unit_test(overlay_grows_and_leaves_the_base),
        cmocka_unit_test(refuses_what_would_lose_data),
        cmocka_unit_test(convert_compresses_and_reports),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
