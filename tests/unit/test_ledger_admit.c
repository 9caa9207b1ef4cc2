/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "ledger/admit.h"

/* Others beside one called "m" that wants 1000/2. */
static const struct {
    const char *name;
    struct run_info others[3];
    struct admit_limits limits;
    const char *says; /* part of the reason; NULL: let in */
} cases[] = {
    {"alone", {{0}}, {1000, 2, false}, NULL},
    {"no limits",
     {{.id = "a", .build = "a", .state = RUN_RUNNING, .hypervisor = "h", .memory_mib = 99999}},
     {0, 0, false},
     NULL},
    {"room for both",
     {{.id = "a", .build = "a", .state = RUN_RUNNING, .hypervisor = "h", .memory_mib = 500}},
     {1500, 0, false},
     NULL},
    {"no room",
     {{.id = "a", .build = "first", .state = RUN_RUNNING, .hypervisor = "h", .memory_mib = 501}},
     {1500, 0, false},
     "memory: wants 1000 MiB, 999 of 1500 MiB are free (in use by first)"},
    {"kept ones count",
     {{.id = "a", .build = "first", .state = RUN_KEPT, .hypervisor = "h", .memory_mib = 600},
      {.id = "b", .build = "second", .state = RUN_RUNNING, .hypervisor = "h", .memory_mib = 1}},
     {1500, 0, false},
     "in use by first, second"},
    {"another hypervisor",
     {{.id = "a", .build = "a", .state = RUN_RUNNING, .hypervisor = "i", .memory_mib = 9000},
      {.id = "b", .build = "b", .state = RUN_RUNNING, .memory_mib = 9000}},
     {1500, 0, false},
     NULL},
    {"vcpus",
     {{.id = "a", .build = "a", .state = RUN_RUNNING, .hypervisor = "h", .vcpus = 3}},
     {0, 4, false},
     "virtual CPUs: wants 2, 1 of 4 are free"},
    {"an older one waits",
     {{.id = "a", .build = "older", .pid = 7, .state = RUN_WAITING, .hypervisor = "h"}},
     {0, 0, false},
     "its turn: 'older' (pid 7)"},
    {"a younger one waits",
     {{.id = "z", .build = "z", .state = RUN_WAITING, .hypervisor = "h", .memory_mib = 9000}},
     {1500, 2, false},
     NULL},
    {"more than all, softly", {{0}}, {0, 1, true}, NULL},
};

static void reasons(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    const struct run_info mine = {.id = "m",
                                  .build = "mine",
                                  .state = RUN_WAITING,
                                  .hypervisor = "h",
                                  .memory_mib = 1000,
                                  .vcpus = 2};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct run_infos all = {0};
        run_infos_push(a, &all, mine);
        for (const struct run_info *o = cases[i].others; o->id != NULL; o++)
            run_infos_push(a, &all, *o);
        const char *why = admit_reason(&all, &mine, &cases[i].limits, a);
        if ((why == NULL) != (cases[i].says == NULL) ||
            (why != NULL && strstr(why, cases[i].says) == NULL))
            fail_msg("%s: %s", cases[i].name, why != NULL ? why : "let in");
    }
}

#define BUILDS 8
#define ROOM   3

struct contest {
    char *store;
    struct ledger *ledger;
    pthread_mutex_t lock;
    int64_t used, most;
    size_t done;
};

struct contestant {
    struct contest *contest;
    char id[8];
};

static void *build(void *arg)
{
    struct contestant *me = arg;
    struct contest *t = me->contest;
    struct error *e = NULL;
    struct run_info info = {.id = me->id,
                            .build = me->id,
                            .state = RUN_RUNNING,
                            .hypervisor = "h",
                            .work_dir = "/w",
                            .memory_mib = 0};
    const struct admit_limits limits = {.memory_mib = ROOM * 100};
    struct runfile *r = runfile_open(t->store, &info, t->ledger, &e);
    runfile_info(r)->memory_mib = 100;
    if (admit_wait(t->store, r, &limits, NULL, NULL, NULL, &e)) {
        pthread_mutex_lock(&t->lock);
        t->used += 100;
        t->most = MAX(t->most, t->used);
        pthread_mutex_unlock(&t->lock);
        cancel_sleep(NULL, 20 * NS_PER_MS);
        pthread_mutex_lock(&t->lock);
        t->used -= 100;
        t->done++;
        pthread_mutex_unlock(&t->lock);
    }
    error_drop(&e);
    runfile_close(r, false);
    return NULL;
}

static void never_more_than_fits(void **state)
{
    (void)state;
    struct error *e = NULL;
    struct contest t = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct contestant all[BUILDS];
    pthread_t threads[BUILDS];
    t.store = io_make_temp_dir(io_temp_root(), "admit-", &e);
    autofree char *ledgers = io_path_join(t.store, "ledger");
    t.ledger = ledger_open(ledgers, &e);
    int64_t start = clock_now();
    for (size_t i = 0; i < BUILDS; i++) {
        all[i].contest = &t;
        snprintf(all[i].id, sizeof(all[i].id), "b%zu", i);
        threads[i] = thread_start("build", build, &all[i]);
    }
    for (size_t i = 0; i < BUILDS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(t.done, BUILDS);
    assert_in_range(t.most, 100, ROOM * 100);
    assert_true(clock_now() - start < 20 * NS_PER_S);
    ledger_close(t.ledger);
    assert_true(io_remove_tree(t.store, &e));
    free(t.store);
}

static void too_large_is_refused_and_waiting_can_be_cancelled(void **state)
{
    (void)state;
    struct error *e = NULL;
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    autofree char *store = io_make_temp_dir(io_temp_root(), "admit-", &e);
    autofree char *ledgers = io_path_join(store, "ledger");
    struct ledger *l = ledger_open(ledgers, &e);
    struct run_info info = {.id = "a",
                            .build = "a",
                            .state = RUN_RUNNING,
                            .hypervisor = "h",
                            .work_dir = "/w",
                            .memory_mib = 2048,
                            .vcpus = 4};
    struct runfile *first = runfile_open(store, &info, l, &e);
    info.id = info.build = "b";
    struct runfile *second = runfile_open(store, &info, l, &e);
    static const struct admit_limits small[] = {{2047, 0, false}, {0, 3, false}};
    static const char *const says[] = {"wants 2048 MiB of memory", "wants 4 virtual CPUs"};
    for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
        assert_false(admit_wait(store, second, &small[i], c, NULL, NULL, &e));
        assert_int_equal(e->code, ERR_HOST);
        assert_non_null(strstr(e->msg, says[i]));
        error_drop(&e);
    }
    cancel_set_deadline(c, clock_now() + 50 * NS_PER_MS);
    const struct admit_limits one = {.memory_mib = 2048};
    int64_t start = clock_now();
    assert_false(admit_wait(store, second, &one, c, NULL, NULL, &e));
    assert_int_equal(e->code, ERR_TIMEOUT);
    assert_true(clock_now() - start < 2 * NS_PER_S);
    error_drop(&e);
    runfile_close(first, false);
    runfile_close(second, false);
    ledger_close(l);
    assert_true(io_remove_tree(store, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons),
        cmocka_unit_test(never_more_than_fits),
        cmocka_unit_test(too_large_is_refused_and_waiting_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
