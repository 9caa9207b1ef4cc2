/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <signal.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

static void zeroed_and_aligned(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    static const size_t sizes[] = {0, 1, 7, 16, 17, 4000, 5000, 100000, 3000000, 8};
    static const char zeros[64];
    void *previous = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        char *p = arena_alloc(a, sizes[i]);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        assert_ptr_not_equal(p, previous);
        assert_memory_equal(p, zeros, MIN(sizes[i], sizeof(zeros)));
        memset(p, 0xaa, sizes[i]);
        previous = p;
    }
    for (int i = 0; i < 100000; i++) {
        int *p = arena_new_object(a, int);
        assert_int_equal(*p, 0);
        *p = i;
    }
}

static void copies(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    assert_string_equal(arena_strdup(a, "abc"), "abc");
    assert_string_equal(arena_strndup(a, "abc", 2), "ab");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    assert_string_equal(arena_fmt(a, "%s=%05d", "n", 42), "n=00042");
    assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
    assert_non_null(arena_memdup(a, NULL, 0));
}

static void counts_use(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    assert_int_equal(arena_used(a), 0);
    arena_alloc(a, 100);
    assert_in_range(arena_used(a), 100, 116);
}

struct journal {
    char text[16];
    size_t len;
};
struct note {
    struct journal *journal;
    char letter;
};

static void write_note(void *arg)
{
    struct note *n = arg;
    n->journal->text[n->journal->len++] = n->letter;
}

static void note_on_free(struct arena *a, struct journal *journal, char letter)
{
    struct note *n = arena_new_object(a, struct note);
    *n = (struct note){journal, letter};
    arena_on_free(a, write_note, n);
}

static void frees_children_first_then_backwards(void **state)
{
    (void)state;
    struct journal journal = {.len = 0};
    struct arena *parent = arena_new("parent");
    note_on_free(parent, &journal, 'a');
    note_on_free(parent, &journal, 'b');
    struct arena *x = arena_new_child(parent, "x");
    struct arena *y = arena_new_child(parent, "y");
    struct arena *z = arena_new_child(y, "z");
    note_on_free(x, &journal, 'x');
    note_on_free(y, &journal, 'y');
    note_on_free(z, &journal, 'z');
    arena_free(x);
    assert_string_equal(journal.text, "x");
    arena_free(parent);
    assert_string_equal(journal.text, "xzyba");
    arena_free(NULL);
}

static void children_leave_in_any_order(void **state)
{
    (void)state;
    struct journal journal = {.len = 0};
    struct arena *parent = arena_new("parent");
    struct arena *children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = arena_new_child(parent, "child");
        note_on_free(children[i], &journal, (char)('0' + i));
    }
    arena_free(children[1]);
    arena_free(children[2]);
    arena_free(children[0]);
    note_on_free(parent, &journal, 'p');
    arena_free(parent);
    assert_string_equal(journal.text, "120p");
}

static void past_the_limit(size_t size)
{
    struct arena *a = arena_new("small");
    arena_set_limit(a, 1024);
    arena_alloc(a, 512);
    arena_alloc_array(a, size, 1);
    arena_free(a);
}

/* The limit is a guard of last resort: the process ends. */
static void limit_aborts(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        bool aborts;
    } cases[] = {{512, false}, {513, true}, {SIZE_MAX, true}, {SIZE_MAX - 20, true}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGABRT, SIG_DFL);
            fclose(stderr);
            past_the_limit(cases[i].size);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, cases[i].aborts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),
        cmocka_unit_test(copies),
        cmocka_unit_test(counts_use),
        cmocka_unit_test(frees_children_first_then_backwards),
        cmocka_unit_test(children_leave_in_any_order),
        cmocka_unit_test(limit_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
