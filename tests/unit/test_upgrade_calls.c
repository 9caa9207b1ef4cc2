/* SPDX-License-Identifier: Apache-2.0 */
#include "upgrade/upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "hcl/diag.h"
#include "hcl/parse.h"

static struct source_file *convert(struct arena *a, const char *json, struct diags *d)
{
    diags_init(d, a);
    const struct source_file *f = source_file_new(a, "t.json", str_from(json));
    struct upgrade_legacy *legacy = upgrade_read(a, f, d);
    assert_non_null(legacy);
    assert_int_equal(d->errors, 0);
    return upgrade_write(legacy, &(struct upgrade_options){0}, d);
}

/* The text of `x = ...` in the first block that has it. */
static str option(const struct source_file *f)
{
    ptrdiff_t at = str_find(f->text, STR(" x = "));
    assert_true(at >= 0);
    str rest = str_sub(f->text, (size_t)at + 5, f->text.len);
    return str_next_line(&rest);
}

static const struct {
    const char *text, *hcl; /* text as it stands in JSON */
} sources[] = {
    {"plain", "\"plain\""},
    {"a\\n\\t\\\"b\\\"", "\"a\\n\\t\\\"b\\\"\""},
    {"${x} %{y} $$z 100%", "\"$${x} %%{y} $$z 100%\""},
    {"{{user `a`}}", "\"${var.a}\""},
    {"{{ user \\\"a\\\" }}", "\"${var.a}\""},
    {"{{user `loc`}}", "\"${local.loc}\""},
    {"{{user `not here`}}", "\"${var.not_here}\""},
    {"${{user `a`}}", "\"${\"$\"}${var.a}\""},
    {"$$${{user `a`}}", "\"${\"$$$\"}${var.a}\""},
    {"x {{- user `a` -}} y", "\"x${var.a}y\""},
    {"{{user `a` | upper | lower}}", "\"${lower(upper(var.a))}\""},
    {"{{upper (user `a`)}}", "\"${upper(var.a)}\""},
    {"{{split (user `a`) `-` 1}}", "\"${split(\"-\", var.a)[1]}\""},
    {"{{replace `a` `b` -1 `cab`}}", "\"${replace(\"cab\", \"a\", \"b\")}\""},
    {"{{replace `a` `b` 1 (user `a`)}}", "\"{{ replace `a` `b` 1 `${var.a}` }}\""},
    {"{{replace_all `a` `b` `cab`}}", "\"${replace(\"cab\", \"a\", \"b\")}\""},
    {"{{clean_resource_name (user `a`)}}", "\"{{ clean_resource_name `${var.a}` }}\""},
    {"{{user `a` | clean_resource_name}}", "\"{{ clean_resource_name `${var.a}` }}\""},
    {"{{timestamp}}", "\"${local.timestamp}\""},
    {"{{isotime}}", "\"${timestamp()}\""},
    {"{{isotime `2006`}}", "\"${legacy_isotime(\"2006\")}\""},
    {"{{strftime `%Y`}}", "\"${legacy_strftime(\"%Y\")}\""},
    {"{{uuid}}", "\"${uuidv4()}\""},
    {"{{pwd}}{{template_dir}}", "\"${path.cwd}${path.root}\""},
    {"{{packer_version}}", "\"${packer.version}\""},
    {"{{build_name}}.{{build_type}}", "\"${source.name}.${source.type}\""},
    {"{{build `ID`}}", "\"{{build `ID`}}\""}, /* a source knows no build.* */
    {"{{ .HTTPIP }}:{{user `a`}}", "\"{{ .HTTPIP }}:${var.a}\""},
    {"{{if .X}}${a}{{end}}", "\"{{if .X}}$${a}{{end}}\""},
    {"{{env `HOME`}}", "\"{{env `HOME`}}\""}, /* refused there, too */
    {"{{ unclosed", "\"{{ unclosed\""},
};

static void calls_of_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct diags d;
        const char *json = arena_fmt(a,
                                     "{\"variables\":{\"a\":\"1\",\"loc\":\"{{user `a`}}\"},"
                                     "\"builders\":[{\"type\":\"other\",\"x\":\"%s\"}]}",
                                     sources[i].text);
        str got = option(convert(a, json, &d));
        if (!str_eqz(got, sources[i].hcl))
            print_error("%s: %.*s\n", sources[i].text, STR_FMT(got));
        assert_true(str_eqz(got, sources[i].hcl));
    }
}

static const struct {
    const char *json, *hcl; /* of option x of a step */
} steps[] = {
    {"\"{{build `ID`}}\"", "\"${build.ID}\""},
    {"\"{{build `Else`}}\"", "\"{{build `Else`}}\""},
    {"null", "null"},
    {"-1.5e3", "-1.5e3"},
    {"[1, \"{{user `a`}}\", [true]]", "[1, \"${var.a}\", [true]]"},
    {"[\"a\", \"b\"]", "[\"a\", \"b\"]"},
};

static void values_of_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct diags d;
        const char *json = arena_fmt(a,
                                     "{\"builders\":[{\"type\":\"null\"}],"
                                     "\"provisioners\":[{\"type\":\"other\",\"x\":%s}]}",
                                     steps[i].json);
        str got = option(convert(a, json, &d));
        if (!str_eqz(got, steps[i].hcl))
            print_error("%s: %.*s\n", steps[i].json, STR_FMT(got));
        assert_true(str_eqz(got, steps[i].hcl));
    }
}

static void call_without_equal(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    convert(a, "{\"builders\":[{\"type\":\"other\",\"x\":\"{{if user `a`}}b{{end}}\"}]}", &d);
    assert_int_equal(d.warnings, 1);
    assert_string_equal(d.list.ptr[0]->summary, "Call that HCL does not have");
    assert_string_equal(d.list.ptr[0]->subject.file->name, "t.json");
}

/* What is wrong in the made text is shown in the JSON file. */
static void origins(void **state)
{
    (void)state;
    static const char json[] = "{\"builders\":[{\"type\":\"other\",\"x\":\"a{{user `b`}}c\"}]}";
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    struct source_file *f = convert(a, json, &d);
    ptrdiff_t at = str_find(f->text, STR("${var.b}"));
    assert_true(at > 0);
    struct range made = {f, (uint32_t)at + 2, (uint32_t)at + 7};
    str there = source_text(source_origin(made));
    assert_true(str_eqz(there, "{{user `b`}}"));
    made = (struct range){f, (uint32_t)at - 2, (uint32_t)at - 1};
    assert_true(str_eqz(source_text(source_origin(made)), "\"a{{user `b`}}c\""));
    diags_error(&d, made, "Wrong", "%s", "");
    assert_string_equal(d.list.ptr[0]->subject.file->name, "t.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_sources),
        cmocka_unit_test(values_of_steps),
        cmocka_unit_test(call_without_equal),
        cmocka_unit_test(origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
