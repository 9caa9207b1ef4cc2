/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/io.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/parse.h"

/* Every option of the tables is in BODY, and nothing else. */
static void check_block(const struct body *body, const struct opt *rows)
{
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        if (o->flags & OPT_LABEL)
            continue;
        if (!schema_is_set(body, o->name))
            fail_msg("config.example.hcl lacks %s", o->name);
        for (size_t i = 0; o->opts != NULL && i < body->block_count; i++)
            if (str_eqz(body->blocks[i].type, o->name))
                check_block(body->blocks[i].body, o->opts);
    }
}

static void test_example_is_complete(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags diags;
    struct error *err = NULL;
    const struct body *body;
    diags_init(&diags, a);
    struct source_file *f = source_load(a, "config.example.hcl", &err);
    assert_non_null(f);
    assert_true(hcl_parse_file(a, f, &diags, &body));
    check_block(body, config_opts);
}

/* The example says what is the default (but for the path of the store, which
 * depends on the user). */
static void test_example_is_the_default(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags diags;
    struct config example, none;
    diags_init(&diags, a);
    unsetenv("IMGFAC_CONFIG");
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    assert_true(config_load("config.example.hcl", a, &example, &diags));
    assert_true(config_load(NULL, a, &none, &diags));
    assert_null(none.file);
    assert_string_equal(example.file, "config.example.hcl");
    assert_string_equal(example.catalog->url, none.catalog->url);
    const struct config_hypervisor *h = example.hypervisors.ptr, *d = none.hypervisors.ptr;
    assert_int_equal(example.hypervisors.len, 1);
    assert_string_equal(h->name, d->name);
    assert_string_equal(h->uri, d->uri);
    assert_string_equal(h->accelerator, d->accelerator);
    assert_int_equal(h->memory_bytes, d->memory_bytes);
    assert_int_equal(h->vcpus, d->vcpus);
    assert_int_equal(example.download->mirrors.len, 0);
    assert_null(example.download->proxy);
    assert_int_equal(example.download->cache_size_bytes, none.download->cache_size_bytes);
    assert_int_equal(example.logs->keep_days, none.logs->keep_days);
    assert_int_equal(example.logs->keep_last, none.logs->keep_last);
    assert_string_equal(config_store_path(&example, a), "/var/lib/imgfac");
}

static bool load_text(struct arena *a, const char *text, struct config *out, struct diags *diags)
{
    struct error *err = NULL;
    autofree char *dir = io_make_temp_dir(io_temp_root(), "config-", &err);
    autofree char *path = io_path_join(dir, "config.hcl");
    assert_true(io_write_file(path, str_from(text), 0644, &err));
    bool ok = config_load(path, a, out, diags);
    assert_true(io_remove_tree(dir, &err));
    return ok;
}

static void test_hypervisors(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags diags;
    struct config c;
    diags_init(&diags, a);
    assert_true(load_text(a,
                          "hypervisor \"one\" { accelerator = \"tcg\" }\n"
                          "hypervisor \"two\" { uri = \"qemu+ssh://two/system\" }\n"
                          "store { path = \"/srv/images\" }\n",
                          &c, &diags));
    assert_string_equal(config_find_hypervisor(&c, NULL)->name, "one");
    assert_string_equal(config_find_hypervisor(&c, "two")->uri, "qemu+ssh://two/system");
    assert_null(config_find_hypervisor(&c, "three"));
    assert_string_equal(config_find_hypervisor(&c, "one")->accelerator, "tcg");
    assert_string_equal(config_store_path(&c, a), "/srv/images");
}

static const char *const wrong[] = {
    "stor { }",
    "store { pth = \"x\" }",
    "hypervisor { }",
    "hypervisor \"a\" { }\nhypervisor \"a\" { }",
    "hypervisor \"a\" { accelerator = \"warp\" }",
    "hypervisor \"a\" { vcpus = -1 }",
    "hypervisor \"a\" { memory = \"much\" }",
    "download { cache_size = \"1G\" }",
    "catalog { url = [",
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct diags diags;
        struct config c;
        diags_init(&diags, a);
        assert_false(load_text(a, wrong[i], &c, &diags));
        assert_true(diags.errors > 0 && diags.list.ptr[0]->subject.file != NULL);
    }
}

static void test_unreadable(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags diags;
    struct config c;
    diags_init(&diags, a);
    assert_false(config_load("/nonexistent/config.hcl", a, &c, &diags));
    assert_int_equal(diags.errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_is_complete), cmocka_unit_test(test_example_is_the_default),
        cmocka_unit_test(test_hypervisors),         cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
