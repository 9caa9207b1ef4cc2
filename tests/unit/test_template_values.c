/* SPDX-License-Identifier: Apache-2.0 */
#include "template/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/redact.h"
#include "hcl/diag.h"
#include "hcl/diag_print.h"
#include "hcl/eval.h"

struct fixture {
    struct arena *a;
    char *dir;
    struct diags diags;
    struct template_options options;
    struct template *t;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    struct error *err = NULL;
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "template-", &err);
    assert_non_null(f->dir);
    diags_init(&f->diags, f->a);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct error *err = NULL;
    assert_true(io_remove_tree(f->dir, &err));
    free(f->dir);
    arena_free(f->a);
    test_free(f);
    return 0;
}

static char *write_text(struct fixture *f, const char *name, const char *text)
{
    autofree char *path = io_path_join(f->dir, name);
    struct error *err = NULL;
    assert_true(io_write_file(path, str_from(text), 0644, &err));
    return arena_strdup(f->a, path);
}

static char *all_text(struct fixture *f)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const struct diag_print how = {.width = 0};
    diags_print_text(&sb, &f->diags, &how);
    return arena_strndup(f->a, sb.buf, sb.len);
}

static bool resolve(struct fixture *f)
{
    f->t = template_load(f->a, f->dir, &f->diags);
    return f->t != NULL && diags_ok(&f->diags) && template_resolve(f->t, &f->options, &f->diags);
}

static const char *value_text(struct fixture *f, value v)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *why;
    assert_true(value_to_json(v, &sb, &why));
    return arena_strndup(f->a, sb.buf, sb.len);
}

static const char *var_text(struct fixture *f, const char *name)
{
    const struct template_variable *v = template_find_variable(f->t, str_from(name));
    assert_non_null(v);
    return value_text(f, v->val);
}

/* Each source of a value beats the ones before it. */
static void test_precedence(void **state)
{
    struct fixture *f = *state;
    const char *vars[] = {"cmd=early", "cmd=cmd"};
    const char *files[2];
    static const char *const names[] = {"def", "env", "auto", "json", "file", "cmd"};
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        strbuf_addf(&sb, "variable \"%s\" { default = \"def\" }\n", names[i]);
    write_text(f, "t.pkr.hcl", sb.buf);
    write_text(f, "a.auto.pkrvars.hcl",
               "auto = \"wrong\"\njson = \"auto\"\nfile = \"auto\"\ncmd = \"auto\"\n");
    write_text(f, "b.auto.pkrvars.hcl", "auto = \"auto\"\n");
    write_text(f, "a.auto.pkrvars.json", "{\"json\": \"json\", \"file\": \"json\"}");
    files[0] = write_text(f, "one.json", "{\"file\": \"one\", \"cmd\": \"one\"}");
    files[1] = write_text(f, "two.pkrvars.hcl", "file = \"file\"\n");
    for (size_t i = 1; i < ARRAY_SIZE(names); i++)
        setenv(arena_fmt(f->a, "PKR_VAR_%s", names[i]), "env", 1);
    f->options.vars = (struct opt_strings){vars, 2};
    f->options.var_files = (struct opt_strings){files, 2};
    bool ok = resolve(f);
    for (size_t i = 1; i < ARRAY_SIZE(names); i++)
        unsetenv(arena_fmt(f->a, "PKR_VAR_%s", names[i]));
    if (!ok)
        fail_msg("%s", all_text(f));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_string_equal(var_text(f, names[i]), arena_fmt(f->a, "\"%s\"", names[i]));
}

static const struct {
    const char *declaration, *argument, *json; /* json NULL: an error */
} conversions[] = {
    {"variable \"v\" { type = string }", "v=true", "\"true\""},
    {"variable \"v\" { type = string }", "v=[\"a\"]", "\"[\\\"a\\\"]\""},
    {"variable \"v\" { type = number }", "v=12", "12"},
    {"variable \"v\" { type = number }", "v=x", NULL},
    {"variable \"v\" { type = bool }", "v=true", "true"},
    {"variable \"v\" { type = bool }", "v=yes", NULL},
    {"variable \"v\" { }", "v=12", "\"12\""},
    {"variable \"v\" { type = list(string) }", "v=[\"a\", \"b\"]", "[\"a\",\"b\"]"},
    {"variable \"v\" { type = list(string) }", "v=upper(\"a\")", NULL},
    {"variable \"v\" { type = map(number) }", "v={a = 1}", "{\"a\":1}"},
    {"variable \"v\" { default = [\"a\"] }", "v=[\"a\", \"b\"]", "[\"a\",\"b\"]"},
    {"variable \"v\" { default = 3 }", "v=4", "4"},
    {"variable \"v\" { type = object({ a = string, b = optional(number, 7) }) }", "v={a = \"x\"}",
     "{\"a\":\"x\",\"b\":7}"},
    {"variable \"v\" { default = null }", "v=a=b", "\"a=b\""},
    {"variables {\n  v = 3\n}", "v=5", "5"},
};

