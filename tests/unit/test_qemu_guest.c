/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libvirt/libvirt.h>
#include <linux/input-event-codes.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/conn.h"
#include "qemu/guest.h"

/* libvirt's own test driver: no QEMU, real calls and events. */
#define URI  "test:///default"
#define UUID "6b5b1a2e-59f4-4f0c-9f3d-3f6a3a1f7a10"

static const char xml[] =
    "<domain type='test'><name>imgfac-test</name><uuid>" UUID
    "</uuid><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>";

static bool wait_triggered(struct cancel *c)
{
    int64_t until = clock_now() + 5 * NS_PER_S;
    while (!cancel_test(c) && clock_now() < until)
        cancel_sleep(NULL, 5 * NS_PER_MS);
    return cancel_reason(c) == CANCEL_CRASH;
}

static struct guest *start(struct conn **c, struct cancel *token)
{
    AUTO(error) struct error *err = NULL;
    *c = conn_open(URI, "/nonexistent", NULL, &err);
    assert_non_null(*c);
    assert_null(conn_root(*c));
    assert_string_equal(conn_uri(*c), URI);
    struct guest *g = guest_start(*c, UUID, xml, token, &err);
    assert_non_null(g);
    assert_int_equal(guest_state(g), GUEST_RUNNING);
    return g;
}

static void destroy_behind_our_back(struct conn *c)
{
    virDomainPtr d = virDomainLookupByName(conn_handle(c), "imgfac-test");
    assert_non_null(d);
    assert_int_equal(virDomainDestroy(d), 0);
    virDomainFree(d);
}

static void death_unasked_triggers_the_token(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = NULL;
    struct guest *g = start(&c, token);

    destroy_behind_our_back(c);
    assert_true(wait_triggered(token));
    assert_int_equal(guest_state(g), GUEST_OFF);
    assert_true(guest_destroy(g, &err));
    guest_free(g);
}

static void shutdown_in_order_triggers_nothing(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = NULL;
    struct guest *g = start(&c, token);

    guest_expect_off(g);
    destroy_behind_our_back(c);
    assert_true(guest_wait_off(g, 5 * NS_PER_S, NULL, &err));
    assert_int_equal(cancel_reason(token), CANCEL_NONE);
    guest_free(g);
}

static void waiting_has_a_limit_and_can_be_cancelled(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(cancel) struct cancel *user = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = NULL;
    struct guest *g = start(&c, token);
    int64_t begin = clock_now();

    assert_false(guest_wait_off(g, 50 * NS_PER_MS, NULL, &err));
    assert_int_equal(err->code, ERR_TIMEOUT);
    error_drop(&err);
    cancel_trigger(user, CANCEL_USER);
    assert_false(guest_wait_off(g, 60 * NS_PER_S, user, &err));
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_true(clock_now() - begin < 2 * NS_PER_S);
    guest_free(g);
}

static void loss_seen_on_the_console(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = NULL;
    struct guest *g = start(&c, token);

    guest_fail(g);
    assert_int_equal(cancel_reason(token), CANCEL_CRASH);
    assert_int_equal(guest_state(g), GUEST_FAILED);
    assert_false(guest_wait_off(g, NS_PER_S, NULL, &err));
    assert_int_equal(err->code, ERR_GUEST);
    guest_free(g);
}

static void freeing_destroys(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(conn) struct conn *c = NULL;

    guest_free(start(&c, token));
    AUTO(conn) struct conn *again = NULL;
    struct guest *g = start(&again, token); /* the name is free again */
    guest_free(g);
    guest_free(NULL);
    assert_int_equal(cancel_reason(token), CANCEL_NONE);
}

static void screenshot_is_a_picture(void **state)
{
    (void)state;
    AUTO(cancel) struct cancel *token = cancel_new(NULL);
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = NULL;
    AUTO(strbuf) struct strbuf data = STRBUF_INIT;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-test-guest-", &err);
    autofree char *path = io_path_join(dir, "screen.png");
    struct guest *g = start(&c, token);

    assert_true(guest_screenshot(g, path, &err));
    assert_true(io_read_file(path, 1 << 22, &data, &err));
    assert_true(str_starts(strbuf_str(&data), STR("\x89PNG")));
    guest_free(g);
    assert_true(io_remove_tree(dir, &err));
}

static void keys_are_pressed(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = NULL;
    struct guest *g = start(&c, NULL);
    unsigned keys[] = {KEY_LEFTCTRL, KEY_C}, none[] = {0x10000};

    assert_true(guest_send_keys(g, keys, 2, 20, &err));
    assert_false(guest_send_keys(g, none, 1, 20, &err));
    assert_int_equal(err->code, ERR_LIBVIRT);
    guest_free(g);
}

static void errors_name_libvirt(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(conn) struct conn *c = conn_open(URI, NULL, NULL, &err);

    assert_null(guest_start(c, UUID, "<domain type='test'/>", NULL, &err));
    assert_int_equal(err->code, ERR_LIBVIRT);
    assert_non_null(strstr(err->msg, "libvirt: "));
    error_drop(&err);
    assert_null(conn_open("nonsense:///x", NULL, NULL, &err));
    assert_int_equal(err->code, ERR_LIBVIRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(death_unasked_triggers_the_token),
        cmocka_unit_test(shutdown_in_order_triggers_nothing),
        cmocka_unit_test(waiting_has_a_limit_and_can_be_cancelled),
        cmocka_unit_test(loss_seen_on_the_console),
        cmocka_unit_test(freeing_destroys),
        cmocka_unit_test(screenshot_is_a_picture),
        cmocka_unit_test(keys_are_pressed),
        cmocka_unit_test(errors_name_libvirt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
