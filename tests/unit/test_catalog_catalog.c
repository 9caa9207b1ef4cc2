/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "catalog/catalog_internal.h"
#include "catalog/ref.h"

struct fixture {
    char *dir;
    struct catalog *cat;
    struct arena *a;
    struct error *e;
};

static int setup(void **state)
{
    struct fixture *f = xnew(struct fixture);
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "catalog-", &f->e);
    *state = f;
    return catalog_open(f->dir, NULL, &f->cat, &f->e) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    catalog_close(f->cat);
    error_drop(&f->e);
    assert_true(io_remove_tree(f->dir, &f->e));
    arena_free(f->a);
    free(f->dir);
    free(f);
    return 0;
}

static const char *image(struct fixture *f, const char *text)
{
    const char *path = arena_fmt(f->a, "%s/image", f->dir);
    assert_true(io_write_file(path, str_from(text), 0644, &f->e));
    return path;
}

static struct catalog_version add(struct fixture *f, const char *bucket, const char *content,
                                  const struct catalog_version *parent, const char *channel)
{
    struct catalog_new_version n = {
        .bucket = bucket,
        .image_path = image(f, content),
        .format = "qcow2",
        .virtual_size = 4096,
        .builder = "test",
        .started_wall_ns = 0,
        .finished_wall_ns = 90 * NS_PER_S,
    };
    if (parent != NULL) {
        n.parent_bucket = parent->bucket;
        n.parent_fingerprint = parent->fingerprint;
        n.parent_channel = "latest";
    }
    const char *channels[] = {channel};
    if (channel != NULL)
        n.channels = (struct opt_strings){.ptr = channels, .len = 1};
    struct opt_pair labels[] = {{"team", "infra"}};
    n.labels = (struct opt_map){.ptr = labels, .len = 1};
    struct catalog_version v;
    assert_true(catalog_add_version(f->cat, &n, NULL, f->a, &v, &f->e));
    return v;
}

