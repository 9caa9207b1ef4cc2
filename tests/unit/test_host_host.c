/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "host/host.h"

/* A process that is killed in the middle of the probe leaves nobody with its
 * files: others wait for the locks on them. */
static void nothing_outlives_a_killed_probe(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-test-host-", &err);
    autofree char *path = io_path_join(dir, "lock");
    autoclose int own = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (flock(fd, LOCK_EX) == 0)
            host_kvm();
        pause();
    }
    int64_t until = clock_now() + 10 * NS_PER_S;
    while (flock(own, LOCK_EX | LOCK_NB) == 0 && clock_now() < until) {
        flock(own, LOCK_UN);
        cancel_sleep(NULL, NS_PER_MS);
    }
    cancel_sleep(NULL, 50 * NS_PER_MS); /* where KVM interprets the probe takes 400 ms */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    until = clock_now() + NS_PER_S;
    while (flock(own, LOCK_EX | LOCK_NB) != 0 && clock_now() < until)
        cancel_sleep(NULL, 10 * NS_PER_MS);
    assert_int_equal(flock(own, LOCK_EX | LOCK_NB), 0);
    assert_true(io_remove_tree(dir, &err));
}

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
        cmocka_unit_test(nothing_outlives_a_killed_probe),
        cmocka_unit_test(kvm_probe_is_consistent),
        cmocka_unit_test(memory_and_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
