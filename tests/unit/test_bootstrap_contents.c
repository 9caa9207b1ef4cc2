/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/contents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"

static const struct layout_ids ids = {.root_fs = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
                                      .esp_serial = 0x0012abcd};

static struct debootstrap_config defaults(struct arena *a)
{
    struct debootstrap_config c = {0};
    schema_defaults(debootstrap_opts, a, &c);
    return c;
}

static void texts(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    struct debootstrap_config c = defaults(a);
    c.kernel_cmdline = "net.ifnames=0";
    contents_render_fstab(&sb, &ids);
    assert_non_null(strstr(sb.buf, "UUID=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee / ext4 "));
    assert_non_null(strstr(sb.buf, "UUID=0012-ABCD /boot/efi vfat "));
    strbuf_truncate(&sb, 0);
    contents_render_grub_cfg(&sb, &c, &ids, "6.1.0-1-cloud-amd64");
    assert_non_null(strstr(sb.buf, "linux /boot/vmlinuz-6.1.0-1-cloud-amd64 root=UUID=aaaaaaaa-"));
    assert_non_null(strstr(sb.buf, "console=ttyS0,115200 loglevel=4 net.ifnames=0\n"));
    assert_non_null(strstr(sb.buf, "initrd /boot/initrd.img-6.1.0-1-cloud-amd64\n"));
    strbuf_truncate(&sb, 0);
    contents_render_grub_stub(&sb, &ids, false);
    assert_null(strstr(sb.buf, "configfile"));
    strbuf_truncate(&sb, 0);
    contents_render_grub_stub(&sb, &ids, true);
    assert_non_null(strstr(sb.buf, "configfile $prefix/grub.cfg\n"));
    strbuf_truncate(&sb, 0);
    contents_render_cloud_cfg(&sb, &c);
    assert_non_null(strstr(sb.buf, "datasource_list: [NoCloud, ConfigDrive, OpenStack, None]\n"));
}

struct fixture {
    char *dir, *secret, *path; /* the tree borrows its path */
    struct rootfs tree;
};

static int setup(void **state)
{
    struct error *err = NULL;
    struct fixture *f = xnew(struct fixture);
    f->dir = io_make_temp_dir(io_temp_root(), "rootfs-", &err);
    f->path = xasprintf("%s/tree", f->dir);
    f->secret = xasprintf("%s/secret", f->dir);
    *state = f;
    return f->dir != NULL && mkdir(f->path, 0755) == 0 &&
                   io_write_file(f->secret, STR("host"), 0600, &err) &&
                   rootfs_open(&f->tree, f->path, &err)
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct error *err = NULL;
    rootfs_close(&f->tree);
    io_remove_tree(f->dir, &err);
    free(f->dir);
    free(f->secret);
    free(f->path);
    free(f);
    return 0;
}

static void expect_secret(const struct fixture *f)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    assert_true(io_read_file(f->secret, 100, &sb, &err));
    assert_string_equal(sb.buf, "host");
}

static void files_of_a_tree(void **state)
{
    struct fixture *f = *state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    assert_true(rootfs_write(&f->tree, "etc/deep/er/file", STR("one"), 0600, &err));
    assert_true(rootfs_write(&f->tree, "etc/deep/er/file", STR("two"), 0644, &err));
    assert_true(rootfs_read(&f->tree, "etc/deep/er/file", 100, &sb, &err));
    assert_string_equal(sb.buf, "two");
    assert_true(rootfs_exists(&f->tree, "etc/deep"));
    assert_true(rootfs_unlink(&f->tree, "etc/deep/er/file", &err));
    assert_true(rootfs_unlink(&f->tree, "etc/deep/er/file", &err));
    assert_true(rootfs_unlink(&f->tree, "no/such/dir/file", &err));
    assert_false(rootfs_exists(&f->tree, "etc/deep/er/file"));
    assert_true(rootfs_write(&f->tree, "top", STR(""), 0644, &err));
    assert_true(rootfs_exists(&f->tree, "top"));
}

