/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/redact.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/parse.h"
#include "plug/builder.h"
#include "plug/communicator.h"
#include "plug/datasource.h"
#include "plug/provisioner.h"
#include "plug/registry.h"
#include "plug/sealer.h"
#include "schema/doc.h"
#include "schema/internal.h"
#include "config/config.h"

struct inner {
    const char *label;
    const char *text;
    int64_t number;
};

struct all {
    bool flag;
    int tri;
    int64_t number;
    uint64_t size;
    int64_t time;
    const char *text;
    const char *secret;
    int choice;
    struct opt_strings list;
    struct opt_ints ints;
    struct opt_map map;
    struct opt_strings_list lists;
    const char *json;
    struct inner *one;
    struct opt_blocks many;
    int64_t old;
};

static const struct opt_choice choices[] = {{"red", 3, NULL}, {"blue", 5, NULL}, {0}};

static const struct opt inner_rows[] = {
    OPT_STR(struct inner, text, "text", .flags = OPT_REQUIRED),
    OPT_INT(struct inner, number, "number", .def = "7"),
    OPT_END,
};

static const struct opt labelled_rows[] = {
    OPT_STR(struct inner, label, "label", .flags = OPT_LABEL),
    OPT_STR(struct inner, text, "text"),
    OPT_END,
};

static const struct opt rows[] = {
    OPT_BOOL(struct all, flag, "flag", .def = "true"),
    OPT_TRISTATE(struct all, tri, "tri"),
    OPT_INT(struct all, number, "number", .def = "4", .min = "1", .max = "10"),
    OPT_SIZE(struct all, size, "size", .def = "\"40G\"", .min = "1M"),
    OPT_DUR(struct all, time, "time", .def = "\"5m\"", .max = "2h"),
    OPT_STR(struct all, text, "text", .conflicts = "json"),
    OPT_STR(struct all, secret, "secret", .flags = OPT_SENSITIVE),
    OPT_ENUM(struct all, choice, "choice", .choices = choices, .def = "\"red\""),
    OPT_STRS(struct all, list, "list", .def = "[\"a\", \"b\"]"),
    OPT_INTS(struct all, ints, "ints"),
    OPT_MAP(struct all, map, "map"),
    OPT_STRS_LIST(struct all, lists, "lists"),
    OPT_JSON(struct all, json, "json", .needs = "text list", .conflicts = "text"),
    OPT_BLOCK(struct all, one, "one", struct inner, inner_rows),
    OPT_BLOCKS(struct all, many, "many", struct inner, labelled_rows),
    OPT_INT(struct all, old, "old", .flags = OPT_DEPRECATED, .instead = "number"),
    OPT_END,
};

struct decoded {
    struct arena *a;
    struct all c;
    struct diags diags;
    const struct body *body;
    bool ok;
};

static struct decoded decode(const char *text)
{
    struct decoded d = {.a = arena_new("test")};
    diags_init(&d.diags, d.a);
    struct source_file *f = source_file_new(d.a, "t.hcl", str_from(text));
    assert_true(hcl_parse_file(d.a, f, &d.diags, &d.body));
    struct scope *scope = scope_new_root(d.a, "");
    scope_set(d.a, scope, "later", value_unknown(&type_string));
    scope_set(d.a, scope, "marked", value_mark(value_stringz(d.a, "marked-value"), true));
    d.ok = schema_decode(d.body, rows, scope, d.a, &d.c, &d.diags);
    assert_int_equal(d.ok, d.diags.errors == 0);
    return d;
}

static void test_defaults(void **state)
{
    (void)state;
    struct decoded d = decode("");
    assert_true(d.ok && d.c.flag && d.c.tri == -1 && d.c.number == 4 && d.c.choice == 3);
    assert_int_equal(d.c.size, UINT64_C(40) << 30);
    assert_int_equal(d.c.time, INT64_C(300) * 1000000000);
    assert_int_equal(d.c.list.len, 2);
    assert_string_equal(d.c.list.ptr[1], "b");
    assert_null(d.c.text);
    assert_null(d.c.one);
    assert_int_equal(d.c.many.len, 0);
    arena_free(d.a);
}

