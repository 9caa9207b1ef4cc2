/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qemu/net.h"

static const char table[] =
    "IP address       HW type     Flags       HW address            Mask     Device\n"
    "10.0.0.5         0x1         0x0         52:54:00:00:00:05     *        br0\n"
    "10.0.0.6         0x1         0x2         52:54:00:00:00:05     *        br1\n"
    "10.0.0.7         0x1         0x2         52:54:00:00:00:07     *        br0\n"
    "10.0.0.8         0x1         0x6         52:54:00:AB:00:08     *        br0\n";

static const struct {
    const char *bridge, *mac, *address; /* NULL: not there */
} rows[] = {
    {"br0", "52:54:00:00:00:07", "10.0.0.7"}, {"br0", "52:54:00:ab:00:08", "10.0.0.8"},
    {"br1", "52:54:00:00:00:05", "10.0.0.6"}, {"br0", "52:54:00:00:00:05", NULL}, /* incomplete */
    {"br2", "52:54:00:00:00:07", NULL},       {"br0", "52:54:00:00:00:09", NULL},
};

static void finds_the_neighbour(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *found = net_find_neighbour(table, rows[i].bridge, rows[i].mac, a);
        if (rows[i].address == NULL)
            assert_null(found);
        else
            assert_string_equal(found, rows[i].address);
    }
    assert_null(net_find_neighbour("", "br0", "52:54:00:00:00:07", a));
}

static void knows_the_addresses_of_interfaces(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    assert_string_equal(net_interface_address("lo", a, &err), "127.0.0.1");
    assert_null(net_interface_address("no-such-if", a, &err));
    assert_int_equal(err->code, ERR_HOST);
    const char *mac = net_make_mac(a);
    assert_int_equal(strlen(mac), 17);
    assert_true(strncmp(mac, "52:54:00:", 9) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_neighbour),
        cmocka_unit_test(knows_the_addresses_of_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
