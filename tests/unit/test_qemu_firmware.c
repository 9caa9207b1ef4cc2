/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "qemu/firmware.h"

static char *tmp;

static int make_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    tmp = io_make_temp_dir(io_temp_root(), "imgfac-test-firmware-", &err);
    return tmp == NULL;
}

static int remove_tmp(void **state)
{
    AUTO(error) struct error *err = NULL;
    (void)state;
    io_remove_tree(tmp, &err);
    free(tmp);
    return err != NULL;
}

static void put(const char *dir, const char *name, const char *text)
{
    AUTO(error) struct error *err = NULL;
    autofree char *parent = io_path_join(tmp, dir);
    autofree char *path = io_path_join(parent, name);
    assert_true(io_mkdir_p(parent, 0700, &err));
    assert_true(io_write_file(path, str_from(text), 0600, &err));
}

/* A descriptor as QEMU's docs/interop/firmware.json has it. */
static void put_descriptor(const char *dir, const char *name, const char *code,
                           const char *features, const char *machines)
{
    autofree char *text = xasprintf(
        "{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\",\"executable\":"
        "{\"filename\":\"%s/%s\",\"format\":\"raw\"},\"nvram-template\":{\"filename\":"
        "\"%s/vars.fd\",\"format\":\"raw\"}},\"targets\":[{\"architecture\":\"x86_64\","
        "\"machines\":[%s]}],\"features\":[%s],\"tags\":[]}",
        tmp, code, tmp, machines, features);
    put(dir, name, text);
}

#define BOTH "\"pc-i440fx-*\",\"pc-q35-*\""

static void fill(void)
{
    put(".", "vars.fd", "v");
    put(".", "plain.fd", "p");
    put(".", "own.fd", "o");
    put(".", "secure.fd", "s");
    put_descriptor("system", "40-secure.json", "secure.fd", "\"secure-boot\",\"enrolled-keys\"",
                   "\"pc-q35-*\"");
    put_descriptor("system", "50-missing.json", "missing.fd", "", BOTH);
    put_descriptor("system", "60-plain.json", "plain.fd", "\"acpi-s3\"", BOTH);
    put("system", "30-damaged.json", "{");
    put("system", "README", "no descriptor");
}

static const struct {
    const char *arch, *machine;
    bool secure;
    const char *code; /* NULL: none is found */
} lookups[] = {
    {"x86_64", "pc", false, "plain.fd"},
    {"x86_64", "q35", false, "plain.fd"},
    {"x86_64", "pc-q35-7.2", true, "secure.fd"},
    {"x86_64", "q35", true, "secure.fd"},
    {"x86_64", "pc", true, NULL},
    {"aarch64", "virt", false, NULL},
    {"x86_64", "microvm", false, NULL},
};

static void finds_by_descriptor(void **state)
{
    (void)state;
    fill();
    autofree char *system = io_path_join(tmp, "system");
    const char *const dirs[] = {"/nonexistent", system, NULL};
    for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct firmware f = {0};
        bool ok = firmware_find_in(dirs, lookups[i].arch, lookups[i].machine, lookups[i].secure, a,
                                   &f, &err);

        assert_int_equal(ok, lookups[i].code != NULL);
        if (ok)
            assert_string_equal(io_basename(f.code), lookups[i].code);
        else
            assert_int_equal(err->code, ERR_HOST);
    }
}

static void own_directory_hides_the_system(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    autofree char *system = io_path_join(tmp, "system");
    autofree char *own = io_path_join(tmp, "own");
    const char *const dirs[] = {own, system, NULL};
    struct firmware f;

    put_descriptor("own", "60-plain.json", "own.fd", "", BOTH);
    assert_true(firmware_find_in(dirs, "x86_64", "pc", false, a, &f, &err));
    assert_string_equal(io_basename(f.code), "own.fd");
    assert_string_equal(f.vars_format, "raw");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_descriptor),
        cmocka_unit_test(own_directory_hides_the_system),
    };
    return cmocka_run_group_tests(tests, make_tmp, remove_tmp);
}
