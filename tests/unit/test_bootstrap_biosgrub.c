/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/biosgrub.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void make_boot(char boot[512])
{
    for (int i = 0; i < 512; i++)
        boot[i] = (char)(i * 7);
    boot[510] = 0x55;
    boot[511] = (char)0xaa;
}

static void boot_sector(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    char boot[512];
    uint8_t disk[512];
    uint64_t at;
    make_boot(boot);
    memset(disk, 0xd0, sizeof(disk));
    disk[510] = 0x55;
    disk[511] = 0xaa;
    assert_true(biosgrub_patch_boot((str){boot, 512}, 2048, disk, &err));
    /* The code is GRUB's; BIOS parameters, disk signature and table are the disk's. */
    assert_int_equal(disk[0], (uint8_t)boot[0]);
    assert_int_equal(disk[2], (uint8_t)boot[2]);
    assert_int_equal(disk[3], 0xd0);
    assert_int_equal(disk[0x59], 0xd0);
    assert_int_equal(disk[0x5a], (uint8_t)boot[0x5a]);
    assert_int_equal(disk[0x1b7], (uint8_t)boot[0x1b7]);
    assert_int_equal(disk[0x1b8], 0xd0);
    assert_int_equal(disk[0x1fd], 0xd0);
    memcpy(&at, disk + 0x5c, sizeof(at));
    assert_int_equal(le64toh(at), 2048);
    assert_int_equal(disk[0x64], 0xff);
    assert_int_equal(disk[0x66], 0x90);
    assert_int_equal(disk[0x67], 0x90);
    assert_int_equal(disk[0x68], (uint8_t)boot[0x68]);
}

static void not_a_boot_sector(void **state)
{
    (void)state;
    char boot[512];
    uint8_t disk[512] = {0}, before[512] = {0};
    make_boot(boot);
    boot[511] = 0;
    for (size_t len = 511; len <= 512; len++) {
        AUTO(error) struct error *err = NULL;
        assert_false(biosgrub_patch_boot((str){boot, len}, 2048, disk, &err));
        assert_int_equal(err->code, ERR_INTERNAL);
        assert_memory_equal(disk, before, 512);
    }
}

static void block_list(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf core = STRBUF_INIT;
    uint64_t rest;
    uint16_t count, segment;
    strbuf_addn(&core, 'c', 512 * 3 + 1);
    assert_true(biosgrub_patch_core(&core, 2048, 6144, &err));
    assert_int_equal(core.len, 4 * 512);
    assert_int_equal(core.buf[512 * 3], 'c');
    assert_int_equal(core.buf[512 * 3 + 1], 0);
    memcpy(&rest, core.buf + 500, 8);
    memcpy(&count, core.buf + 508, 2);
    memcpy(&segment, core.buf + 510, 2);
    assert_int_equal(le64toh(rest), 2049);
    assert_int_equal(le16toh(count), 3);
    assert_int_equal(le16toh(segment), 0x820);
    /* The entry below ends the list. */
    for (int i = 488; i < 500; i++)
        assert_int_equal(core.buf[i], 0);
    assert_int_equal(core.buf[487], 'c');
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        size_t len, max;
        bool ok;
    } cases[] = {
        {0, 10, false}, {512, 10, false}, {513, 10, true}, {5120, 10, true}, {5121, 10, false}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(error) struct error *err = NULL;
        AUTO(strbuf) struct strbuf core = STRBUF_INIT;
        strbuf_addn(&core, 'c', cases[i].len);
        assert_int_equal(biosgrub_patch_core(&core, 2048, cases[i].max, &err), cases[i].ok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_sector),
        cmocka_unit_test(not_a_boot_sector),
        cmocka_unit_test(block_list),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
