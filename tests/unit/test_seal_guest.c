/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/sealer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "plug/registry.h"

/* Driven by tests/e2e/seal.sh, which plants what must go and looks afterwards:
 * seals the disk IMGFAC_TEST_SEAL_DISK.  Without it there is nothing to do. */

static void show(struct event_sink *sink, const struct event *e)
{
    (void)sink;
    if (e->kind == EVENT_WARNING || e->kind == EVENT_OUTPUT)
        print_message("%s: %.*s\n", event_kind_name(e->kind), STR_FMT(e->text));
}

static struct opt_strings one(const char **place)
{
    return (struct opt_strings){.ptr = place, .len = *place == NULL ? 0 : 1};
}

struct fixture {
    struct arena *arena;
    struct cancel *cancel;
    struct event_sink sink;
    struct build b;
    struct seal_input input;
    struct seal_config config;
    const char *ca, *locked, *removed, *run, *deleted;
};

static void setup(struct fixture *f, const char *disk)
{
    *f = (struct fixture){
        .arena = arena_new("test"),
        .cancel = cancel_new(NULL),
        .sink = {.emit = show},
        .input = {.disk = disk,
                  .format = "qcow2",
                  .build_user = getenv("IMGFAC_TEST_SEAL_USER"),
                  .build_public_key = getenv("IMGFAC_TEST_SEAL_KEY")},
        .ca = getenv("IMGFAC_TEST_SEAL_CA"),
        .locked = getenv("IMGFAC_TEST_SEAL_LOCK"),
        .removed = getenv("IMGFAC_TEST_SEAL_REMOVE"),
        .run = getenv("IMGFAC_TEST_SEAL_RUN"),
        .deleted = getenv("IMGFAC_TEST_SEAL_DELETE"),
    };
    f->b =
        (struct build){.name = "test", .arena = f->arena, .cancel = f->cancel, .events = &f->sink};
    f->config = (struct seal_config){
        .enabled = true,
        .ca_certificates = one(&f->ca),
        .lock_accounts = one(&f->locked),
        .remove_accounts = one(&f->removed),
        .run = one(&f->run),
        .delete_paths = one(&f->deleted),
        .root_password = "locked",
        .timezone = "Europe/Berlin",
        .timeout_ns = 600 * NS_PER_S,
    };
}

static void teardown(struct fixture *f)
{
    cancel_free(f->cancel);
    arena_free(f->arena);
}

static void fail_with(const struct error *e)
{
    autofree char *line = error_line(e);
    fail_msg("%s", line);
}

static void seals(void **state)
{
    (void)state;
    const char *why;
    const char *disk = getenv("IMGFAC_TEST_SEAL_DISK");
    if (disk == NULL)
        skip();
    struct fixture f;
    struct seal_result result = {0};
    AUTO(error) struct error *e = NULL;
    assert_true(log_init(&why));
    setup(&f, disk);
    int64_t start = clock_now();
    if (!registry_sealer()->run(&f.config, &f.input, &f.b, &result, &e))
        fail_with(e);
    print_message("sealed in %d ms: %s, %s, %s %s, %s, %ld packages, %zu operations\n",
                  (int)((clock_now() - start) / NS_PER_MS), result.os_product, result.os_distro,
                  result.os_type, result.os_version, result.arch, (long)result.package_count,
                  result.operations.len);
    assert_true(result.operations.len > 15);
    teardown(&f);
}

static void *trigger_later(void *arg)
{
    struct cancel *c = arg;
    const char *text = getenv("IMGFAC_TEST_SEAL_CANCEL_MS");
    int64_t ms = 0;
    str_to_i64(str_from(text), &ms);
    cancel_sleep(NULL, ms * NS_PER_MS);
    cancel_trigger(c, CANCEL_USER);
    return NULL;
}

/* Ctrl-C in the middle: back within ten seconds, with the code of it. */
static void is_cancelled(void **state)
{
    (void)state;
    const char *disk = getenv("IMGFAC_TEST_SEAL_CANCEL_DISK");
    int64_t ms;
    if (disk == NULL || !str_to_i64(str_from(getenv("IMGFAC_TEST_SEAL_CANCEL_MS")), &ms))
        skip();
    struct fixture f;
    struct seal_result result = {0};
    AUTO(error) struct error *e = NULL;
    setup(&f, disk);
    int64_t start = clock_now();
    pthread_t t = thread_start("trigger", trigger_later, f.cancel);
    assert_false(registry_sealer()->run(&f.config, &f.input, &f.b, &result, &e));
    int64_t late = (clock_now() - start) / NS_PER_MS - ms;
    pthread_join(t, NULL);
    autofree char *line = error_line(e);
    print_message("cancelled %d ms after the signal: %s\n", (int)late, line);
    assert_true(error_is(e, ERR_CANCELLED));
    assert_true(late < 10000);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seals), cmocka_unit_test(is_cancelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
