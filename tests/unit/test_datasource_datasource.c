/* SPDX-License-Identifier: Apache-2.0 */

/* The built-in data sources as a template sees them: through the registry, the
 * tables and the evaluation of locals. */
#include "datasource/datasource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/redact.h"
#include "catalog/catalog_internal.h"
#include "core/data.h"
#include "hcl/diag.h"
#include "hcl/diag_print.h"
#include "tests/fakes/web_fake.h"

struct fixture {
    struct arena *a;
    char *dir;
    struct diags diags;
    struct data_reader reader;
    struct template_options options;
    struct template *t;
    struct catalog *cat;
};

static struct catalog *get_catalog(void *arg, struct error **err)
{
    struct fixture *f = arg;
    if (f->cat == NULL)
        catalog_open(f->dir, NULL, &f->cat, err);
    return f->cat;
}

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    struct error *err = NULL;
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "data-", &err);
    assert_non_null(f->dir);
    diags_init(&f->diags, f->a);
    f->reader = (struct data_reader){.execute = true, .catalog = get_catalog, .arg = f};
    f->options = (struct template_options){.read_data = data_read, .arg = &f->reader};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct error *err = NULL;
    catalog_close(f->cat);
    assert_true(io_remove_tree(f->dir, &err));
    free(f->dir);
    arena_free(f->a);
    test_free(f);
    return 0;
}

static const char *all_text(struct fixture *f)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const struct diag_print how = {.width = 0};
    diags_print_text(&sb, &f->diags, &how);
    return arena_strndup(f->a, sb.buf, sb.len);
}

static bool resolve(struct fixture *f, const char *text)
{
    struct error *err = NULL;
    const char *path = arena_fmt(f->a, "%s/t.pkr.hcl", f->dir);
    assert_true(io_write_file(path, str_from(text), 0644, &err));
    diags_init(&f->diags, f->a);
    f->t = template_load(f->a, path, &f->diags);
    return f->t != NULL && diags_ok(&f->diags) && template_resolve(f->t, &f->options, &f->diags);
}

/* TEXT, then locals { x = EXPR }: its value as JSON. */
static const char *eval(struct fixture *f, const char *text, const char *expr)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *why = "";
    if (!resolve(f, arena_fmt(f->a, "%s\nlocals {\n  x = %s\n}\n", text, expr)))
        fail_msg("%s", all_text(f));
    if (!value_to_json(template_find_local(f->t, STR("x"))->val, &sb, &why))
        return arena_strdup(f->a, why);
    return arena_strndup(f->a, sb.buf, sb.len);
}

static void must_fail(struct fixture *f, const char *text, const char *want)
{
    if (resolve(f, text))
        fail_msg("no error, wanted: %s", want);
    if (strstr(all_text(f), want) == NULL)
        fail_msg("wanted: %s\ngot:\n%s", want, all_text(f));
}

/* --- null, external --- */

static const struct {
    const char *text, *expr, *json;
} good[] = {
    {"data \"null\" \"a\" {\n  input = \"x\"\n}", "data.null.a", "{\"output\":\"x\"}"},
    {"data \"null\" \"a\" {\n  input = 5\n}", "data.null.a.output", "\"5\""},
    {"data \"null\" \"a\" {\n  input = data.null.b.output\n}\n"
     "data \"null\" \"b\" {\n  input = local.y\n}\nlocals {\n  y = \"deep\"\n}",
     "data.null.a.output", "\"deep\""},
    {"data \"null\" \"a\" {\n  input = \"1\"\n}\ndata \"null\" \"b\" {\n  input = \"2\"\n}",
     "[for k, v in data.null : \"${k}=${v.output}\"]", "[\"a=1\",\"b=2\"]"},
    {"data \"external\" \"e\" {\n  program = [\"cat\"]\n"
     "  query = { a = \"1\", \"b c\" = \"\\\"$(id) `x`\\n\" }\n}",
     "data.external.e.result", "{\"a\":\"1\",\"b c\":\"\\\"$(id) `x`\\n\"}"},
    {"data \"external\" \"e\" {\n  program = [\"echo\", \"{}\"]\n}", "data.external.e.result",
     "{}"},
    {"data \"external\" \"e\" {\n  program = [\"sh\", \"-c\", \"printf '{\\\"d\\\":\\\"%s\\\"}' "
     "$PWD\"]\n  working_dir = \"/\"\n}",
     "data.external.e.result.d", "\"/\""},
    {"data \"external-raw\" \"e\" {\n  program = [\"rev\"]\n  query = \"ab c\"\n}",
     "data.external-raw.e.result", "\"c ba\""},
};