static void test_conversions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(conversions); i++) {
        void *p;
        set_up(&p);
        struct fixture *f = p;
        const char *vars[] = {conversions[i].argument};
        write_text(f, "t.pkr.hcl", conversions[i].declaration);
        f->options.vars = (struct opt_strings){vars, 1};
        if (resolve(f) != (conversions[i].json != NULL))
            fail_msg("%s: %s", conversions[i].argument, all_text(f));
        if (conversions[i].json != NULL)
            assert_string_equal(var_text(f, "v"), conversions[i].json);
        tear_down(&p);
    }
}

static const struct {
    const char *text, *argument, *want; /* in the diagnostics */
} mistakes[] = {
    {"variable \"size\" { default = 1 }", "siz=2", "Did you mean \"size\"?"},
    {"variable \"v\" { default = 1 }", "v", "not of the form NAME=VALUE"},
    {"variable \"v\" {\n  default = 1\n  sensitiv = true\n}", NULL, "Did you mean \"sensitive\"?"},
    {"variable \"v\" {\n  type = number\n  validation {\n    condition = var.v > 10\n"
     "    error_message = \"Too small.\"\n  }\n}",
     "v=3", "Invalid value for cmd variable"},
    {"variable \"v\" {\n  default = 3\n  validation {\n    condition = var.v > 10\n"
     "    error_message = \"Too small.\"\n  }\n}",
     NULL, "This was checked by the validation rule at"},
    {"variable \"v\" {\n  default = 3\n  validation {\n    condition = var.v\n"
     "    error_message = \"Bad.\"\n  }\n}",
     NULL, "Invalid variable validation result"},
    {"variable \"v\" {\n  default = 3\n  validation {\n    error_message = \"Bad.\"\n  }\n}", NULL,
     "The argument \"condition\" is required"},
    {"locals {\n  a = local.bb\n  bbb = 1\n}", NULL, "Did you mean \"bbb\"?"},
    {"local \"a\" { }", NULL, "The argument \"expression\" is required"},
    {"locals {\n  a = local.b\n  b = local.c\n  c = [for x in [1] : local.a]\n}", NULL,
     "local.a -> local.b -> local.c -> local.a"},
    {"locals {\n  a = var.nope\n}", NULL, "Unsupported attribute"},
    {"packer {\n  required_plugins {\n    qemu = \"1\"\n  }\n}", NULL,
     "Invalid plugin requirement"},
    {"packer {\n  required_plugins {\n    qemu = {\n      version = \"1\"\n    }\n  }\n}", NULL,
     "No source was set"},
    {"check \"x\" { }", NULL, "Unsupported block type"},
    {"sorce \"a\" \"b\" { }", NULL, "Did you mean \"source\"?"},
    {"x = 1", NULL, "Unsupported argument"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
        void *p;
        set_up(&p);
        struct fixture *f = p;
        const char *vars[] = {mistakes[i].argument};
        write_text(f, "t.pkr.hcl", mistakes[i].text);
        f->options.vars = (struct opt_strings){vars, mistakes[i].argument != NULL};
        assert_false(resolve(f));
        if (strstr(all_text(f), mistakes[i].want) == NULL)
            fail_msg("want %s, have %s", mistakes[i].want, all_text(f));
        tear_down(&p);
    }
}

static void test_locals_in_any_order(void **state)
{
    struct fixture *f = *state;
    write_text(f, "b.pkr.hcl",
               "locals {\n  c = \"${local.b}!\"\n  b = \"${local.a}${var.v}\"\n}\n");
    write_text(f, "a.pkr.hcl",
               "variable \"v\" { default = 2 }\nlocal \"a\" {\n  expression = upper(\"x\")\n}\n"
               "locals {\n  root = path.root\n  packer = packer.version\n}\n");
    if (!resolve(f))
        fail_msg("%s", all_text(f));
    assert_string_equal(value_text(f, template_find_local(f->t, STR("c"))->val), "\"X2!\"");
    assert_string_equal(value_text(f, template_find_local(f->t, STR("root"))->val),
                        arena_fmt(f->a, "\"%s\"", f->dir));
    assert_string_equal(value_text(f, template_find_local(f->t, STR("packer"))->val),
                        "\"" TEMPLATE_PACKER_VERSION "\"");
}

static void test_undeclared_in_file(void **state)
{
    struct fixture *f = *state;
    const char *files[] = {write_text(f, "x.pkrvars.hcl", "siz = 1\n")};
    write_text(f, "t.pkr.hcl", "variable \"size\" { default = 1 }\n");
    f->options.var_files = (struct opt_strings){files, 1};
    assert_true(resolve(f));
    assert_int_equal(f->diags.warnings, 0);
    f->options.warn_undeclared = true;
    assert_true(resolve(f));
    assert_int_equal(f->diags.warnings, 1);
    assert_non_null(strstr(all_text(f), "Did you mean \"size\"?"));
}

