/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "qemu/reap.h"

/* A process that carries UUID in its arguments, as QEMU does. */
static pid_t spawn_carrier(const char *uuid, bool deaf)
{
    const char *script =
        deaf ? "trap '' TERM; echo; while :; do sleep 1; done" : "echo; exec sleep 60 # x";
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], 1);
        execl("/bin/sh", "sh", "-c", script, "sh", "-uuid", uuid, (char *)NULL);
        _exit(127);
    }
    char byte;
    assert_int_equal(read(fds[0], &byte, 1), 1); /* the trap is set */
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void kills_by_uuid_even_the_deaf(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    char uuid[UUID_SIZE], other[UUID_SIZE];
    size_t count = 99;
    int status;

    hash_uuid4(uuid);
    hash_uuid4(other);
    pid_t bystander = spawn_carrier(other, true);
    pid_t deaf = spawn_carrier(uuid, true);
    assert_true(reap_kill_by_uuid(uuid, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(waitpid(deaf, &status, 0), deaf);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(waitpid(bystander, &status, WNOHANG), 0);
    assert_true(reap_kill_by_uuid(uuid, &count, &err));
    assert_int_equal(count, 0);
    kill(bystander, SIGKILL);
    waitpid(bystander, &status, 0);
}

static void reaps_root_and_process_twice(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *root = io_make_temp_dir(io_temp_root(), "imgfac-test-reap-", &err);
    autofree char *inside = io_path_join(root, "etc");
    char uuid[UUID_SIZE];

    hash_uuid4(uuid);
    assert_true(io_mkdir_p(inside, 0700, &err));
    autofree char *data = reap_domain_data("qemu:///embed?root=/x", root, "n\"ame", uuid);
    pid_t pid = spawn_carrier(uuid, true);
    assert_true(reaper_domain.reap(data, &err));
    assert_false(io_exists(root));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(reaper_domain.reap(data, &err));
}

/* libvirt's QEMU that is asked what it can, and swtpm, have no UUID. */
static pid_t spawn_below(const char *dir, const char *program, const char *argument)
{
    autofree char *path = io_path_join(dir, program);
    int fds[2];
    char byte;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], 1);
        if (symlink("/bin/sh", path) == 0)
            execl(path, path, "-c", "echo; read x <\"$1/fifo\"", "sh", dir, argument, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(read(fds[0], &byte, 1), 1);
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void reaps_what_libvirt_started(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *root = io_make_temp_dir(io_temp_root(), "imgfac-test-reap-", &err);
    autofree char *away = io_make_temp_dir(io_temp_root(), "imgfac-test-reap-", &err);
    autofree char *fifo = io_path_join(away, "fifo");
    autofree char *inside = xasprintf("unix:%s/lib/qmp,server=on", root);
    autofree char *outside = xasprintf("unix:%s-other/qmp", root);
    const struct {
        const char *program, *argument;
        bool dies;
    } cases[] = {{"qemu-system-mips", inside, true},
                 {"swtpm", inside, true},
                 {"swtpm_setup", outside, false},
                 {"less", inside, false}};
    pid_t pids[ARRAY_SIZE(cases)];
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        pids[i] = spawn_below(away, cases[i].program, cases[i].argument);
    assert_true(reaper_libvirt_root.reap(root, &err));
    assert_false(io_exists(root));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        pid_t ended = waitpid(pids[i], NULL, WNOHANG);
        assert_int_equal(ended, cases[i].dies ? pids[i] : 0);
        if (cases[i].dies)
            continue;
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    assert_true(reaper_libvirt_root.reap(root, &err));
    assert_true(io_remove_tree(away, &err));
    assert_false(reaper_libvirt_root.reap("relative", &err));
}

static void refuses_damaged_entries(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{}", "[", "{\"uuid\":\"x\"}"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(error) struct error *err = NULL;
        assert_false(reaper_domain.reap(bad[i], &err));
        assert_int_equal(err->code, ERR_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kills_by_uuid_even_the_deaf),
        cmocka_unit_test(reaps_root_and_process_twice),
        cmocka_unit_test(reaps_what_libvirt_started),
        cmocka_unit_test(refuses_damaged_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