static void test_good(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_string_equal(eval(f, good[i].text, good[i].expr), good[i].json);
}

#define EXT(script, more)                                                                          \
    "data \"external\" \"e\" {\n  program = [\"sh\", \"-c\", \"" script "\"]\n" more "}\n"

static const struct {
    const char *text, *message;
} bad[] = {
    {"data \"null\" \"a\" {\n}\n", "\"input\" is required"},
    {"data \"nul\" \"a\" {\n}\n", "Did you mean \"null\"?"},
    {"data \"null\" \"a\" {\n  inptu = \"\"\n}\n", "Did you mean \"input\"?"},
    {"data \"null\" \"a\" {\n  input = \"\"\n}\ndata \"null\" \"a\" {\n  input = \"\"\n}\n",
     "declared at "},
    {"data \"null\" \"ab\" {\n  input = data.null.abc.output\n}\n", "Did you mean \"null.ab\"?"},
    {"data \"null\" \"a\" {\n  input = local.b\n}\nlocals {\n  b = data.null.a.output\n}\n",
     "local.b -> data.null.a -> local.b"},
    {"data \"null\" \"a\" {\n  input = \"x\"\n}\nlocals {\n  b = data.null.a.outptu\n}\n",
     "\"outptu\""},
    {EXT("echo bad >&2; exit 3", ""), "ended with status 3: bad"},
    {EXT("echo nonsense", ""), "not JSON"},
    {EXT("echo []", ""), "no object"},
    {EXT("echo '{\\\"a\\\":1}'", ""), "'a' in the program's answer is no string"},
    {EXT("printf '\\\\377'", ""), "no text in UTF-8"},
    {EXT("sleep 60 & sleep 60", "  timeout = \"1s\"\n"), "did not end within 1s"},
    {EXT("head -c 5000000 /dev/zero | tr '\\\\0' x", ""), "more than 4 MiB"},
    {"data \"external\" \"e\" {\n  program = [\"imgfac-no-such\"]\n}\n", "is not installed"},
    {"data \"external\" \"e\" {\n  program = [\"\"]\n}\n", "Missing program"},
    {"data \"external\" \"e\" {\n  program = []\n}\n", "\"program\" is empty"},
    {"data \"http\" \"h\" {\n  url = \"file:///etc/passwd\"\n}\n", "Invalid URL"},
    {"data \"http\" \"h\" {\n  url = \"http://x\"\n  method = \"FETCH\"\n}\n", "FETCH"},
    {"data \"http\" \"h\" {\n  url = \"http://x\"\n  request_headers = { \"a b\" = \"c\" }\n}\n",
     "Invalid header field"},
    {"data \"http\" \"h\" {\n  url = \"http://x\"\n  request_headers = { a = \"b\\r\\nc: d\" }\n}\n",
     "Invalid header field"},
    {"data \"http\" \"h\" {\n  url = \"http://127.0.0.1:1/x?secret\"\n  max_retries = 0\n}\n",
     "cannot download 'http://127.0.0.1:1/x'"},
};

static void test_bad(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        must_fail(f, bad[i].text, bad[i].message);
}

/* --- when nothing is read --- */

