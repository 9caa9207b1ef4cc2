/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/lib/hcl_eval.h"

/* Packer's functions (hcl2template/functions.go), sorted. */
static const char *const wanted[] = {
    "abs",
    "abspath",
    "alltrue",
    "anytrue",
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
    "base64decode",
    "base64encode",
    "base64gzip",
    "basename",
    "bcrypt",
    "can",
    "ceil",
    "chomp",
    "chunklist",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "consul_key",
    "contains",
    "convert",
    "csvdecode",
    "dirname",
    "distinct",
    "element",
    "endswith",
    "file",
    "filebase64",
    "fileexists",
    "fileset",
    "flatten",
    "floor",
    "format",
    "formatdate",
    "formatlist",
    "indent",
    "index",
    "join",
    "jsondecode",
    "jsonencode",
    "keys",
    "legacy_isotime",
    "legacy_strftime",
    "length",
    "log",
    "lookup",
    "lower",
    "max",
    "md5",
    "merge",
    "min",
    "parseint",
    "pathexpand",
    "pow",
    "range",
    "regex",
    "regex_replace",
    "regexall",
    "replace",
    "reverse",
    "rfc3339_parse",
    "rsadecrypt",
    "setintersection",
    "setproduct",
    "setunion",
    "sha1",
    "sha256",
    "sha512",
    "signum",
    "slice",
    "sort",
    "split",
    "startswith",
    "strcontains",
    "strrev",
    "substr",
    "sum",
    "templatefile",
    "textdecodebase64",
    "textencodebase64",
    "timeadd",
    "timestamp",
    "title",
    "trim",
    "trimprefix",
    "trimspace",
    "trimsuffix",
    "try",
    "unix_timestamp_parse",
    "upper",
    "urlencode",
    "uuidv4",
    "uuidv5",
    "values",
    "vault",
    "yamldecode",
    "yamlencode",
    "zipmap",
};

struct rows {
    struct arena *a;
    const struct scope *scope;
    size_t count, failed;
};

static void check_name(const struct func *f, void *arg)
{
    struct rows *r = arg;
    assert_true(r->count < ARRAY_SIZE(wanted));
    assert_string_equal(f->name, wanted[r->count++]);
}

static void every_function_is_there(void **state)
{
    (void)state;
    struct rows r = {0};
    func_each(&func_table_all, check_name, &r);
    assert_int_equal(r.count, ARRAY_SIZE(wanted));
}

static void check_example(const struct func *f, void *arg)
{
    struct rows *r = arg;
    assert_non_null(f->group);
    assert_non_null(f->doc);
    assert_int_equal(f->doc[strlen(f->doc) - 1], '.');
    assert_non_null(f->example);
    const char *got = hcl_eval_json(r->a, f->example, r->scope);
    bool ok = f->expected == NULL ? got[0] != '!' : hcl_same_json(r->a, got, f->expected);
    r->count++;
    r->failed += !ok;
    if (!ok)
        print_error("%s: want %s, got %s\n", f->example, f->expected, got);
}

static void every_example_is_true(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct rows r = {.a = a};
    func_each(&func_table_all, check_example, &r);
    struct scope *env = scope_new(a, NULL);
    env->funcs = &func_table_env;
    r.scope = env;
    func_each(&func_table_env, check_example, &r);
    assert_int_equal(r.count, ARRAY_SIZE(wanted) + 1);
    assert_int_equal(r.failed, 0);
}

static void signatures(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"substr", "substr(str, offset, length)"},      {"timestamp", "timestamp()"},
        {"join", "join(separator, lists...)"},          {"bcrypt", "bcrypt(str[, cost])"},
        {"legacy_isotime", "legacy_isotime([format])"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct func *f = func_find(&func_table_all, str_from(cases[i][0]));
        assert_string_equal(func_signature(a, f), cases[i][1]);
    }
}

/* Only defaults of variables may look at the environment. */
static void env_is_apart(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct scope *env = scope_new(a, NULL);
    env->funcs = &func_table_env;
    setenv("IMGFAC_TEST_ENV", "here", 1);
    assert_string_equal(hcl_eval_json(a, "env(\"IMGFAC_TEST_ENV\")", env), "\"here\"");
    assert_non_null(strstr(hcl_eval_json(a, "upper(\"a\")", env), "Call to unknown function"));
    assert_non_null(strstr(hcl_eval_json(a, "env(\"HOME\")", NULL), "default of a variable"));
}

