/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "host/host.h"

/* Whatever the machine, the answer comes soon, is consistent and stays. */
static void kvm_probe_is_consistent(void **state)
{
    (void)state;
    int64_t start = clock_now();
    const struct host_kvm *kvm = host_kvm();

    assert_true(clock_now() - start < 3 * NS_PER_S);
    if (kvm->usable) {
        assert_null(kvm->reason);
        assert_true(kvm->loop_ns > 0 && kvm->loop_ns <= 100 * NS_PER_MS);
    } else {
        assert_non_null(kvm->reason);
        print_message("kvm is not used: %s\n", kvm->reason);
    }
    assert_ptr_equal(host_kvm(), kvm);
}

static void memory_and_processors(void **state)
{
    (void)state;
    assert_true(host_memory_bytes() > (uint64_t)16 << 20);
    assert_true(host_memory_available_bytes() > 0);
    assert_true(host_memory_available_bytes() <= host_memory_bytes());
    assert_true(host_cpus() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kvm_probe_is_consistent),
        cmocka_unit_test(memory_and_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
