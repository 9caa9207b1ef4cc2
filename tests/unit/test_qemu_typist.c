/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "qemu/conn.h"
#include "qemu/guest.h"
#include "qemu/typist.h"

/* libvirt's own test driver takes keys; its memory never changes. */
#define UUID "6b5b1a2e-59f4-4f0c-9f3d-3f6a3a1f7a11"

static const char xml[] =
    "<domain type='test'><name>imgfac-typist</name><uuid>" UUID
    "</uuid><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>";

static struct conn *conn;
static struct guest *guest;

static int start(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    conn = conn_open("test:///default", "/nonexistent", NULL, &err);
    guest = conn != NULL ? guest_start(conn, UUID, xml, NULL, &err) : NULL;
    return guest == NULL;
}

static int stop(void **state)
{
    (void)state;
    guest_free(guest);
    conn_close(conn);
    return 0;
}

static bool type(struct typist *t, const char *text, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("test");
    struct boot_actions actions = {0};
    struct boot_place place;
    assert_true(boot_command_parse(a, str_from(text), &actions, &place, err));
    VEC_EACH (action, &actions)
        if (!typist_act(t, action, err))
            return false;
    return true;
}

static void keeps_the_interval(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct typist t = {.guest = guest, .interval_ns = 20 * NS_PER_MS, .bios = true};
    int64_t begin = clock_now();
    assert_true(type(&t, "aB<f1><leftCtrlOn>c<leftCtrlOff><enter>", &err));
    int64_t took = clock_now() - begin;
    assert_true(took >= 5 * 20 * NS_PER_MS && took < 5 * NS_PER_S);
    assert_false(t.bios_reads); /* its memory never changes */
    assert_int_equal(t.held_count, 0);
}

static void a_hundred_milliseconds_by_default(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct typist t = {.guest = guest};
    int64_t begin = clock_now();
    assert_true(type(&t, "ab", &err));
    assert_true(clock_now() - begin >= 200 * NS_PER_MS);
}

static void holds_keys(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct typist t = {.guest = guest, .interval_ns = NS_PER_MS};
    assert_true(type(&t, "<leftAltOn><aOn>", &err));
    assert_int_equal(t.held_count, 2);
    assert_false(t.held[0].used);
    assert_true(type(&t, "<wait20ms>", &err));
    assert_true(t.held[0].used && t.held[1].used);
    assert_true(type(&t, "<leftAltOff><bOff>", &err));
    assert_int_equal(t.held_count, 1);
    assert_true(type(&t, "<aOff>", &err));
    assert_int_equal(t.held_count, 0);
    assert_false(type(&t, "<aOn><bOn><cOn><dOn><eOn><fOn><gOn><hOn><iOn>", &err));
    assert_int_equal(err->code, ERR_TEMPLATE);
}

static void stops_when_cancelled(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    struct typist t = {.guest = guest, .cancel = token};
    cancel_trigger(token, CANCEL_USER);
    assert_false(type(&t, "a", &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    error_drop(&err);
    assert_false(type(&t, "<wait60>", &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    error_drop(&err);
    assert_false(type(&t, "<waitFor 'x'>", &err));
    assert_int_equal(err->code, ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_interval),
        cmocka_unit_test(a_hundred_milliseconds_by_default),
        cmocka_unit_test(holds_keys),
        cmocka_unit_test(stops_when_cancelled),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
