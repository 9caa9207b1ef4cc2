/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "hcl/ast.h"
#include "hcl/diag.h"

static bool passes(const struct debootstrap_config *c)
{
    AUTO(arena) struct arena *a = arena_new("diags");
    struct body body = {0};
    struct diags diags;
    diags_init(&diags, a);
    bool ok = debootstrap_check(c, &body, &diags);
    assert_int_equal(ok, diags_ok(&diags));
    return ok;
}

static void defaults_pass(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct debootstrap_config c = {0};
    schema_defaults(debootstrap_opts, a, &c);
    assert_true(passes(&c));
    assert_int_equal(c.disk_size, UINT64_C(4) << 30);
    assert_string_equal(c.suite, "bookworm");
    assert_true(c.cloud_init);
}

/* Every value that goes to a file or an argument vector is held to its place. */
static void values(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        const char *value;
        bool ok;
    } cases[] = {
#define FIELD(f) offsetof(struct debootstrap_config, f)
        {FIELD(suite), "trixie", true},
        {FIELD(suite), "jammy", false},
        {FIELD(suite), "", false},
        {FIELD(suite), "--help", false},
        {FIELD(suite), "a b", false},
        {FIELD(mirror), "https://m.example/debian", true},
        {FIELD(mirror), "file:///srv/debian", true},
        {FIELD(mirror), "ftp://m.example/debian", false},
        {FIELD(mirror), "http://m.example/ [trusted=yes]", false},
        {FIELD(mirror), "http://m\nbad", false},
        {FIELD(security_mirror), "", true},
        {FIELD(security_mirror), "x", false},
        {FIELD(kernel), "linux-image-amd64", true},
        {FIELD(kernel), "-o", false},
        {FIELD(kernel_cmdline), "net.ifnames=0 a=b,c", true},
        {FIELD(kernel_cmdline), "", true},
        {FIELD(kernel_cmdline), "a=\"$(id)\"", false},
        {FIELD(kernel_cmdline), "a\nb", false},
        {FIELD(hostname), "base-1", true},
        {FIELD(hostname), "-x", false},
        {FIELD(hostname), "a b", false},
        {FIELD(locale), "de_DE.UTF-8", true},
        {FIELD(locale), "de;id", false},
        {FIELD(timezone), "America/Argentina/Salta", true},
        {FIELD(timezone), "../../etc/shadow", false},
#undef FIELD
    };
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct debootstrap_config c = {0};
        schema_defaults(debootstrap_opts, a, &c);
        memcpy((char *)&c + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
        if (passes(&c) != cases[i].ok)
            fail_msg("'%s' should %s", cases[i].value, cases[i].ok ? "pass" : "be refused");
    }
}

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool ok;
    } cases[] = {{"vim-tiny", true}, {"g++", true},  {"python3.11=3.11.2-6", true},
                 {"curl/sid", true}, {"-y", false},  {"?essential", false},
                 {"./x.deb", false}, {"a b", false}, {"a,b", false},
                 {"", false}};
    AUTO(arena) struct arena *a = arena_new("test");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct debootstrap_config c = {0};
        const char *value = cases[i].value;
        schema_defaults(debootstrap_opts, a, &c);
        c.packages = (struct opt_strings){&value, 1};
        if (passes(&c) != cases[i].ok)
            fail_msg("'%s' should %s", value, cases[i].ok ? "pass" : "be refused");
    }
    struct debootstrap_config c = {0};
    schema_defaults(debootstrap_opts, a, &c);
    c.components.len = 0;
    assert_false(passes(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_pass),
        cmocka_unit_test(values),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