/* Links of the tree lead nowhere but into the tree. */
static void links_stay_inside(void **state)
{
    struct fixture *f = *state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    assert_true(rootfs_symlink(&f->tree, "file", f->secret, &err));
    assert_true(rootfs_symlink(&f->tree, "dir", f->dir, &err));
    assert_true(rootfs_symlink(&f->tree, "up", "../../..", &err));
    assert_false(rootfs_read(&f->tree, "file", 100, &sb, &err));
    error_drop(&err);
    assert_false(rootfs_exists(&f->tree, "dir/secret"));
    assert_true(rootfs_write(&f->tree, "file", STR("tree"), 0644, &err));
    assert_true(rootfs_write(&f->tree, "up/file2", STR("tree"), 0644, &err));
    assert_true(rootfs_exists(&f->tree, "file2"));
    assert_false(rootfs_write(&f->tree, "dir/secret", STR("tree"), 0644, &err));
    error_drop(&err);
    assert_true(rootfs_unlink(&f->tree, "dir/secret", &err));
    expect_secret(f);
}

static void directories(void **state)
{
    struct fixture *f = *state;
    AUTO(error) struct error *err = NULL;
    static const char *const suffixes[] = {".mod", NULL};
    assert_true(rootfs_write(&f->tree, "from/a.mod", STR("a"), 0644, &err));
    assert_true(rootfs_write(&f->tree, "from/b.img", STR("b"), 0644, &err));
    assert_true(rootfs_copy_dir(&f->tree, "from", "to", suffixes, &err));
    assert_true(rootfs_exists(&f->tree, "to/a.mod"));
    assert_false(rootfs_exists(&f->tree, "to/b.img"));
    assert_true(rootfs_clean_dir(&f->tree, "from", ".img", &err));
    assert_false(rootfs_exists(&f->tree, "from/b.img"));
    assert_true(rootfs_exists(&f->tree, "from/a.mod"));
    assert_true(rootfs_clean_dir(&f->tree, "absent", "", &err));
    assert_true(rootfs_write(&f->tree, "boot/vmlinuz-6.1.0-9-x", STR(""), 0644, &err));
    assert_true(rootfs_write(&f->tree, "boot/vmlinuz-6.1.0-10-x", STR(""), 0644, &err));
    autofree char *latest = rootfs_find_latest(&f->tree, "boot", "vmlinuz-");
    assert_string_equal(latest, "6.1.0-10-x");
    assert_null(rootfs_find_latest(&f->tree, "boot", "Image-"));
}

/* What a whole tree is given, and that an absent kernel or zone is said. */
static void whole_tree(void **state)
{
    struct fixture *f = *state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    struct debootstrap_config c = defaults(a);
    assert_true(rootfs_write(&f->tree, "etc/resolv.conf", STR("nameserver host"), 0644, &err));
    assert_true(rootfs_write(&f->tree, "var/log/dpkg.log", STR("x"), 0644, &err));
    assert_true(rootfs_write(&f->tree, "etc/ssh/ssh_host_rsa_key", STR("x"), 0600, &err));
    assert_false(contents_apply(&f->tree, &c, &ids, &err));
    assert_non_null(strstr(err->msg, "time zone"));
    error_drop(&err);
    assert_true(rootfs_write(&f->tree, "usr/share/zoneinfo/Etc/UTC", STR(""), 0644, &err));
    assert_false(contents_apply(&f->tree, &c, &ids, &err));
    assert_non_null(strstr(err->msg, "kernel"));
    error_drop(&err);
    assert_true(rootfs_write(&f->tree, "boot/vmlinuz-6.1", STR(""), 0644, &err));
    assert_true(rootfs_mkdir_p(&f->tree, "usr/lib/grub/i386-pc", &err));
    assert_true(rootfs_mkdir_p(&f->tree, "usr/lib/grub/x86_64-efi", &err));
    assert_true(contents_apply(&f->tree, &c, &ids, &err));
    assert_true(contents_clean(&f->tree, &err));
    assert_false(rootfs_exists(&f->tree, "var/log/dpkg.log"));
    assert_false(rootfs_exists(&f->tree, "etc/ssh/ssh_host_rsa_key"));
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    assert_true(rootfs_read(&f->tree, "etc/machine-id", 100, &sb, &err));
    assert_int_equal(sb.len, 0);
    assert_true(rootfs_read(&f->tree, "boot/grub/grubenv", 2000, &sb, &err));
    assert_int_equal(sb.len, 1024);
    assert_true(rootfs_exists(&f->tree, "etc/cloud/cloud.cfg.d/90-imgfac.cfg"));
    autofree char *resolv = xasprintf("%s/tree/etc/resolv.conf", f->dir);
    char target[100] = "";
    assert_true(readlink(resolv, target, sizeof(target) - 1) > 0);
    assert_string_equal(target, "../run/systemd/resolve/stub-resolv.conf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test_setup_teardown(files_of_a_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(links_stay_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(directories, setup, teardown),
        cmocka_unit_test_setup_teardown(whole_tree, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