/* What needs values outside the table of cases. */
static void more_cases(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"format(\"%v\", 1000000)", "\"1e+06\""},
        {"format(\"%+.2e|%G|%-8s|%08.3f\", 12345.678, 0.00001, \"x\", -3.14159)",
         "\"+1.23e+04|1E-05|x       |-003.142\""},
        {"format(\"%b %#o %X %5d|% d\", 5, 8, 255, -3, 4)", "\"101 010 FF    -3| 4\""},
        {"format(\"%.3d|%05d|%-5d|\", 7, -42, 42)", "\"007|-0042|42   |\""},
        {"format(\"%q\", 1.50)", "\"\\\"1.5\\\"\""},
        {"format(\"%#v\", [1, {a = null}])", "\"[1,{\\\"a\\\":null}]\""},
        {"cidrhost(\"fd00::/64\", 5)", "\"fd00::5\""},
        {"cidrhost(\"10.0.0.0/24\", -2)", "\"10.0.0.254\""},
        {"cidrhost(\"fe80::/120\", -1)", "\"fe80::ff\""},
        {"can(cidrhost(\"10.0.0.0/24\", 256))", "false"},
        {"cidrsubnet(\"2001:db8::/32\", 32, 4294967295)", "\"2001:db8:ffff:ffff::/64\""},
        {"cidrsubnets(\"10.0.0.0/24\", 4, 2, 1)",
         "[\"10.0.0.0/28\",\"10.0.0.64/26\",\"10.0.0.128/25\"]"},
        {"can(cidrnetmask(\"010.0.0.0/8\"))", "false"},
        {"timeadd(\"1969-12-31T23:59:59.9Z\", \"-200ms\")", "\"1969-12-31T23:59:59Z\""},
        {"timeadd(\"2023-12-31T23:30:00-02:30\", \"45m\")", "\"2024-01-01T00:15:00-02:30\""},
        {"rfc3339_parse(\"2021-01-03 10:00:00Z\").iso_week", "53"},
        {"unix_timestamp_parse(-1).rfc3339", "\"1969-12-31T23:59:59Z\""},
        {"formatdate(\"EEE, DD MMM YYYY HH:mm:ss aa ZZZZZ\", \"2024-02-29T00:05:09-08:00\")",
         "\"Thu, 29 Feb 2024 12:05:09 am -08:00\""},
        {"yamlencode({ \"a b\" = \"x\\n\\ny\\n\", c = [[], [1, [2]], {}], d = \"t \\n\" })",
         "\"\\\"a b\\\": |\\n  x\\n\\n  y\\n\\\"c\\\":\\n- []\\n- - 1\\n  - - 2\\n- {}\\n"
         "\\\"d\\\": \\\"t \\\\n\\\"\\n\""},
        {"yamlencode(\"a\\n\\n\")", "\"|+\\n  a\\n\\n\""},
        {"yamldecode(\"a: &x [1, 2]\\nb: *x\\nc: ! 'q'\")", "\"!\""},
        {"yamldecode(\"a: &x [1, 2]\\nb: *x\")", "{\"a\":[1,2],\"b\":[1,2]}"},
        {"yamldecode(\"- 017\\n- 0x1f\\n- 1_000\\n- +.5\\n- 'yes'\\n- 2001-1-2 3:4:5\\n- ~\\n- .inf.x\")",
         "[17,31,1000,0.5,\"yes\",\"2001-01-02T03:04:05Z\",null,\".inf.x\"]"},
        {"csvdecode(\"a,b\\r\\n1,\\r\\n\\r\\n\\\"x\\r\\ny\\\",2\")",
         "[{\"a\":\"1\",\"b\":\"\"},{\"a\":\"x\\ny\",\"b\":\"2\"}]"},
        {"textencodebase64(\"\u00e9\", \"UTF-16\")", "\"/v8A6Q==\""},
        {"textdecodebase64(\"//7pAA==\", \"UTF-16\")", "\"\u00e9\""},
        {"can(textencodebase64(\"a\", \"UTF-8//TRANSLIT\"))", "false"},
        {"basename(\"\")", "\".\""},
        {"dirname(\"//a//b\")", "\"/a\""},
        {"dirname(\"../../x/../y\")", "\"../..\""},
        {"fileset(\".\", \"{sub/*.md,hel?o.[!x]xt}\")", "[\"hello.txt\",\"sub/d.md\"]"},
        {"templatefile(\"single.tmpl\", {})", "[1,2,3]"},
        {"templatefile(\"esc.tmpl\", {})", "\"${esc} %{esc}\""},
        {"templatefile(\"tpl.tmpl\", { name = \"B\", items = [\"x\"], flag = false })",
         "\"Hi B!\\n- x\\nno\\n\""},
        {"strrev(\"e\\u0301x\")", "\"x\u00e9\""},
        {"substr(\"hello\", -2, 0)", "\"lo\""},
        {"split(\"\", \"a\u00e9\")", "[\"a\",\"\u00e9\"]"},
        {"trim(\"\u00e9a\u00e9\", \"\u00e9\")", "\"a\""},
        {"title(\"it's a-b c_d \u00e9t\u00e9\")", "\"It'S A-B C_d \u00c9t\u00e9\""},
        {"parseint(\"-zZ\", 62)", "-2231"},
        {"log(8, 2)", "3"},
        {"pow(2, 0.5)", "1.4142135623730951"},
        {"range(0, 1, 0.25)", "[0,0.25,0.5,0.75]"},
        {"coalesce(null, \"\", 1)", "\"1\""},
        {"merge(convert({ a = 1 }, map(number)), convert({ b = 2 }, map(number)))",
         "{\"a\":1,\"b\":2}"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *got = hcl_eval_json(a, cases[i][0], NULL);
        bool error = strcmp(cases[i][1], "\"!\"") == 0;
        if (error ? got[0] != '!' : !hcl_same_json(a, got, cases[i][1]))
            fail_msg("%s: want %s, got %s", cases[i][0], cases[i][1], got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_is_there),
        cmocka_unit_test(every_example_is_true),
        cmocka_unit_test(signatures),
        cmocka_unit_test(env_is_apart),
        cmocka_unit_test(more_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