static void test_unreadable_var_file(void **state)
{
    struct fixture *f = *state;
    const char *files[] = {"/nonexistent/x.pkrvars.hcl"};
    write_text(f, "t.pkr.hcl", "variable \"size\" { default = 1 }\n");
    f->options.var_files = (struct opt_strings){files, 1};
    assert_false(resolve(f));
    assert_non_null(strstr(all_text(f), "/nonexistent/x.pkrvars.hcl"));
}

static void test_declaration_in_var_file(void **state)
{
    struct fixture *f = *state;
    const char *files[] = {write_text(f, "x.pkrvars.hcl", "variable \"a\" {\n}\n")};
    write_text(f, "t.pkr.hcl", "");
    f->options.var_files = (struct opt_strings){files, 1};
    assert_false(resolve(f));
    assert_non_null(strstr(all_text(f), "Variable declaration in a .pkrvar file"));
}

static void test_sensitive_values_are_redacted(void **state)
{
    struct fixture *f = *state;
    const char *vars[] = {"pw=hunter2-from-cmd"};
    write_text(f, "t.pkr.hcl",
               "variable \"pw\" {\n  type = number\n  sensitive = true\n}\n"
               "variable \"list\" {\n  default = [\"deep-secret-1\"]\n  sensitive = true\n}\n");
    f->options.vars = (struct opt_strings){vars, 1};
    assert_false(resolve(f)); /* the diagnostic shows the value ... */
    autofree char *text = redact_dup(all_text(f));
    assert_null(strstr(text, "hunter2-from-cmd")); /* ... but no sink prints it */
    autofree char *deep = redact_dup("a deep-secret-1 b");
    assert_string_equal(deep, "a <sensitive> b");
    redact_reset();
}

static void test_default_may_call_env(void **state)
{
    struct fixture *f = *state;
    setenv("IMGFAC_TEST_ENV", "from-env", 1);
    write_text(f, "t.pkr.hcl", "variable \"v\" { default = env(\"IMGFAC_TEST_ENV\") }\n");
    bool ok = resolve(f);
    unsetenv("IMGFAC_TEST_ENV");
    if (!ok)
        fail_msg("%s", all_text(f));
    assert_string_equal(var_text(f, "v"), "\"from-env\"");
}

static void test_digest_is_of_contents(void **state)
{
    struct fixture *f = *state;
    char first[65];
    write_text(f, "t.pkr.hcl", "variable \"v\" { default = 1 }\n");
    assert_true(resolve(f));
    memcpy(first, f->t->sha256, sizeof(first));
    assert_int_equal(strlen(first), 64);
    assert_true(resolve(f));
    assert_string_equal(f->t->sha256, first);
    write_text(f, "t.pkr.hcl", "variable \"v\" { default = 2 }\n");
    assert_true(resolve(f));
    assert_string_not_equal(f->t->sha256, first);
}

static void test_no_template(void **state)
{
    struct fixture *f = *state;
    assert_null(template_load(f->a, f->dir, &f->diags));
    assert_null(template_load(f->a, "/nonexistent/x.pkr.hcl", &f->diags));
    write_text(f, "old.json", "{}");
    assert_null(template_load(f->a, arena_fmt(f->a, "%s/old.json", f->dir), &f->diags));
    const char *text = all_text(f);
    assert_non_null(strstr(text, "Could not find any template in"));
    assert_non_null(strstr(text, "/nonexistent/x.pkr.hcl"));
    assert_non_null(strstr(text, "No builders in the template"));
}

static const struct {
    const char *version, *constraint;
    bool valid, fits;
} versions[] = {
    {"1.16.0", ">= 1.7.0", true, true},    {"1.16.0", ">= 1.7.0, < 1.10.0", true, false},
    {"1.16.0", "~> 1.2", true, true},      {"1.16.0", "~> 1.2.0", true, false},
    {"1.16.0", "~>1.16.0", true, true},    {"1.16.0", "= 1.16", true, true},
    {"1.16.0", "1.16.0", true, true},      {"1.16.0", "!= 1.16.0", true, false},
    {"1.16.0", ">1.15", true, true},       {"1.16.0", "<= 1.16", true, true},
    {"1.16.0-dev", ">= 1.16", true, true}, {"1.16.0", "v1.16", true, true},
    {"1.16.0", "banana", false, false},    {"1.16.0", "", false, false},
    {"1.16.0", "=> 1", false, false},      {"1.16.0", ">= 1.2,", false, false},
    {"1.16.0", "~> 1", true, true},        {"2.0.0", "~> 1", true, false},
};

static void test_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        bool valid = !versions[i].valid;
        bool fits = template_version_fits(str_from(versions[i].version),
                                          str_from(versions[i].constraint), &valid);
        if (valid != versions[i].valid || fits != versions[i].fits)
            fail_msg("%s %s: valid %d, fits %d", versions[i].version, versions[i].constraint, valid,
                     fits);
    }
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_precedence),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_mistakes),
        T(test_locals_in_any_order),
        T(test_undeclared_in_file),
        T(test_unreadable_var_file),
        T(test_declaration_in_var_file),
        T(test_sensitive_values_are_redacted),
        T(test_default_may_call_env),
        T(test_digest_is_of_contents),
        T(test_no_template),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
