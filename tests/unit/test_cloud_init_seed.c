/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "cloud-init/seed.h"
#include "cloud-init/userdata.h"

#define KEY "ssh-ed25519 AAAA imgfac-build"
#define ACCOUNT                                                                                    \
    "- name: \"imgfac-build\"\n  lock_passwd: true\n  sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n"          \
    "  ssh_authorized_keys:\n  - \"" KEY "\"\n"
#define TYPES "ssh_genkeytypes:\n- \"ed25519\"\n"

static const struct {
    const char *name;
    struct userdata in;
    const char *out;
} renders[] = {
    {"account alone",
     {.user = "imgfac-build", .public_key = KEY},
     "#cloud-config\npreserve_hostname: true\nusers:\n" ACCOUNT TYPES},
    {"no account", {.hostname = "golden"}, "#cloud-config\nhostname: \"golden\"\n"},
    {"own keys are added, lists appended, maps merged deep",
     {.user = "imgfac-build",
      .public_key = KEY,
      .own = "#cloud-config\nusers:\n  - default\n  - {name: ops, uid: '0100'}\n"
             "apt: {conf: 'x: y'}\n"},
     "#cloud-config\npreserve_hostname: true\nusers:\n" ACCOUNT
     "- default\n- name: ops\n  uid: \"0100\"\n" TYPES "apt:\n  conf: \"x: y\"\n"},
    {"the distribution's account stays for user-data that may need it",
     {.user = "imgfac-build", .public_key = KEY, .own = "#cloud-config\npackages: [jq]\n"},
     "#cloud-config\npreserve_hostname: true\nusers:\n- \"default\"\n" ACCOUNT TYPES
     "packages:\n- jq\n"},
    {"scalars of the author win",
     {.own = "#cloud-config\npreserve_hostname: false\n"},
     "#cloud-config\npreserve_hostname: false\n"},
    {"anchors are resolved",
     {.own = "#cloud-config\na: &x [1]\nb: *x\n"},
     "#cloud-config\npreserve_hostname: true\na:\n- 1\nb:\n- 1\n"},
    {"an object",
     {.own_json = "{\"runcmd\":[[\"ls\",\"-l\"]],\"n\":3,\"yes\":\"no\"}"},
     "#cloud-config\npreserve_hostname: true\n\"runcmd\":\n- - \"ls\"\n  - \"-l\"\n\"n\": 3\n"
     "\"yes\": \"no\"\n"},
    {"nothing", {.own = ""}, "#cloud-config\npreserve_hostname: true\n"},
};

static void renders_user_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(renders); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;

        print_message("%s\n", renders[i].name);
        assert_true(userdata_render(&renders[i].in, a, &out, &err));
        assert_string_equal(out.buf, renders[i].out);
    }
}

static const struct {
    const char *own, *message;
} refused[] = {
    {"#cloud-config\na: [1\n", "user_data is not valid YAML"},
    {"#cloud-config\n- a\n- b\n", "user_data is not a map"},
    {"#cloud-config\na: *nothing\n", "an alias names no anchor"},
    {"#cloud-config\na: 1\n---\nb: 2\n", "more than one document"},
    {"hello: world\n", "of no kind that cloud-init knows"},
};

static void refuses_bad_user_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct userdata u = {.own = refused[i].own};

        assert_false(userdata_render(&u, a, &out, &err));
        assert_int_equal(err->code, ERR_TEMPLATE);
        assert_non_null(strstr(err->msg, refused[i].message));
    }
}

/* Doubling aliases 40 times would be 2^40 items. */
static void refuses_multiplied_aliases(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf own = STRBUF_INIT;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;

    strbuf_adds(&own, "#cloud-config\na0: &a0 [x]\n");
    for (int i = 1; i < 40; i++)
        strbuf_addf(&own, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    struct userdata u = {.own = own.buf};
    assert_false(userdata_render(&u, a, &out, &err));
    assert_int_equal(err->code, ERR_TEMPLATE);
}

static void wraps_scripts_in_multipart(void **state)
{
    (void)state;
    static const struct {
        const char *own, *type;
    } kinds[] = {
        {"#!/bin/sh\necho hi\n", "Content-Type: text/x-shellscript;"},
        {"#include\nhttp://x\n", "Content-Type: text/x-include-url;"},
        {"#cloud-boothook\n#!/bin/sh\n", "Content-Type: text/cloud-boothook;"},
        {"## template: jinja\n#cloud-config\n", "Content-Type: text/jinja2;"},
        {"#cloud-config-archive\n- a\n", "Content-Type: text/cloud-config-archive;"},
        {"Content-Type: multipart/mixed; boundary=\"b\"\n\n--b--\n", "boundary=\"b\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct userdata u = {.user = "u", .public_key = KEY, .own = kinds[i].own};

        assert_true(userdata_render(&u, a, &out, &err));
        assert_true(str_starts(strbuf_str(&out), STR("Content-Type: multipart/mixed;")));
        assert_non_null(strstr(out.buf, "Content-Type: text/cloud-config;"));
        assert_non_null(strstr(out.buf, kinds[i].type));
    }
}

static const struct {
    struct cloud_init_config config;
    const char *meta, *network, *message;
} seeds[] = {
    {{0}, "instance-id: \"i-1\"\nlocal-hostname: \"localhost\"\n", "", NULL},
    {{.hostname = "web", .meta_data = "{\"region\":\"eu\"}"},
     "instance-id: \"i-1\"\nlocal-hostname: \"web\"\n\"region\": \"eu\"\n",
     "",
     NULL},
    {{.network_config = "\"version: 2\\nethernets: {}\\n\""},
     "instance-id: \"i-1\"\nlocal-hostname: \"localhost\"\n",
     "version: 2\nethernets: {}\n",
     NULL},
    {{.network_config = "{\"network\":{\"version\":1}}"},
     "instance-id: \"i-1\"\nlocal-hostname: \"localhost\"\n",
     "\"version\": 1\n",
     NULL},
    {{.network_config = "{\"ethernets\":{}}"}, NULL, NULL, "network_config has no \"version\""},
    {{.meta_data = "\"- a\""}, NULL, NULL, "meta_data is not a map"},
};

static void renders_the_other_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        AUTO(strbuf) struct strbuf user = STRBUF_INIT;
        AUTO(strbuf) struct strbuf meta = STRBUF_INIT;
        AUTO(strbuf) struct strbuf network = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct seed s = {.config = &seeds[i].config, .instance_id = "i-1"};
        bool ok = seed_render(&s, &user, &meta, &network, &err);

        assert_int_equal(ok, seeds[i].message == NULL);
        if (!ok) {
            assert_string_equal(err->msg, seeds[i].message);
            continue;
        }
        assert_string_equal(meta.buf, seeds[i].meta);
        assert_string_equal(network.buf, seeds[i].network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_user_data),          cmocka_unit_test(refuses_bad_user_data),
        cmocka_unit_test(refuses_multiplied_aliases), cmocka_unit_test(wraps_scripts_in_multipart),
        cmocka_unit_test(renders_the_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