/* What a text decodes to, as schema_text() prints it. */
static const struct {
    const char *text, *name, *want;
} good[] = {
    {"flag = false", "flag", "false"},
    {"flag = \"true\"", "flag", "true"},
    {"tri = false", "tri", "false"},
    {"", "tri", "null"},
    {"number = 10", "number", "10"},
    {"number = \"7\"", "number", "7"},
    {"number = null", "number", "4"},
    {"size = 2048", "size", "\"2G\""},
    {"size = \"512M\"", "size", "\"512M\""},
    {"size = \"1048577b\"", "size", "\"1048577b\""},
    {"time = \"1h30m\"", "time", "\"1h30m0s\""},
    {"text = 5", "text", "\"5\""},
    {"text = \"a\\\"b\"", "text", "\"a\\\"b\""},
    {"text = later", "text", "null"},
    {"secret = \"hush-hush-1\"", "secret", "<sensitive>"},
    {"choice = \"blue\"", "choice", "\"blue\""},
    {"list = []", "list", "[]"},
    {"list = [1, \"x\"]", "list", "[\"1\", \"x\"]"},
    {"ints = [3, \"4\"]", "ints", "[3, 4]"},
    {"map = { b = 1, a = \"x\" }", "map", "{ \"a\" = \"x\", \"b\" = \"1\" }"},
    {"lists = [[\"-m\", \"1\"], []]", "lists", "[[\"-m\", \"1\"], []]"},
    {"list = [\"x\"]\ntext = null\njson = null", "json", "null"},
};

static void test_good_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct decoded d = decode(good[i].text);
        if (!d.ok)
            fail_msg("%s: %s", good[i].text, d.diags.list.ptr[0]->detail);
        assert_string_equal(schema_text(d.a, rows, &d.c, good[i].name), good[i].want);
        arena_free(d.a);
    }
    autofree char *text = redact_dup("it is hush-hush-1");
    assert_string_equal(text, "it is <sensitive>");
    redact_reset();
}

static const struct {
    const char *text, *line, *want;
} secrets[] = {
    {"secret = \"hush-hush-2\"", "a hush-hush-2 b", "a <sensitive> b"},
    {"secret = \"ubuntu\"\ntext = \"ubuntu\"", "qemu.ubuntu", "qemu.ubuntu"},
    {"secret = \"p\"", "path", "path"},
    {"text = marked", "the marked-value", "the <sensitive>"},
    {"list = [\"--plain\", marked]", "--plain marked-value", "--plain <sensitive>"},
};

static void test_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
        struct decoded d = decode(secrets[i].text);
        assert_true(d.ok);
        autofree char *text = redact_dup(secrets[i].line);
        assert_string_equal(text, secrets[i].want);
        redact_reset();
        arena_free(d.a);
    }
}