static void test_not_executed(void **state)
{
    struct fixture *f = *state;
    f->reader.execute = false;
    const char *text = "data \"external\" \"e\" {\n  program = [\"touch\", \"/nonexistent/x\"]\n}\n"
                       "data \"http\" \"h\" {\n  url = data.external.e.result.url\n}\n";
    assert_true(resolve(f, arena_fmt(f->a, "%slocals {\n  b = \"${data.http.h.body}!\"\n}", text)));
    value v = template_find_local(f->t, STR("b"))->val;
    assert_false(value_is_known(v));
    assert_true(v.type->kind == TYPE_STRING);
    /* a name that the outputs do not have is found all the same */
    must_fail(f, arena_fmt(f->a, "%slocals {\n  b = data.http.h.bdy\n}", text), "bdy");
}

static void test_unknown_arguments(void **state)
{
    struct fixture *f = *state;
    f->options.allow_unset = true;
    assert_true(
        resolve(f, "variable \"v\" {\n  type = string\n}\n"
                   "data \"external-raw\" \"e\" {\n  program = [\"cat\"]\n  query = var.v\n}"));
    assert_false(value_is_wholly_known(f->t->data.ptr[0]->val));
}

static void test_secret_arguments(void **state)
{
    struct fixture *f = *state;
    const char *json = eval(f,
                            "variable \"v\" {\n  default = \"hushhush\"\n  sensitive = true\n}\n"
                            "data \"external-raw\" \"e\" {\n  program = [\"cat\"]\n"
                            "  query = var.v\n}",
                            "data.external-raw.e.result");
    assert_string_equal(json, "\"hushhush\"");
    assert_true(value_is_sensitive_deep(template_find_local(f->t, STR("x"))->val));
    redact_reset();
}

static void test_cancelled(void **state)
{
    struct fixture *f = *state;
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    f->reader.cancel = c;
    cancel_set_deadline(c, clock_now() + 100 * NS_PER_MS);
    int64_t start = clock_now();
    must_fail(f, EXT("sleep 60", ""), "data.external.e");
    assert_true(clock_now() - start < 5 * NS_PER_S);
}

/* --- http --- */

