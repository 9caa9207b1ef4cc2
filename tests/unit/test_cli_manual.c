/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "../lib/hcl_eval.h"
#include "hcl/fmt.h"
#include "hcl/parse.h"
#include "hcl/source.h"

/* What the manual says is what the program does, and laid out as fmt would. */
static void every_example_of_the_language(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct language_topic *t = language_topics; t->heading != NULL; t++, count++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct diags d;
        const struct body *body;
        diags_init(&d, a);
        if (t->expected != NULL) {
            const char *got = hcl_eval_json(a, t->example, NULL);
            if (!hcl_same_json(a, got, t->expected))
                print_error("%s: want %s, got %s\n", t->example, t->expected, got);
            assert_true(hcl_same_json(a, got, t->expected));
            continue;
        }
        AUTO(strbuf) struct strbuf formatted = STRBUF_INIT;
        struct source_file *f = source_file_new(a, t->heading, str_from(t->example));
        assert_true(hcl_parse_file(a, f, &d, &body));
        hcl_format(f->text, &formatted);
        assert_string_equal(formatted.buf, t->example);
    }
    assert_true(count > 15);
}

static void pages_of_all_commands(void **state)
{
    (void)state;
    for (const struct command *const *c = commands; *c != NULL; c++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        manual_command(&out, a, *c, (*c)->name);
        assert_true(str_find(strbuf_str(&out), STR(".Sh OPTIONS\n")) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_of_the_language),
        cmocka_unit_test(pages_of_all_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
