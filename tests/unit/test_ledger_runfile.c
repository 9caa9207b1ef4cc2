/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "ledger/runfile.h"
#include "plug/reaper.h"

struct fixture {
    char *store, *ledgers;
    struct ledger *ledger;
    struct arena *a;
};

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);
    struct error *e = NULL;
    f->store = io_make_temp_dir(io_temp_root(), "runfile-", &e);
    f->ledgers = io_path_join(f->store, "ledger");
    f->ledger = ledger_open(f->ledgers, &e);
    f->a = arena_new("test");
    *state = f;
    return e == NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct error *e = NULL;
    ledger_close(f->ledger);
    arena_free(f->a);
    int rc = io_remove_tree(f->store, &e) ? 0 : -1;
    free(f->store);
    free(f->ledgers);
    free(f);
    return rc;
}

static struct runfile *start(struct fixture *f, const char *id, const char *name)
{
    struct error *e = NULL;
    struct run_info info = {.id = id,
                            .build = name,
                            .state = RUN_RUNNING,
                            .ledger = ledger_name(f->ledger),
                            .work_dir = "/w"};
    struct runfile *r = runfile_open(f->store, &info, f->ledger, &e);
    assert_non_null(r);
    return r;
}

static size_t count(struct fixture *f)
{
    struct run_infos all;
    struct error *e = NULL;
    assert_true(runfile_list(f->store, f->a, &all, &e));
    return all.len;
}

static void what_is_published_is_found(void **state)
{
    struct fixture *f = *state;
    struct run_info found;
    struct error *e = NULL;
    assert_int_equal(count(f), 0);
    struct runfile *first = start(f, "01AAAAAAAAAAAAAAAAAAFIRST1", "qemu.golden");
    struct runfile *second = start(f, "01BBBBBBBBBBBBBBBBBBOTHER2", "qemu.golden");
    runfile_info(second)->ssh_port = 2345;
    runfile_info(second)->step = "a \"step\"\n";
    runfile_publish(second);
    assert_int_equal(count(f), 2);

    static const char *const words[] = {"qemu.golden", "golden", "OTHER2", "BBBOTHER2"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        assert_true(runfile_find(f->store, words[i], f->a, &found, &e));
        assert_string_equal(found.id, "01BBBBBBBBBBBBBBBBBBOTHER2");
    }
    assert_int_equal(found.ssh_port, 2345);
    assert_string_equal(found.step, "a \"step\"\n");
    assert_true(runfile_is_alive(&found));
    assert_null(found.ssh_key);
    assert_true(runfile_find(f->store, "FIRST1", f->a, &found, &e));
    assert_string_equal(found.id, "01AAAAAAAAAAAAAAAAAAFIRST1");

    static const char *const none[] = {"", "qemu", "golde", "IRST1", "../x"};
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        assert_false(runfile_find(f->store, none[i], f->a, &found, &e));
        assert_int_equal(e->code, ERR_NOT_FOUND);
        error_drop(&e);
    }
    runfile_close(first, false);
    runfile_close(second, false);
    assert_int_equal(count(f), 0);
    runfile_publish(NULL);
    runfile_close(NULL, true);
    assert_null(runfile_info(NULL));
}

static void damaged_files_are_no_builds(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "{\"id\":1,\"build\":2,\"state\":3,\"work_dir\":4}",
        "{\"id\":\"x\",\"build\":\"b\",\"state\":\"running\"}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct run_info info;
        assert_false(runfile_parse(f->a, str_from(texts[i]), &info));
    }
}

/* The ledger of a run with something kept is left alone by every start. */
static void kept_is_not_reaped_until_asked(void **state)
{
    struct fixture *f = *state;
    struct error *e = NULL;
    struct run_info info;
    size_t reaped = 0, left = 0;
    runfile_close(start(f, "01CCCCCCCCCCCCCCCCCCKEPTX3", "qemu.kept"), true);
    autofree char *name = xstrdup(ledger_name(f->ledger));
    ledger_keep(f->ledger);
    ledger_close(f->ledger);
    f->ledger = ledger_open(f->ledgers, &e);

    assert_true(ledger_reap(f->ledgers, NULL, &reaped, &left, &e));
    assert_int_equal(reaped + left, 0);
    assert_true(runfile_find(f->store, "kept", f->a, &info, &e));
    assert_string_equal(info.state, RUN_KEPT);
    assert_string_equal(info.ledger, name);
    assert_true(ledger_reap_kept(f->ledgers, "01NOSUCH", NULL, &reaped, &left, &e));
    assert_int_equal(reaped, 0);
    assert_true(ledger_reap_kept(f->ledgers, name, NULL, &reaped, &left, &e));
    assert_int_equal(reaped, 1);
    assert_int_equal(count(f), 0);
}

/* As if killed: the file of a dead process that nobody kept says nothing. */
static void dead_ones_are_not_listed(void **state)
{
    struct fixture *f = *state;
    struct error *e = NULL;
    size_t reaped = 0, left = 0;
    struct runfile *r = start(f, "01DDDDDDDDDDDDDDDDDDDEADX4", "qemu.dead");
    runfile_info(r)->pid_start = 1;
    runfile_info(r)->ledger = NULL; /* of the ledger that goes now */
    runfile_publish(r);
    assert_int_equal(count(f), 0);
    ledger_close(f->ledger);
    f->ledger = ledger_open(f->ledgers, &e);
    assert_true(ledger_reap(f->ledgers, NULL, &reaped, &left, &e));
    assert_int_equal(reaped, 1);
    runfile_close(r, true); /* frees it; there is no directory any more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_published_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_files_are_no_builds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kept_is_not_reaped_until_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_ones_are_not_listed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
