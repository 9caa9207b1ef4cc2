/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "hcl/json.h"
#include "schema/doc.h"

static bool describe(struct arena *a, const char *json, struct description *d, struct error **err)
{
    value v;
    const char *why;
    if (!json_to_value(a, str_from(json), &v, &why))
        fail_msg("%s: %s", json, why);
    return plugin_describe(a, v, "x", d, err);
}

#define HEAD          "{\"protocol\":1,\"name\":\"x\",\"version\":\"1.2\","
#define PROV(options) HEAD "\"provisioners\":[{\"name\":\"\",\"options\":[" options "]}]}"

static const struct {
    const char *json, *message;
} bad[] = {
    {"5", "no object"},
    {"null", "no object"},
    {"{}", "version 0 of the protocol"},
    {"{\"protocol\":2}", "version 2 of the protocol, imgfac version 1"},
    {"{\"protocol\":1,\"name\":\"y\"}", "calls itself 'y'"},
    {"{\"protocol\":1,\"name\":\"x\",\"version\":\"new\"}", "its version"},
    {"{\"protocol\":1,\"name\":\"x\",\"version\":\"1\\u001b\"}", "its version"},
    {HEAD "\"provisioners\":[]}", "offers nothing"},
    {HEAD "\"provisioners\":{}}", "\"provisioners\" is no list"},
    {HEAD "\"data_sources\":[1]}", "is no object"},
    {HEAD "\"provisioners\":[{\"name\":\"A b\"}]}", "no name"},
    {HEAD "\"provisioners\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "there twice"},
    {HEAD "\"silence_limit\":\"soon\",\"provisioners\":[{}]}", "silence_limit"},
    {HEAD "\"silence_limit\":\"1ms\",\"provisioners\":[{}]}", "silence_limit"},
    {HEAD "\"provisioners\":[{\"options\":5}]}", "are no list"},
    {PROV("1"), "is no object"},
    {PROV("{\"type\":\"string\"}"), "no name"},
    {PROV("{\"name\":\"a b\",\"type\":\"string\"}"), "no name"},
    {PROV("{\"name\":\"only\",\"type\":\"string\"}"), "every block has"},
    {PROV("{\"name\":\"a\",\"type\":\"text\"}"), "unknown type \"text\""},
    {PROV("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}"), "there twice"},
    {PROV("{\"name\":\"a\",\"type\":\"int\",\"default\":\"x\"}"), "\"default\" that does not fit"},
    {PROV("{\"name\":\"a\",\"type\":\"int\",\"default\":1.5}"), "\"default\" that does not fit"},
    {PROV("{\"name\":\"a\",\"type\":\"int\",\"default\":[1]}"), "\"default\" that does not fit"},
    {PROV("{\"name\":\"a\",\"type\":\"bool\",\"default\":\"perhaps\"}"), "\"default\""},
    {PROV("{\"name\":\"a\",\"type\":\"duration\",\"default\":\"1 day\"}"), "\"default\""},
    {PROV("{\"name\":\"a\",\"type\":\"list(string)\",\"default\":{\"a\":1}}"), "\"default\""},
    {PROV("{\"name\":\"a\",\"type\":\"int\",\"min\":\"few\"}"), "\"min\" that does not fit"},
    {PROV("{\"name\":\"a\",\"type\":\"int\",\"choices\":[\"a\"]}"), "\"choices\""},
    {PROV("{\"name\":\"a\",\"type\":\"string\",\"choices\":[]}"), "\"choices\""},
    {PROV("{\"name\":\"a\",\"type\":\"string\",\"choices\":[1]}"), "choice that is no string"},
    {PROV("{\"name\":\"a\",\"type\":\"string\",\"choices\":[\"b\"],\"default\":\"c\"}"),
     "\"default\""},
    {PROV("{\"name\":\"a\",\"type\":\"string\",\"conflicts\":\"b\"}"), "\"conflicts\""},
    {PROV("{\"name\":\"a\",\"type\":\"string\",\"needs\":[\"b c\"]}"), "\"needs\""},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct description d;
        if (describe(a, bad[i].json, &d, &err))
            fail_msg("%s: no error", bad[i].json);
        if (strstr(err->msg, bad[i].message) == NULL)
            fail_msg("%s: %s", bad[i].json, err->msg);
    }
}

