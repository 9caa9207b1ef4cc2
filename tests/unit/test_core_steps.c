/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "core/steps.h"

/* A build whose steps only write down that they ran. */
struct fixture {
    struct event_sink sink;
    struct build b;
    struct step_list steps;
    struct strbuf trace;
    struct cancel *app;
    int asked;
    bool left;
};

struct note {
    struct fixture *f;
    int fail_times;
    bool cancels;
};

static void ignore(struct event_sink *sink, const struct event *e)
{
    (void)sink;
    (void)e;
}

static bool note_run(struct step *s, struct build *b, struct error **err)
{
    struct note *n = s->state;
    strbuf_addf(&n->f->trace, "+%s ", s->name);
    if (n->cancels) {
        cancel_trigger(n->f->app, CANCEL_USER);
        return cancel_error(b->cancel, err, s->name);
    }
    if (n->fail_times == 0)
        return true;
    n->fail_times--;
    return error_set(err, ERR_PROVISION, 0, "%s failed", s->name);
}

static void note_cleanup(struct step *s, struct build *b, bool ok)
{
    struct note *n = s->state;
    assert_false(cancel_test(b->cancel)); /* a fresh token, even after Ctrl-C */
    strbuf_addf(&n->f->trace, "-%s%s ", s->name, ok ? "" : "!");
}

static struct note *add(struct fixture *f, const char *name)
{
    struct note *n = arena_new_object(f->b.arena, struct note);
    n->f = f;
    struct step s = {.name = name, .state = n, .run = note_run, .cleanup = note_cleanup};
    step_list_push(f->b.arena, &f->steps, s);
    return n;
}

static void begin(struct fixture *f)
{
    *f = (struct fixture){.sink = {.emit = ignore}, .trace = STRBUF_INIT};
    f->app = cancel_new(NULL);
    f->b = (struct build){.name = "test", .arena = arena_new("test"), .events = &f->sink};
    f->b.cancel = cancel_new(f->app);
    f->b.guest = cancel_new(f->b.cancel);
}

static void end(struct fixture *f)
{
    cancel_free(f->b.guest);
    cancel_free(f->b.cancel);
    cancel_free(f->app);
    arena_free(f->b.arena);
    strbuf_clear(&f->trace);
}

static char answer_retry(void *arg, struct build *b, const char *step)
{
    struct fixture *f = arg;
    (void)b;
    (void)step;
    return ++f->asked == 1 ? 'r' : 'c';
}

static void test_all_steps_and_their_cleanups_in_reverse(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "b");
    struct error *e = NULL;
    assert_true(steps_run(&f.steps, &f.b, &(struct steps_policy){0}, &f.left, &e));
    assert_string_equal(f.trace.buf, "+a +b -b -a ");
    end(&f);
}

static void test_failure_stops_and_cleans_what_was_started(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "b")->fail_times = 1;
    add(&f, "c");
    struct error *e = NULL;
    assert_false(steps_run(&f.steps, &f.b, &(struct steps_policy){0}, &f.left, &e));
    assert_string_equal(f.trace.buf, "+a +b -b! -a! ");
    assert_false(f.left);
    assert_string_equal(e->msg, "b failed");
    error_free(e);
    end(&f);
}

static void note_pause(void *arg, struct build *b, const char *step)
{
    struct fixture *f = arg;
    (void)b;
    strbuf_addf(&f->trace, "(%s) ", step);
}

static void test_debug_pauses_after_what_went_well(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "b")->fail_times = 1;
    struct error *e = NULL;
    struct steps_policy policy = {.pause = note_pause, .arg = &f};
    assert_false(steps_run(&f.steps, &f.b, &policy, &f.left, &e));
    assert_string_equal(f.trace.buf, "+a (a) +b -b! -a! ");
    error_free(e);
    end(&f);
}

static void test_abort_leaves_everything(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "b")->fail_times = 1;
    struct error *e = NULL;
    struct steps_policy policy = {.on_error = ON_ERROR_ABORT};
    assert_false(steps_run(&f.steps, &f.b, &policy, &f.left, &e));
    assert_string_equal(f.trace.buf, "+a +b ");
    assert_true(f.left);
    error_free(e);
    end(&f);
}

static void run_with_error_cleanup(enum on_error on_error, const char *expected)
{
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "undo");
    f.steps.ptr[1].is_error_cleanup = true;
    add(&f, "b")->fail_times = 1;
    struct error *e = NULL;
    struct steps_policy policy = {.on_error = on_error};
    assert_false(steps_run(&f.steps, &f.b, &policy, &f.left, &e));
    assert_string_equal(f.trace.buf, expected);
    error_free(e);
    end(&f);
}

static void test_error_cleanup_provisioner_runs_where_the_policy_says(void **state)
{
    (void)state;
    run_with_error_cleanup(ON_ERROR_CLEANUP, "+a +undo +b -b! -undo! -a! ");
    run_with_error_cleanup(ON_ERROR_ABORT, "+a +undo +b ");
    run_with_error_cleanup(ON_ERROR_RUN_CLEANUP_PROVISIONER, "+a +undo +b -undo! ");
}

static void test_retry_runs_the_failed_step_again(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "b")->fail_times = 1;
    struct error *e = NULL;
    struct steps_policy policy = {.on_error = ON_ERROR_ASK, .ask = answer_retry, .arg = &f};
    assert_true(steps_run(&f.steps, &f.b, &policy, &f.left, &e));
    assert_string_equal(f.trace.buf, "+a +b +b -b -a ");
    assert_int_equal(f.asked, 1);
    end(&f);
}

static void test_ctrl_c_cleans_up_whatever_the_policy(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    add(&f, "a");
    add(&f, "b")->cancels = true;
    add(&f, "c");
    struct error *e = NULL;
    struct steps_policy policy = {.on_error = ON_ERROR_ABORT};
    assert_false(steps_run(&f.steps, &f.b, &policy, &f.left, &e));
    assert_string_equal(f.trace.buf, "+a +b -b! -a! ");
    assert_true(error_is(e, ERR_CANCELLED));
    error_free(e);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_steps_and_their_cleanups_in_reverse),
        cmocka_unit_test(test_failure_stops_and_cleans_what_was_started),
        cmocka_unit_test(test_abort_leaves_everything),
        cmocka_unit_test(test_debug_pauses_after_what_went_well),
        cmocka_unit_test(test_error_cleanup_provisioner_runs_where_the_policy_says),
        cmocka_unit_test(test_retry_runs_the_failed_step_again),
        cmocka_unit_test(test_ctrl_c_cleans_up_whatever_the_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
