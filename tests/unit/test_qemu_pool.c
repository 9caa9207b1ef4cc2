/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libvirt/libvirt.h>

#include "base/io.h"
#include "base/mem.h"
#include "qemu/conn.h"
#include "qemu/hostxml.h"
#include "qemu/pool.h"
#include "qemu/reap.h"

/* libvirt's test driver has pools and volumes, whose bytes it does not keep. */
#define URI "test:///default"

static const struct reaper *const reapers[] = {&reaper_volume, &reaper_pool, NULL};

static struct conn *connect_there(void)
{
    AUTO(error) struct error *err = NULL;
    struct conn *c = conn_open(URI, NULL, NULL, &err);
    assert_non_null(c);
    return c;
}

static bool has_volume(struct conn *c, const char *name)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(conn_handle(c), "default-pool");
    virStorageVolPtr vol = virStorageVolLookupByName(pool, name);
    bool has = vol != NULL;
    if (has)
        virStorageVolFree(vol);
    virStoragePoolFree(pool);
    return has;
}

static void makes_and_removes_volumes(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = connect_there();
    AUTO(pool) struct pool *p = pool_open(c, "default-pool", NULL, NULL, &err);
    struct volume v;
    uint64_t room = 0;
    struct volume_spec spec = {.name = "a.qcow2", .format = "qcow2", .capacity = 1 << 20};

    assert_non_null(p);
    assert_string_equal(pool_path(p), "/default-pool");
    assert_true(pool_room(p, &room, &err));
    assert_true(room > 0);
    assert_true(pool_make(p, &spec, a, &v, &err));
    assert_string_equal(v.path, "/default-pool/a.qcow2");
    assert_true(has_volume(c, "a.qcow2"));

    struct volume again;
    assert_false(pool_make(p, &spec, a, &again, &err));
    assert_non_null(strstr(err->msg, "a.qcow2"));
    error_drop(&err);

    struct volume twice = v;
    assert_true(pool_delete(p, &v, &err));
    assert_null(v.name);
    assert_false(has_volume(c, "a.qcow2"));
    assert_true(pool_delete(p, &twice, &err)); /* gone is as good */
    assert_true(pool_delete(p, &v, &err));
}

static void missing_pools_are_made_or_explained(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = connect_there();
    assert_null(pool_open(c, "nope", NULL, NULL, &err));
    assert_int_equal(err->code, ERR_HOST);
    assert_non_null(strstr(error_first_hint(err), "pool_path"));
    error_drop(&err);
    assert_null(pool_open(c, "nope", "relative", NULL, &err));
    error_drop(&err);

    AUTO(pool) struct pool *made = pool_open(c, "own", "/srv/own", NULL, &err);
    assert_non_null(made);
    assert_string_equal(pool_path(made), "/srv/own");
    AUTO(pool) struct pool *found = pool_open(c, "own", NULL, NULL, &err);
    assert_non_null(found);
}

static int count_files(const char *dir)
{
    int n = 0;
    autoclosedir DIR *d = opendir(dir);
    const struct dirent *e;
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    return n;
}

static void what_a_killed_one_left_is_removed(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "pool-", &err);
    AUTO(conn) struct conn *c = connect_there();
    struct volume v;
    struct volume_spec spec = {.name = "left.qcow2", .format = "qcow2", .capacity = 1 << 20};
    size_t reaped = 0, left = 0;

    struct ledger *l = ledger_open(dir, &err);
    AUTO(pool) struct pool *p = pool_open(c, "default-pool", NULL, l, &err);
    assert_non_null(p);
    assert_true(pool_make(p, &spec, a, &v, &err));
    ledger_close(l); /* not struck out: as if it had been killed */
    assert_true(has_volume(c, "left.qcow2"));

    assert_true(ledger_reap(dir, reapers, &reaped, &left, &err));
    assert_int_equal(reaped, 1);
    assert_int_equal(left, 0);
    assert_false(has_volume(c, "left.qcow2"));
    assert_int_equal(count_files(dir), 0);
    io_remove_tree(dir, &err);
}

static void an_unreachable_host_stays_in_the_ledger(void **state)
{
    static const char data[] = "{\"uri\":\"test:////nonexistent/host.xml\",\"pool\":\"p\","
                               "\"volume\":\"v\"}";
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "pool-", &err);
    size_t reaped = 0, left = 0;
    ledger_id id;

    struct ledger *l = ledger_open(dir, &err);
    assert_true(ledger_add(l, "volume", data, &id, &err));
    ledger_close(l);
    for (int i = 0; i < 2; i++) {
        assert_true(ledger_reap(dir, reapers, &reaped, &left, &err));
        assert_int_equal(reaped, 0);
        assert_int_equal(left, 1);
        assert_int_equal(count_files(dir), 1);
    }
    assert_false(reaper_volume.reap(data, &err));
    assert_non_null(strstr(err->msg, "does not answer"));
    error_drop(&err);
    assert_false(reaper_volume.reap("{}", &err));
    assert_int_equal(err->code, ERR_INTERNAL);
    io_remove_tree(dir, &(struct error *){NULL});
}

static void unfinished_pools_are_forgotten(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = connect_there();
    static const char half[] = "<pool type='dir'><name>half</name><target><path>/h</path>"
                               "</target></pool>";
    virStoragePoolPtr pool = virStoragePoolDefineXML(conn_handle(c), half, 0);
    assert_non_null(pool);
    virStoragePoolFree(pool);
    assert_true(reaper_pool.reap("{\"uri\":\"" URI "\",\"pool\":\"half\"}", &err));
    assert_null(virStoragePoolLookupByName(conn_handle(c), "half"));
    /* one that is in use is not touched */
    assert_true(reaper_pool.reap("{\"uri\":\"" URI "\",\"pool\":\"default-pool\"}", &err));
    pool = virStoragePoolLookupByName(conn_handle(c), "default-pool");
    assert_non_null(pool);
    virStoragePoolFree(pool);
    assert_true(reaper_pool.reap("{\"uri\":\"" URI "\",\"pool\":\"never\"}", &err));
}

static void reads_xml(void **state)
{
    (void)state;
    AUTO(hostxml)
    struct hostxml *x = hostxml_parse("<a k='v'><b>text</b><c/></a>");
    autofree char *text = hostxml_get(x, "string(/a/b)");
    autofree char *attribute = hostxml_get(x, "string(/a/@k)");
    assert_string_equal(text, "text");
    assert_string_equal(attribute, "v");
    assert_null(hostxml_get(x, "string(/a/none)"));
    assert_null(hostxml_get(x, "///"));
    assert_true(hostxml_test(x, "/a/c"));
    assert_true(hostxml_test(x, "/a/@k = 'v'"));
    assert_false(hostxml_test(x, "/a/d"));
    assert_null(hostxml_parse("<a>"));
    assert_null(hostxml_get(NULL, "/a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_and_removes_volumes),
        cmocka_unit_test(missing_pools_are_made_or_explained),
        cmocka_unit_test(what_a_killed_one_left_is_removed),
        cmocka_unit_test(an_unreachable_host_stays_in_the_ledger),
        cmocka_unit_test(unfinished_pools_are_forgotten),
        cmocka_unit_test(reads_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