/* What a default becomes when the table is used. */
static const struct {
    const char *type, *def, *text;
} defaults[] = {
    {"string", "\"plain\"", "\"plain\""},
    {"string", "\"\"", "\"\""},
    {"string", "\"null\"", "\"null\""},
    {"string", "\"${a} %{b}\"", "\"${a} %{b}\""},
    {"string", "\"q\\\" \\\\ ${a}\\n\"", "\"q\\\" \\\\ ${a}\\n\""},
    {"string", "\"<&>\"", "\"<&>\""},
    {"string", "5", "\"5\""},
    {"int", "-7", "-7"},
    {"int", "\"7\"", "7"},
    {"bool", "true", "true"},
    {"bool", "\"false\"", "false"},
    {"size", "\"10G\"", "\"10G\""},
    {"duration", "\"90s\"", "\"1m30s\""},
    {"list(string)", "[\"a\",\"${b}\"]", "[\"a\", \"${b}\"]"},
    {"list(int)", "[1,2]", "[1, 2]"},
    {"map(string)", "{\"k\":\"v\",\"%{x}\":\"\"}", "{ \"%{x}\" = \"\", \"k\" = \"v\" }"},
    {"list(list(string))", "[[\"a\"],[]]", "[[\"a\"], []]"},
    {"any", "{\"a\":[1,null]}", "{\"a\":[1,null]}"},
};

static void test_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct description d;
        const char *json = arena_fmt(a, PROV("{\"name\":\"a\",\"type\":\"%s\",\"default\":%s}"),
                                     defaults[i].type, defaults[i].def);
        if (!describe(a, json, &d, &err))
            fail_msg("%s: %s", json, err->msg);
        void *config = arena_alloc(a, d.components[0].config_size);
        schema_defaults(d.components[0].opts, a, config);
        assert_string_equal(schema_text(a, d.components[0].opts, config, "a"), defaults[i].text);
    }
}

static void test_good(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct error *err = NULL;
    struct description d;
    assert_true(describe(
        a,
        HEAD
        "\"silence_limit\":\"5s\",\"provisioners\":[{\"summary\":\"One.\\u001b\\nTwo\","
        "\"options\":[{\"name\":\"a\",\"type\":\"string\",\"required\":true,\"sensitive\":true,"
        "\"template\":true,\"doc\":\"Words.\"},{\"name\":\"n\",\"type\":\"int\",\"min\":1,"
        "\"max\":\"9\",\"conflicts\":[\"a\",\"b\"],\"instead\":\"b\"},{\"name\":\"b\",\"type\":"
        "\"string\",\"choices\":[\"u\",\"v\"]}]},{\"name\":\"two\",\"needs_communicator\":false}],"
        "\"post_processors\":[{\"name\":\"zip\"}],\"data_sources\":[{\"outputs\":[{\"name\":"
        "\"name\",\"type\":\"any\"}]}]}",
        &d, &err));
    assert_int_equal(d.count, 4);
    assert_int_equal(d.silence_ns, 5000000000);
    const struct component *c = d.components;
    assert_string_equal(c[0].type, "x");
    assert_string_equal(c[0].summary, "One.");
    assert_true(c[0].needs_comm && !c[1].needs_comm);
    assert_string_equal(c[1].type, "x-two");
    assert_string_equal(c[2].type, "x-zip");
    assert_int_equal(c[3].kind, COMPONENT_DATA_SOURCE);
    assert_string_equal(c[3].outputs[0].name, "name");
    const struct opt *o = c[0].opts;
    assert_int_equal(o[0].flags, OPT_REQUIRED | OPT_SENSITIVE);
    assert_int_equal(o[1].flags, OPT_NO_TMPL | OPT_DEPRECATED);
    assert_string_equal(o[1].min, "1");
    assert_string_equal(o[1].max, "9");
    assert_string_equal(o[1].conflicts, "a b");
    assert_int_equal(o[2].kind, OPT_KIND_ENUM);
    for (size_t i = 0; i < 3; i++)
        assert_true(o[i].offset % 8 == 0 && o[i].offset + 8 <= c[0].config_size);
    AUTO(strbuf) struct strbuf page = STRBUF_INIT;
    schema_doc(&page, &(struct doc_page){.name = "x", .title = "x", .summary = "", .rows = o},
               DOC_JSON_SCHEMA, 80);
    assert_non_null(strstr(page.buf, "\"enum\""));
}

static void test_names(void **state)
{
    (void)state;
    assert_true(plugin_name_ok(STR("a-b_9")));
    static const char *const names[] = {"", "A", "9a", "a/b", "a.b", "-a", "a b"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_false(plugin_name_ok(str_from(names[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
