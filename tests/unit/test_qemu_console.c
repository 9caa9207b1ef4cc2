/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/thread.h"
#include "qemu/console.h"

static const struct {
    const char *text, *cause;
    bool fatal;
} cases[] = {
    {"[    1.2] Linux version 6.1\n[    2.0] Kernel panic - not syncing: Attempted to kill init!\n",
     "the guest's kernel panicked", true},
    {"[ 3.1] VFS: Unable to mount root fs on unknown-block(0,0)\n"
     "[ 3.2] Kernel panic - not syncing: VFS: Unable to mount root fs\n",
     "the guest's kernel cannot mount its root file system", true},
    {"SeaBIOS (version 1.16)\nBooting from Hard Disk...\nNo bootable device.\n",
     "the firmware found nothing to boot", true},
    {"BdsDxe: No bootable option or device was found.\n", "the UEFI firmware found nothing to boot",
     true},
    {"UEFI Interactive Shell v2.2\nShell> ",
     "the guest is in the firmware's shell: nothing else would boot", true},
    {"ALERT!  UUID=1 does not exist.  Dropping to a shell!\n(initramfs) ",
     "the initramfs does not find the root file system", true},
    {"debian login: \n[ 99] Out of memory: Killed process 12 (apt)\n",
     "the guest ran out of memory", false},
    {"No DHCPOFFERS received.\n", "the guest got no address by DHCP", false},
    {"Downloading a file failed:\n  1: Retry [*],\nPrompt: '?' for help, default=1> ",
     "Debian's installer asks a question", false},
    /* A program of a running system may print such words. */
    {"debian login: root\n(initramfs)\nALERT! disk nearly full\n", NULL, false},
    {"all is well\n", NULL, false},
    {"", NULL, false},
};

static void finds_the_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct console_finding f;
        bool found = console_find_cause(str_from(cases[i].text), a, &f);

        assert_int_equal(found, cases[i].cause != NULL);
        if (!found)
            continue;
        assert_string_equal(f.cause, cases[i].cause);
        assert_int_equal(f.fatal, cases[i].fatal);
    }
}

static void shows_lines_printable(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct console_finding f;

    assert_true(console_find_cause(
        STR("\x1b[1;31m[ 1.0] Kernel panic - not syncing\x1b[0m: \x07 now\r\n"), a, &f));
    assert_string_equal(f.line, "[ 1.0] Kernel panic - not syncing:  now");
}

static void on_fatal(void *arg)
{
    __atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

static bool wait_for(int *value, int wanted)
{
    int64_t until = clock_now() + 5 * NS_PER_S;
    while (__atomic_load_n(value, __ATOMIC_SEQ_CST) != wanted && clock_now() < until)
        cancel_sleep(NULL, 5 * NS_PER_MS);
    return *value == wanted;
}

static void append(const char *path, const char *text)
{
    autofclose FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs(text, f);
}

static void watcher_calls_once(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "imgfac-test-console-", &err);
    autofree char *path = io_path_join(dir, "console.log");
    int calls = 0;

    append(path, "SeaBIOS (version 1.16)\r\n");
    struct console_watch *w = console_watch_start(path, on_fatal, &calls);
    append(path, "[ 1.0] Kernel pa");
    append(path, "nic - not syncing: bad\r\n");
    assert_true(wait_for(&calls, 1));
    append(path, "[ 1.1] Kernel panic - not syncing: bad\n");
    console_watch_stop(w);
    assert_int_equal(calls, 1);
    assert_true(io_remove_tree(dir, &err));
}

static void watcher_stops_when_nothing_comes(void **state)
{
    (void)state;
    int calls = 0;
    struct console_watch *w = console_watch_start("/nonexistent/console", on_fatal, &calls);

    console_watch_stop(w);
    console_watch_stop(NULL);
    assert_int_equal(calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_cause),
        cmocka_unit_test(shows_lines_printable),
        cmocka_unit_test(watcher_calls_once),
        cmocka_unit_test(watcher_stops_when_nothing_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