static const struct {
    const char *text, *summary, *detail; /* DETAIL is a part */
    unsigned start, end;                 /* of the subject, in bytes */
} bad[] = {
    {"flg = true", "Unsupported argument", "Did you mean \"flag\"?", 0, 3},
    {"one = 1", "Unsupported argument", "define a block of type \"one\"", 0, 3},
    {"text {\n}", "Unsupported block type", "define argument \"text\"", 0, 4},
    {"on {\n}", "Unsupported block type", "Did you mean \"one\"?", 0, 2},
    {"flag = \"x\"", "Incorrect attribute value type", "a bool is required", 7, 10},
    {"number = 11", "Value out of range", "at most 10", 9, 11},
    {"number = 0", "Value out of range", "at least 1", 9, 10},
    {"number = 1.5", "Incorrect attribute value type", "whole number", 9, 12},
    {"size = \"10Q\"", "Invalid value", "is not a size", 7, 12},
    {"size = \"1k\"", "Value out of range", "at least 1M", 7, 11},
    {"time = \"5\"", "Invalid value", "is not a duration", 7, 10},
    {"time = \"3h\"", "Value out of range", "at most 2h", 7, 11},
    {"choice = \"rad\"", "Invalid value", "Did you mean \"red\"?", 9, 14},
    {"list = \"a\"", "Incorrect attribute value type", "list of string", 7, 10},
    {"list = [null]", "Incorrect attribute value type", "element 0 is null", 7, 13},
    {"lists = [\"-m\"]", "Incorrect attribute value type", "list of string", 8, 14},
    {"map = [1]", "Incorrect attribute value type", "map of string", 6, 9},
    {"one {\n}", "Missing required argument", "\"text\" is required", 4, 4},
    {"one {\n text = 1\n}\none {\n text = 2\n}", "Duplicate block", "Only one", 18, 21},
    {"many {\n}", "Missing type for many", "must have 1 label", 5, 6},
    {"many \"a\" \"b\" {\n}", "Extraneous label for many", "1 label", 9, 12},
    {"text = \"x\"\njson = 1", "Conflicting arguments", "\"text\" and \"json\"", 18, 19},
    {"text = upper(1, 2)", "Too many function arguments", "", 16, 17},
};

static void test_bad_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct decoded d = decode(bad[i].text);
        bool found = false;
        VEC_EACH (p, &d.diags.list) {
            const struct diag *x = *p;
            found |= strcmp(x->summary, bad[i].summary) == 0 &&
                     strstr(x->detail, bad[i].detail) != NULL && x->subject.start == bad[i].start &&
                     x->subject.end == bad[i].end;
        }
        if (!found && d.diags.list.len > 0) {
            const struct diag *x = d.diags.list.ptr[0];
            fail_msg("%s: %s (%s) at %u-%u", bad[i].text, x->summary, x->detail, x->subject.start,
                     x->subject.end);
        }
        assert_true(found);
        arena_free(d.a);
    }
}

static void test_needs_and_deprecated(void **state)
{
    (void)state;
    struct decoded d = decode("json = {a = 1}\nold = 3");
    assert_int_equal(d.diags.errors, 2); /* text and list are needed too */
    assert_int_equal(d.diags.warnings, 1);
    assert_string_equal(d.c.json, "{\"a\":1}");
    arena_free(d.a);
}

static void test_all_errors_at_once(void **state)
{
    (void)state;
    struct decoded d = decode("flag = 3\nsize = \"x\"\nnope = 1\none {\n}\nchoice = \"green\"");
    assert_int_equal(d.diags.errors, 5);
    arena_free(d.a);
}

static void test_lookups(void **state)
{
    (void)state;
    struct decoded d =
        decode("text = \"x\"\none {\n text = 1\n}\n"
               "dynamic \"many\" {\n for_each = []\n labels = [many.key]\n content {\n }\n}");
    assert_true(d.ok);
    assert_true(schema_is_set(d.body, "text"));
    assert_true(schema_is_set(d.body, "one"));
    assert_true(schema_is_set(d.body, "many"));
    assert_false(schema_is_set(d.body, "list"));
    assert_int_equal(schema_range(d.body, "text").start, 7);
    assert_int_equal(schema_range(d.body, "one").start, 11);
    assert_string_equal(schema_find(comm_opts, "ssh_timeout")->name, "ssh_timeout");
    assert_null(schema_find(rows, "nope"));
    arena_free(d.a);
}

/* Every table: defaults and bounds can be read, names are unique, conflicts
 * and needs name rows, each row has a text. */