static void test_add_and_resolve(void **state)
{
    struct fixture *f = *state;
    struct catalog_version base = add(f, "base", "one", NULL, "stable");
    struct catalog_version golden = add(f, "golden", "two", &base, NULL);
    struct catalog_version second = add(f, "base", "three", NULL, NULL);
    assert_int_equal(second.sequence, 2);
    assert_string_equal(golden.parent_bucket, "base");
    assert_string_equal(golden.parent_name, "v1");
    assert_int_equal(golden.build_seconds, 90);
    assert_string_equal(golden.labels.ptr[0].value, "infra");

    const struct {
        const char *ref;
        int64_t sequence; /* 0: not found */
        const char *bucket;
    } cases[] = {
        {"base", 2, "base"},
        {"base@latest", 2, "base"},
        {"base@stable", 1, "base"},
        {"base:v1", 1, "base"},
        {"base:v2", 2, "base"},
        {"golden@latest", 1, "golden"},
        {"base:v3", 0, NULL},
        {"base@nightly", 0, NULL},
        {"nothing", 0, NULL},
        {"base:01ARZ3NDEK", 0, NULL},
        {arena_fmt(f->a, "base:%s", base.fingerprint), 1, "base"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct catalog_version v;
        bool ok = catalog_resolve(f->cat, str_from(cases[i].ref), f->a, &v, &f->e);
        assert_int_equal(ok, cases[i].sequence > 0);
        if (ok) {
            assert_int_equal(v.sequence, cases[i].sequence);
            assert_string_equal(v.bucket, cases[i].bucket);
        } else {
            assert_true(error_is(f->e, ERR_NOT_FOUND));
            assert_non_null(error_first_hint(f->e));
            error_drop(&f->e);
        }
    }
}

static void revoke_at(struct fixture *f, const struct catalog_version *v, const char *at,
                      const char *message)
{
    assert_true(db_run(&f->cat->db, &f->e,
                       "INSERT INTO revocation (version_id, message, author, revoke_at)"
                       " VALUES (?, ?, 'me', ?)",
                       "iss", v->id, message, at));
}

/* Nothing is built from a revoked version, but it can be looked at. */
static void test_revoked(void **state)
{
    struct fixture *f = *state;
    struct catalog_version one = add(f, "base", "one", NULL, NULL);
    struct catalog_version two = add(f, "base", "two", NULL, "stable");
    struct catalog_version only = add(f, "lone", "three", NULL, NULL);
    revoke_at(f, &two, "2020-01-01T00:00:00Z", "bad kernel");
    revoke_at(f, &only, "2020-01-01T00:00:00Z", "");
    revoke_at(f, &one, "2999-01-01T00:00:00Z", "later");
    const struct {
        const char *ref, *name, *message, *hint; /* name: what resolves; else why it does not */
        bool is_found;
    } cases[] = {
        {"base", "v1", NULL, NULL, true}, /* falls back; a scheduled one still counts */
        {"base:v1", "v1", NULL, NULL, true},
        {"base:v2", NULL, "is revoked: bad kernel", "catalog list -all base", true},
        {"bade", NULL, "not in the catalog", "base", false},
        {arena_fmt(f->a, "base:%s", two.fingerprint), NULL, "is revoked: bad kernel",
         "Nothing is built", true},
        {"base@stable", NULL, "every version that channel 'stable' of bucket 'base' ever had",
         "The newest of them is v2: bad kernel.", false},
        {"lone", NULL, "every version that channel 'latest'", "v1.", false},
        {"base@nightly", NULL, "no usable version in channel 'nightly'", "latest", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct catalog_version v;
        bool ok = catalog_resolve(f->cat, str_from(cases[i].ref), f->a, &v, &f->e);
        assert_int_equal(ok, cases[i].name != NULL);
        if (ok)
            assert_string_equal(v.name, cases[i].name);
        else if (strstr(f->e->msg, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].ref, f->e->msg);
        if (cases[i].hint != NULL)
            assert_non_null(strstr(error_first_hint(f->e), cases[i].hint));
        error_drop(&f->e);
        assert_int_equal(catalog_find(f->cat, str_from(cases[i].ref), f->a, &v, &f->e),
                         cases[i].is_found);
        error_drop(&f->e);
    }
}

static void test_store_is_content_addressed(void **state)
{
    struct fixture *f = *state;
    struct catalog_version v1 = add(f, "a", "same", NULL, NULL);
    struct catalog_version v2 = add(f, "a", "same", NULL, NULL);
    assert_string_equal(v1.artifacts[0].path, v2.artifacts[0].path);
    struct stat st;
    assert_int_equal(stat(v1.artifacts[0].path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0444);
    assert_int_equal(st.st_size, 4);
    assert_true(catalog_remove(f->cat, &v1, false, &f->e));
    assert_true(io_exists(v2.artifacts[0].path)); /* still named by v2 */
    assert_true(catalog_remove(f->cat, &v2, false, &f->e));
    assert_false(io_exists(v2.artifacts[0].path));
    struct catalog_version v3 = add(f, "a", "same", NULL, NULL);
    assert_int_equal(v3.sequence, 3); /* a number is never used twice */
}

static void test_remove_refuses_what_is_in_use(void **state)
{
    struct fixture *f = *state;
    struct catalog_version base = add(f, "base", "one", NULL, NULL);
    struct catalog_version child = add(f, "child", "two", &base, "prod");
    assert_false(catalog_remove(f->cat, &base, false, &f->e));
    assert_true(error_is(f->e, ERR_EXISTS));
    error_drop(&f->e);
    assert_false(catalog_remove(f->cat, &child, false, &f->e));
    error_drop(&f->e);
    assert_true(catalog_remove(f->cat, &base, true, &f->e));
    struct catalog_version again;
    assert_true(catalog_resolve(f->cat, STR("child"), f->a, &again, &f->e));
    assert_string_equal(again.parent_fingerprint, base.fingerprint);
    assert_null(again.parent_name);
}

static void test_remove_refuses_what_is_held(void **state)
{
    struct fixture *f = *state;
    struct catalog_version v = add(f, "base", "one", NULL, NULL);
    const char *path = v.artifacts[0].path;
    struct arena *first = arena_new("first"), *second = arena_new("second");
    assert_true(catalog_hold(f->cat, path, first, &f->e));
    assert_true(catalog_hold(f->cat, path, second, &f->e)); /* any number of builds */
    assert_true(catalog_hold(f->cat, "/nowhere/x.iso", second, &f->e));
    arena_free(first);
    assert_false(catalog_remove(f->cat, &v, true, &f->e));
    assert_true(error_is(f->e, ERR_EXISTS));
    assert_non_null(strstr(f->e->msg, "a build that runs stands on base v1"));
    error_drop(&f->e);
    assert_true(catalog_find(f->cat, STR("base"), f->a, &v, &f->e));
    assert_true(io_exists(path));
    arena_free(second);
    assert_true(catalog_remove(f->cat, &v, true, &f->e));
    assert_false(catalog_hold(f->cat, path, f->a, &f->e));
    assert_true(error_is(f->e, ERR_NOT_FOUND));
}

/* What is in DIR and below, for a comparison. */
static const char *tree(struct fixture *f)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const struct proc_spec spec = {
        .argv = (const char *[]){"find", f->dir, "-printf", "%p %s %T@ %m\\n", NULL}, .out = &sb};
    assert_true(proc_run(&spec, NULL, &f->e));
    return arena_strndup(f->a, sb.buf, sb.len);
}

static void test_open_read(void **state)
{
    struct fixture *f = *state;
    AUTO(catalog) struct catalog *cat = NULL;
    struct catalog_versions all;
    const char *other = arena_fmt(f->a, "%s/none", f->dir);
    assert_false(catalog_open_read(other, NULL, &cat, &f->e));
    assert_true(error_is(f->e, ERR_NOT_FOUND));
    error_drop(&f->e);
    assert_false(io_exists(other));
    add(f, "b", "1", NULL, "stable"); /* in the write-ahead log: the writer has it open */
    assert_true(io_exists(arena_fmt(f->a, "%s/catalog.db-wal", f->dir)));
    const char *before = tree(f);
    assert_true(catalog_open_read(f->dir, NULL, &cat, &f->e));
    assert_true(catalog_list(cat, &(struct catalog_filter){0}, f->a, &all, &f->e));
    assert_int_equal(all.len, 1);
    assert_string_equal(all.ptr[0].bucket, "b");
    assert_true(io_exists(all.ptr[0].artifacts[0].path));
    assert_string_equal(tree(f), before);
    add(f, "b", "2", NULL, NULL); /* nor is the writer hindered */
}

static void test_list(void **state)
{
    struct fixture *f = *state;
    struct catalog_versions all;
    assert_true(catalog_list(f->cat, &(struct catalog_filter){0}, f->a, &all, &f->e));
    assert_int_equal(all.len, 0);
    add(f, "b", "1", NULL, NULL);
    add(f, "b", "2", NULL, "stable");
    add(f, "b", "3", NULL, NULL);
    add(f, "a", "4", NULL, NULL);
    assert_true(catalog_list(f->cat, &(struct catalog_filter){0}, f->a, &all, &f->e));
    assert_int_equal(all.len, 3);
    assert_string_equal(all.ptr[0].bucket, "a");
    assert_string_equal(all.ptr[1].name, "v3");
    assert_string_equal(all.ptr[1].channels.ptr[0], "latest");
    assert_string_equal(all.ptr[2].channels.ptr[0], "stable");
    struct catalog_filter filter = {.bucket = "b", .all_versions = true};
    assert_true(catalog_list(f->cat, &filter, f->a, &all, &f->e));
    assert_int_equal(all.len, 3);
}

static void test_verify_finds_damage(void **state)
{
    struct fixture *f = *state;
    struct catalog_version v = add(f, "a", "content", NULL, NULL);
    assert_true(catalog_verify_version(f->cat, &v, NULL, NULL, NULL, &f->e));
    assert_int_equal(chmod(v.artifacts[0].path, 0644), 0);
    assert_true(io_write_file(v.artifacts[0].path, STR("c0ntent"), 0644, &f->e));
    assert_false(catalog_verify_version(f->cat, &v, NULL, NULL, NULL, &f->e));
    assert_true(error_is(f->e, ERR_CHECKSUM));
    error_drop(&f->e);
    unlink(v.artifacts[0].path);
    assert_false(catalog_verify_version(f->cat, &v, NULL, NULL, NULL, &f->e));
    assert_true(error_is(f->e, ERR_NOT_FOUND));
}

static void test_sweep_removes_what_nobody_names(void **state)
{
    struct fixture *f = *state;
    struct catalog_version v = add(f, "a", "kept", NULL, NULL);
    autofree char *dir = io_dirname(v.artifacts[0].path);
    autofree char *parent = io_dirname(dir);
    const char *stray = arena_fmt(f->a, "%s/ab", parent);
    assert_true(io_mkdir_p(stray, 0755, &f->e));
    stray = arena_fmt(f->a, "%s/ab%062d", stray, 7);
    assert_true(io_write_file(stray, STR("stray"), 0444, &f->e));
    const char *part = arena_fmt(f->a, "%s/01ABC.part", catalog_tmp_path(f->cat));
    assert_true(io_write_file(part, STR("half"), 0644, &f->e));
    size_t files = 0;
    int adding = open(arena_fmt(f->a, "%s/store.lock", f->dir), O_RDWR);
    assert_int_equal(flock(adding, LOCK_SH), 0);
    assert_true(catalog_sweep(f->cat, &files, NULL, &f->e)); /* somebody adds: not now */
    assert_int_equal(files, 0);
    assert_true(io_exists(stray) && io_exists(part));
    close(adding);
    assert_true(catalog_sweep(f->cat, &files, NULL, &f->e));
    assert_int_equal(files, 1);
    assert_false(io_exists(stray) || io_exists(part));
    assert_true(io_exists(v.artifacts[0].path));
}

/* Two processes adding at the same time get different numbers. */
static void test_concurrent_writers(void **state)
{
    struct fixture *f = *state;
    enum { WRITERS = 4, EACH = 5 };
    for (int w = 0; w < WRITERS; w++) {
        if (fork() != 0)
            continue;
        struct fixture child = {.a = arena_new("child")};
        child.dir = io_make_temp_dir(f->dir, "writer-", &child.e);
        if (child.dir == NULL || !catalog_open(f->dir, NULL, &child.cat, &child.e))
            _exit(1);
        for (int i = 0; i < EACH; i++)
            add(&child, "busy", arena_fmt(child.a, "%d.%d", w, i), NULL, NULL);
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct catalog_versions all;
    struct catalog_filter filter = {.all_versions = true};
    assert_true(catalog_list(f->cat, &filter, f->a, &all, &f->e));
    assert_int_equal(all.len, WRITERS * EACH);
    for (size_t i = 0; i < all.len; i++)
        assert_int_equal(all.ptr[i].sequence, WRITERS * EACH - (int)i);
}

static void test_other_files_are_refused(void **state)
{
    struct fixture *f = *state;
    const char *path = arena_fmt(f->a, "%s/other.db", f->dir);
    assert_true(io_write_file(path,
                              STR("this is not a database, but long enough to look like"
                                  " a header of one, which it is not at all....."),
                              0644, &f->e));
    struct catalog *cat = NULL;
    assert_false(catalog_open(f->dir, "sqlite:other.db", &cat, &f->e));
    assert_true(error_is(f->e, ERR_CHECKSUM));
    error_drop(&f->e);
    assert_false(catalog_open(f->dir, "postgresql://x", &cat, &f->e));
}

static void test_ref(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"a", true},        {"a@b", true},
        {"a:v1", true},     {"debian-12-base@stable", true},
        {"", false},        {"@x", false},
        {"a@", false},      {"a:", false},
        {"a:v0", false},    {"a:v", false},
        {"a b", false},     {"../etc", false},
        {"a@b@c", false},   {"a:01ARZ", false},
        {"a:01ARZ3", true}, {"-a", false},
        {"a;drop", false},  {"a:v99999999999999999999", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ref ref;
        bool ok = ref_parse(f->a, str_from(cases[i].text), &ref, &f->e);
        if (ok != cases[i].ok)
            fail_msg("'%s'", cases[i].text);
        error_drop(&f->e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_add_and_resolve, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revoked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store_is_content_addressed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_refuses_what_is_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_refuses_what_is_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_verify_finds_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweep_removes_what_nobody_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_concurrent_writers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_files_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ref, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
