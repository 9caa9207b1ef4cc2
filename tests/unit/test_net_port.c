/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "net/port.h"

static void two_holders_never_share(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(port_hold) struct port_hold *a = port_hold_new("127.0.0.1", 28710, 28712, &err);
    AUTO(port_hold) struct port_hold *b = port_hold_new("127.0.0.1", 28710, 28712, &err);

    assert_non_null(a);
    assert_non_null(b);
    assert_int_not_equal(port_hold_number(a), port_hold_number(b));
    assert_in_range(port_hold_number(a), 28710, 28711);
    assert_null(port_hold_new("127.0.0.1", 28710, 28712, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    error_drop(&err);

    int freed = port_hold_number(a);
    port_hold_free(a);
    a = port_hold_new("127.0.0.1", 28710, 28712, &err);
    assert_int_equal(port_hold_number(a), freed);
}

static void equal_limits_mean_that_port(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(port_hold) struct port_hold *h = port_hold_new("127.0.0.1", 28720, 28720, &err);
    assert_int_equal(port_hold_number(h), 28720);
}

static void a_listener_is_respected(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autoclose int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(28730)};

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_null(port_hold_new("127.0.0.1", 28730, 28730, &err));
    assert_int_equal(err->code, ERR_NETWORK);
    assert_non_null(err->hint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_holders_never_share),
        cmocka_unit_test(equal_limits_mean_that_port),
        cmocka_unit_test(a_listener_is_respected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