static void check_table(const struct opt *table, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("test");
    void *config = arena_alloc(a, size);
    schema_defaults(table, a, config);
    for (const struct opt *o = table; o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            continue;
        assert_true(o->doc != NULL && str_ends(str_from(o->doc), STR(".")));
        for (const struct opt *other = o + 1; other->kind != OPT_KIND_END; other++)
            assert_string_not_equal(o->name, other->name);
        const char *const lists[] = {o->conflicts, o->needs, o->instead};
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
            str rest = str_from(lists[i]);
            while (rest.ptr != NULL)
                assert_non_null(schema_find(table, str_dup(a, str_split(&rest, ' '))));
        }
        if (o->opts != NULL)
            check_table(o->opts, o->elem_size);
    }
}

static void test_tables(void **state)
{
    (void)state;
    check_table(comm_opts, sizeof(struct comm_config));
    check_table(seal_opts, sizeof(struct seal_config));
    check_table(config_opts, sizeof(struct config));
}

/* Bounds are read when a body sets the row: a wrong one must not wait for that. */
static void check_bounds(const struct opt *table)
{
    AUTO(arena) struct arena *a = arena_new("test");
    for (const struct opt *o = table; o != NULL && o->kind != OPT_KIND_END; o++) {
        const char *const bounds[] = {o->min, o->max};
        for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
            uint64_t field;
            const char *why = "";
            if (bounds[i] != NULL && !schema_set_text(a, o, &field, str_from(bounds[i]), &why))
                fail_msg("%s: %s", o->name, why);
        }
        if (o->opts != NULL)
            check_bounds(o->opts);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    for (const struct builder_type *const *b = registry_builders(); *b != NULL; b++)
        check_bounds((*b)->opts);
    for (const struct provisioner_type *const *p = registry_provisioners(); *p != NULL; p++)
        check_bounds((*p)->opts);
    for (const struct datasource_type *const *t = registry_datasources(); *t != NULL; t++)
        check_bounds((*t)->opts);
    check_bounds(seal_opts);
    check_bounds(config_opts);
}

static void test_communicator_defaults(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct comm_config c = {0};
    schema_defaults(comm_opts, a, &c);
    assert_int_equal(c.type, COMM_SSH);
    assert_int_equal(c.ssh_port, 22);
    assert_int_equal(c.ssh_timeout_ns, 0); /* the communicator decides */
    assert_int_equal(c.ssh_handshake_attempts, 0);
    assert_int_equal(c.ssh_file_transfer_method, COMM_TRANSFER_SFTP); /* falls back to scp */
    assert_int_equal(c.ssh_keep_alive_interval_ns, INT64_C(5000000000));
    assert_int_equal(c.ssh_proxy_port, 1080);
    assert_int_equal(c.winrm_timeout_ns, INT64_C(1800) * 1000000000);
}

/* Each option and each fact of its row is in every format. */
static void test_doc(void **state)
{
    (void)state;
    static const struct doc_page page = {"all", "all { }", "Everything.", "More.\n.Text", rows};
    static const char *const parts[] = {
        "number",           "choice",          "Not together with json",
        "Needs text, list", "At most 2h",      "Deprecated: use number",
        "Required",         "Default: \"40G\""};
    for (int format = DOC_TEXT; format <= DOC_MAN; format++) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        schema_doc(&sb, &page, (enum doc_format)format, 200);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
            if (strstr(sb.buf, parts[i]) == NULL)
                fail_msg("format %d lacks %s:\n%s", format, parts[i], sb.buf);
        assert_true(format != DOC_MAN || strstr(sb.buf, "\n.Text") == NULL);
    }
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    schema_doc(&sb, &page, DOC_JSON_SCHEMA, 0);
    json_t *root = json_loads(sb.buf, 0, NULL);
    assert_non_null(root);
    json_t *properties = json_object_get(root, "properties");
    assert_int_equal(json_object_size(properties), ARRAY_SIZE(rows) - 1);
    json_t *number = json_object_get(properties, "number");
    assert_int_equal(json_integer_value(json_object_get(number, "maximum")), 10);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_needs_and_deprecated),
        cmocka_unit_test(test_all_errors_at_once),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_communicator_defaults),
        cmocka_unit_test(test_doc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
