/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "cli/exit.h"
#include "schema/schema.h"

struct flags {
    bool color, force;
    int64_t parallel;
    int mode;
    const char *path;
    struct opt_strings vars, only;
    struct opt_map labels;
};

static const struct opt_choice modes[] = {{"cleanup", 1, NULL}, {"abort", 2, NULL}, {0}};

static const struct opt rows[] = {
    OPT_BOOL(struct flags, color, "color", .def = "true", .doc = "Colour."),
    OPT_BOOL(struct flags, force, "force", .short_name = 'f', .doc = "Force."),
    OPT_INT(struct flags, parallel, "parallel-builds", .min = "0", .doc = "Builds at a time."),
    OPT_ENUM(struct flags, mode, "on-error", .choices = modes, .def = "\"cleanup\"",
             .doc = "What then."),
    OPT_STR(struct flags, path, "path", .doc = "Path."),
    OPT_STRS(struct flags, vars, "var", .arg = "NAME=VALUE", .doc = "Variable."),
    OPT_STRS(struct flags, only, "only", .arg = "GLOB,...", .doc = "Builds."),
    OPT_MAP(struct flags, labels, "label", .doc = "Label."),
    OPT_BOOL(struct flags, force, "hidden"),
    OPT_END,
};

static bool parse(struct arena *a, const char *line, struct flags *out, struct opt_strings *rest,
                  struct error **err)
{
    struct opt_strings words = {.ptr = arena_new_array(a, const char *, 32)};
    str left = str_from(line);
    while (left.ptr != NULL && line[0] != '\0')
        words.ptr[words.len++] = str_dup(a, str_split(&left, ' '));
    const struct opt_table tables[] = {{rows, out}};
    return opt_parse(tables, 1, &words, a, rest, err);
}

/* Go's rules: what a line gives, as NAME=TEXT of one flag and what is left. */
static const struct {
    const char *line, *name, *want, *rest;
} good[] = {
    {"", "color", "true", ""},
    {"-color=false x", "color", "false", "x"},
    {"--color=false x", "color", "false", "x"},
    {"-force x", "force", "true", "x"},
    {"-f x", "force", "true", "x"},
    {"-force false", "force", "true", "false"},
    {"-parallel-builds=3 x", "parallel-builds", "3", "x"},
    {"-parallel-builds 3 x", "parallel-builds", "3", "x"},
    {"x -force", "force", "false", "x -force"},
    {"-- -force", "force", "false", "-force"},
    {"-path - -", "path", "\"-\"", "-"},
    {"-path= x", "path", "\"\"", "x"},
    {"-path -force", "path", "\"-force\"", ""},
    {"-on-error=abort", "on-error", "\"abort\"", ""},
    {"-var a=1,2 -var b=3", "var", "[\"a=1,2\", \"b=3\"]", ""},
    {"-only=a,b -only c", "only", "[\"a\", \"b\", \"c\"]", ""},
    {"-label a=b=c -label d=", "label", "{ \"a\" = \"b=c\", \"d\" = \"\" }", ""},
};

static void test_good_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct flags f = {0};
        struct opt_strings rest;
        struct error *err = NULL;
        if (!parse(a, good[i].line, &f, &rest, &err))
            fail_msg("%s: %s", good[i].line, err->msg);
        assert_string_equal(schema_text(a, rows, &f, good[i].name), good[i].want);
        const char *joined = "";
        for (size_t n = 0; n < rest.len; n++)
            joined = arena_fmt(a, "%s%s%s", joined, n > 0 ? " " : "", rest.ptr[n]);
        assert_string_equal(joined, good[i].rest);
    }
}

static const struct {
    const char *line, *message, *hint;
} bad[] = {
    {"-colour x", "unknown flag '-colour'", "Did you mean '-color'?"},
    {"--zzzzzzzz", "unknown flag '--zzzzzzzz'", NULL},
    {"-path", "flag '-path' needs a value", NULL},
    {"-parallel-builds=many",
     "wrong value for flag '-parallel-builds': \"many\" is not a whole number", NULL},
    {"-parallel-builds=-1", "wrong value for flag '-parallel-builds'", NULL},
    {"-color=maybe", "wrong value for flag '-color': \"maybe\" is neither true nor false", NULL},
    {"-on-error=foo", "\"foo\" is not one of \"cleanup\" or \"abort\"", NULL},
    {"-label x", "flag '-label' wants KEY=VALUE, not 'x'", NULL},
};

static void test_bad_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct flags f = {0};
        struct opt_strings rest;
        AUTO(error) struct error *err = NULL;
        assert_false(parse(a, bad[i].line, &f, &rest, &err));
        assert_int_equal(err->code, ERR_USAGE);
        if (strstr(err->msg, bad[i].message) == NULL)
            fail_msg("%s: %s", bad[i].line, err->msg);
        if (bad[i].hint != NULL)
            assert_string_equal(error_first_hint(err), bad[i].hint);
    }
}

static void test_help(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    opt_help(&sb, rows, 80);
    assert_non_null(strstr(sb.buf, "  -on-error=cleanup|abort"));
    assert_non_null(strstr(sb.buf, "  -var=NAME=VALUE"));
    assert_non_null(strstr(sb.buf, "  -force, -f"));
    assert_non_null(strstr(sb.buf, "-color=false turns it off"));
    assert_null(strstr(sb.buf, "hidden"));
}

static void check_commands(const struct command *const *table)
{
    for (; *table != NULL; table++) {
        const struct command *c = *table;
        assert_true(c->name != NULL && c->summary != NULL);
        assert_false(str_ends(str_from(c->summary), STR(".")));
        assert_true((c->run != NULL) != (c->subcommands != NULL));
        for (const struct opt *o = c->opts; o != NULL && o->kind != OPT_KIND_END; o++)
            if (o->doc != NULL)
                assert_true(str_ends(str_from(o->doc), STR(".")));
        if (c->opts != NULL) {
            AUTO(arena) struct arena *a = arena_new("test");
            schema_defaults(c->opts, a, arena_alloc(a, c->config_size));
        }
        if (c->subcommands != NULL)
            check_commands(c->subcommands);
    }
}

static void test_command_tables(void **state)
{
    (void)state;
    check_commands(commands);
}

/* Every kind of error has an exit code that the table documents. */
static void test_exit_codes(void **state)
{
    (void)state;
    for (int code = ERR_INTERNAL; code <= ERR_CANCELLED; code++) {
        struct error *err = NULL;
        error_set(&err, (enum err_code)code, 0, "x");
        int exit_code = exit_code_of(err);
        bool documented = false;
        for (const struct exit_doc *e = exit_docs; e->name != NULL; e++)
            documented |= e->code == exit_code;
        assert_true(documented && exit_code != EXIT_OK);
        error_free(err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_lines), cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_help),       cmocka_unit_test(test_command_tables),
        cmocka_unit_test(test_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
