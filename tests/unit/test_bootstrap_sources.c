/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct debootstrap_config defaults(struct arena *a)
{
    struct debootstrap_config c = {0};
    schema_defaults(debootstrap_opts, a, &c);
    return c;
}

static bool has(const struct words *w, const char *word)
{
    VEC_EACH (item, w)
        if (*item != NULL && strcmp(*item, word) == 0)
            return true;
    return false;
}

static void lines(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct debootstrap_config c = defaults(a);
    struct words l = sources_lines(a, &c);
    assert_int_equal(l.len, 3);
    assert_string_equal(l.ptr[0], "deb http://deb.debian.org/debian bookworm main");
    assert_string_equal(l.ptr[1], "deb http://deb.debian.org/debian bookworm-updates main");
    assert_string_equal(l.ptr[2],
                        "deb http://deb.debian.org/debian-security bookworm-security main");
    const char *components[] = {"main", "non-free-firmware"};
    c.components = (struct opt_strings){components, 2};
    c.security_mirror = "";
    l = sources_lines(a, &c);
    assert_int_equal(l.len, 2);
    assert_string_equal(l.ptr[0],
                        "deb http://deb.debian.org/debian bookworm main non-free-firmware");
    c.suite = "sid";
    assert_int_equal(sources_lines(a, &c).len, 1);
}

static void packages(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct debootstrap_config c = defaults(a);
    const char *extra[] = {"vim-tiny"};
    c.packages = (struct opt_strings){extra, 1};
    struct words p = sources_packages(a, &c);
    assert_string_equal(p.ptr[0], "linux-image-cloud-amd64");
    assert_true(has(&p, "cloud-init") && has(&p, "systemd-resolved") && has(&p, "vim-tiny"));
    assert_false(has(&p, "locales") || has(&p, "systemd-repart"));
    c.cloud_init = false;
    c.suite = "bullseye";
    c.kernel = "linux-image-amd64";
    c.locale = "de_DE.UTF-8";
    p = sources_packages(a, &c);
    assert_string_equal(p.ptr[0], "linux-image-amd64");
    assert_false(has(&p, "cloud-init") || has(&p, "systemd-resolved"));
    assert_true(has(&p, "locales"));
    c.suite = "trixie";
    p = sources_packages(a, &c);
    assert_true(has(&p, "systemd-repart"));
}

static void argument_vector(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct debootstrap_config c = defaults(a);
    struct words v = sources_mmdebstrap(a, &c, "/w/it's here/tree", "/w/it's here/over");
    assert_string_equal(v.ptr[0], "mmdebstrap");
    assert_null(v.ptr[v.len - 1]);
    assert_true(has(&v, "--mode=root") && has(&v, "--format=directory"));
    assert_true(has(&v, "--dpkgopt=path-exclude=/usr/share/man/*"));
    /* A path is one argument as it is, and quoted inside a hook. */
    assert_string_equal(v.ptr[v.len - 5], "/w/it's here/tree");
    assert_string_equal(v.ptr[v.len - 6], "bookworm");
    assert_string_equal(v.ptr[v.len - 7], "--");
    assert_true(has(&v, "--essential-hook=copy-in '/w/it'\"'\"'s here/over/etc' /"));
    c.documentation = true;
    c.keyring = "/k.gpg";
    v = sources_mmdebstrap(a, &c, "/t", "/o");
    assert_false(has(&v, "--dpkgopt=path-exclude=/usr/share/man/*"));
    assert_true(has(&v, "--keyring=/k.gpg"));
}

static void causes(void **state)
{
    (void)state;
    static const struct {
        const char *output;
        enum err_code code;
        const char *in_message;
    } cases[] = {
        {"I: x\nErr:1 http://m x InRelease\n  Could not resolve 'm'\n"
         "E: The repository 'http://m x Release' does not have a Release file.\n",
         ERR_NETWORK, "cannot reach the mirror"},
        {"E: The repository 'http://m nope Release' does not have a Release file.\n", ERR_NOT_FOUND,
         "no suite 'bookworm'"},
        {"E: Unable to locate package nosuch\n", ERR_NOT_FOUND, "Unable to locate package nosuch"},
        {"E: Package 'x' has no installation candidate\n", ERR_NOT_FOUND, "lacks a package"},
        {"tar: a: Cannot write: No space left on device\n", ERR_NO_SPACE, "is full"},
        {"W: GPG error: http://m: NO_PUBKEY 0123\nE: The repository is not signed.\n", ERR_CHECKSUM,
         "cannot trust"},
        {"E: something else\n", ERR_IO, "tool failed"},
        {"", ERR_IO, "tool failed"},
    };
    AUTO(arena) struct arena *a = arena_new("test");
    struct debootstrap_config c = defaults(a);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        error_set(&err, ERR_IO, 0, "tool failed");
        sources_explain(&c, str_from(cases[i].output), &err);
        assert_int_equal(err->code, cases[i].code);
        assert_non_null(strstr(err->msg, cases[i].in_message));
        assert_true(cases[i].code == ERR_IO || err->hint != NULL);
    }
}

static void suites(void **state)
{
    (void)state;
    assert_int_equal(debootstrap_debian_version("bookworm"), 12);
    assert_int_equal(debootstrap_debian_version("jammy"), 0);
    assert_true(debootstrap_is_rolling("sid"));
    assert_false(debootstrap_is_rolling("trixie"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),  cmocka_unit_test(packages), cmocka_unit_test(argument_vector),
        cmocka_unit_test(causes), cmocka_unit_test(suites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