static void test_http(void **state)
{
    struct fixture *f = *state;
    struct web_fake w = {.document = STR("{\"a\":[1,2]}"), .content_type = "application/json"};
    web_fake_start(&w);
    autofree char *url = web_fake_url(&w, "doc?q=1");
    const char *text = arena_fmt(f->a,
                                 "data \"http\" \"h\" {\n  url = \"%s\"\n  method = \"PUT\"\n"
                                 "  request_body = \"the body\"\n"
                                 "  request_headers = { X-One = \"1, 2\", X-Empty = \"\" }\n}",
                                 url);
    assert_string_equal(eval(f, text, "jsondecode(data.http.h.body).a"), "[1,2]");
    assert_non_null(strstr(w.last, "PUT /doc?q=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(w.last, "\r\nX-One: 1, 2\r\n"));
    assert_non_null(strstr(w.last, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(w.last, "\r\n\r\nthe body"));
    assert_int_equal(f->diags.warnings, 0);
    assert_string_equal(eval(f, text, "data.http.h.request_headers[\"Content-Type\"]"),
                        "\"application/json\"");
    assert_string_equal(eval(f, text, "[data.http.h.url, data.http.h.status]"),
                        arena_fmt(f->a, "[\"%s\",200]", url));
    web_fake_stop(&w);
}

static void test_http_types(void **state)
{
    static const struct {
        const char *type;
        size_t warnings;
    } cases[] = {
        {"text/html; charset=utf-8", 0}, {"text/plain; charset=latin1", 1},
        {"application/zip", 1},          {NULL, 1},
        {"application/json", 0},         {"text/x", 0},
    };
    struct fixture *f = *state;
    struct web_fake w = {.document = STR("x")};
    web_fake_start(&w);
    autofree char *url = web_fake_url(&w, "doc");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        w.content_type = cases[i].type;
        assert_string_equal(eval(f,
                                 arena_fmt(f->a, "data \"http\" \"h\" {\n  url = \"%s\"\n}", url),
                                 "data.http.h.body"),
                            "\"x\"");
        assert_int_equal(f->diags.warnings, cases[i].warnings);
    }
    w.document = (str){"a\0b", 3};
    must_fail(f, arena_fmt(f->a, "data \"http\" \"h\" {\n  url = \"%s\"\n}", url), "zero bytes");
    web_fake_stop(&w);
}

/* What may pass is tried again, but never a POST. */
static void test_http_retries(void **state)
{
    struct fixture *f = *state;
    struct web_fake w = {.document = STR("x"), .content_type = "text/plain", .fail_503 = 1};
    web_fake_start(&w);
    autofree char *url = web_fake_url(&w, "doc"), *missing = web_fake_url(&w, "missing");
    const char *get = arena_fmt(f->a, "data \"http\" \"h\" {\n  url = \"%s\"\n}", url);
    assert_string_equal(eval(f, get, "data.http.h.body"), "\"x\"");
    assert_int_equal(w.requests, 2);
    w.fail_503 = 1;
    must_fail(f,
              arena_fmt(f->a, "data \"http\" \"h\" {\n  url = \"%s\"\n  method = \"POST\"\n}", url),
              "answered 503");
    assert_int_equal(w.requests, 3);
    must_fail(f, arena_fmt(f->a, "data \"http\" \"h\" {\n  url = \"%s\"\n}", missing),
              "answered 404");
    w.stall = true;
    must_fail(f,
              arena_fmt(f->a, "data \"http\" \"h\" {\n  url = \"%s\"\n  timeout = \"1s\"\n}", url),
              "data.http.h");
    web_fake_stop(&w);
}

/* --- the catalog --- */

static struct catalog_version add(struct fixture *f, const char *content, const char *channel)
{
    struct error *err = NULL;
    const char *path = arena_fmt(f->a, "%s/image", f->dir);
    assert_true(io_write_file(path, str_from(content), 0644, &err));
    const char *channels[] = {channel};
    struct opt_pair labels[] = {{"region", "eu"}};
    const struct catalog_new_version n = {
        .bucket = "golden",
        .image_path = path,
        .format = "qcow2",
        .virtual_size = 4096,
        .builder = "debootstrap",
        .build_name = "debootstrap.x",
        .arch = "x86_64",
        .labels = {labels, 1},
        .channels = {channels, channel != NULL},
    };
    struct catalog_version v;
    assert_true(catalog_add_version(get_catalog(f, &err), &n, NULL, f->a, &v, &err));
    return v;
}

static void revoke_version(struct fixture *f, const struct catalog_version *v, const char *at)
{
    struct error *err = NULL;
    assert_true(db_run(&f->cat->db, &err,
                       "INSERT INTO revocation (version_id, message, author, revoke_at)"
                       " VALUES (?, 'broken', 'me', ?)",
                       "is", v->id, at));
}

#define VERSION                                                                                    \
    "data \"hcp-packer-version\" \"v\" {\n  bucket_name = \"golden\"\n"                            \
    "  channel_name = \"stable\"\n}\n"
#define ARTIFACT(more)                                                                             \
    "data \"hcp-packer-artifact\" \"p\" {\n  bucket_name = \"golden\"\n" more "}\n"
#define CHANNEL "  channel_name = \"stable\"\n"

static void test_catalog(void **state)
{
    struct fixture *f = *state;
    struct catalog_version one = add(f, "one", "stable"), two = add(f, "two", NULL);
    assert_string_equal(eval(f, VERSION, "data.hcp-packer-version.v.fingerprint"),
                        arena_fmt(f->a, "\"%s\"", one.fingerprint));
    assert_string_equal(
        eval(f,
             VERSION ARTIFACT("  platform = \"qemu\"\n  region = \"local\"\n  version_fingerprint"
                              " = data.hcp-packer-version.v.fingerprint\n"),
             "data.hcp-packer-artifact.p.external_identifier"),
        arena_fmt(f->a, "\"%s\"", one.artifacts[0].path));
    assert_string_equal(eval(f,
                             ARTIFACT(CHANNEL "  platform = \"debootstrap\"\n  region = \"eu\"\n"
                                              "  component_type = \"debootstrap.x\"\n"),
                             "[for k in [\"channel_id\", \"region\", \"platform\"] : "
                             "data.hcp-packer-artifact.p[k]]"),
                        "[\"stable\",\"eu\",\"debootstrap\"]");
    assert_string_equal(eval(f,
                             "data \"hcp-packer-iteration\" \"i\" {\n  bucket_name = \"golden\"\n"
                             "  channel = \"latest\"\n}\ndata \"hcp-packer-image\" \"m\" {\n"
                             "  bucket_name = \"golden\"\n  iteration_id = "
                             "data.hcp-packer-iteration.i.id\n  cloud_provider = \"qemu\"\n"
                             "  region = \"x86_64\"\n}\n",
                             "[data.hcp-packer-iteration.i.incremental_version, "
                             "data.hcp-packer-image.m.id]"),
                        arena_fmt(f->a, "[2,\"%s\"]", two.artifacts[0].path));
    assert_string_equal(eval(f, "data \"catalog-image\" \"c\" {\n  image = \"golden@stable\"\n}\n",
                             "[for k in [\"version\", \"checksum\", \"ref\", \"size\", \"os\"] : "
                             "data.catalog-image.c[k]]"),
                        arena_fmt(f->a, "[\"v1\",\"sha256:%s\",\"golden:%s\",3,null]",
                                  one.artifacts[0].sha256, one.fingerprint));
}

static void test_catalog_refuses(void **state)
{
    struct fixture *f = *state;
    struct catalog_version one = add(f, "one", "stable");
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"data \"catalog-image\" \"c\" {\n  image = \"gold\"\n}\n", "Did you mean 'golden'?"},
        {"data \"catalog-image\" \"c\" {\n  image = \"a b\"\n}\n", "a b"},
        {"data \"hcp-packer-version\" \"v\" {\n  bucket_name = \"golden\"\n"
         "  channel_name = \"prod\"\n}\n",
         "no usable version in channel 'prod'"},
        {ARTIFACT("  platform = \"qemu\"\n  region = \"local\"\n"),
         "One of \"channel_name\" and \"version_fingerprint\""},
        {ARTIFACT(CHANNEL "  platform = \"qemu\"\n  region = \"local\"\n"
                          "  version_fingerprint = \"x\"\n"),
         "version_fingerprint"},
        {ARTIFACT(CHANNEL "  platform = \"aws\"\n  region = \"local\"\n"), "platform 'aws'"},
        {ARTIFACT(CHANNEL "  platform = \"qemu\"\n  region = \"us-east-1\"\n"),
         "region 'us-east-1'"},
        {ARTIFACT(CHANNEL "  platform = \"qemu\"\n  region = \"local\"\n"
                          "  component_type = \"qemu.y\"\n"),
         "It was made by \"debootstrap.x\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        must_fail(f, cases[i].text, cases[i].message);
    revoke_version(f, &one, "2999-01-01T00:00:00Z");
    assert_string_equal(eval(f, VERSION, "data.hcp-packer-version.v.status"),
                        "\"revocation-scheduled\"");
    struct error *err = NULL;
    assert_true(
        db_run(&f->cat->db, &err, "UPDATE revocation SET revoke_at = '2020-01-01T00:00:00Z'", ""));
    must_fail(f, VERSION, "every version that channel 'stable' of bucket 'golden' ever had");
    must_fail(f, "data \"catalog-image\" \"c\" {\n  image = \"golden:v1\"\n}\n",
              "is revoked: broken");
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_good),
        CASE(test_bad),
        CASE(test_not_executed),
        CASE(test_unknown_arguments),
        CASE(test_secret_arguments),
        CASE(test_cancelled),
        CASE(test_http),
        CASE(test_http_types),
        CASE(test_http_retries),
        CASE(test_catalog),
        CASE(test_catalog_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
