/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/layout.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static const struct layout_ids ids = {
    .disk = "00112233-4455-6677-8899-aabbccddeeff",
    .parts = {"11111111-2222-3333-4444-555555555501", "11111111-2222-3333-4444-555555555502",
              "11111111-2222-3333-4444-555555555503"},
};

/* The check value of CRC-32 in every catalogue. */
static void crc32(void **state)
{
    (void)state;
    assert_int_equal(layout_crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
    assert_int_equal(layout_crc32(NULL, 0), 0);
}

static void places(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {UINT64_C(256) << 20, UINT64_C(4) << 30,
                                     (UINT64_C(4) << 30) + 12345, UINT64_C(3) << 40};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct layout l;
        layout_compute(sizes[i], &l);
        assert_int_equal(l.disk_sectors, sizes[i] / (1 << 20) * 2048);
        assert_true(l.parts[LAYOUT_BIOS].first >= 2 + GPT_ENTRIES_SECTORS);
        assert_int_equal(l.parts[LAYOUT_ESP].first, l.parts[LAYOUT_BIOS].last + 1);
        assert_int_equal(l.parts[LAYOUT_ROOT].first, l.parts[LAYOUT_ESP].last + 1);
        assert_true(l.parts[LAYOUT_ROOT].last < l.disk_sectors - 1 - GPT_ENTRIES_SECTORS);
        assert_true(l.parts[LAYOUT_ROOT].last > l.parts[LAYOUT_ROOT].first);
        for (int part = 0; part < LAYOUT_PARTS; part++)
            assert_int_equal(layout_offset(&l, part) % (1 << 20), 0);
        assert_int_equal(layout_size(&l, LAYOUT_ESP), 124 << 20);
    }
}

static void check_header(const uint8_t *h, const uint8_t *entries, uint64_t self, uint64_t other,
                         uint64_t entries_at)
{
    uint8_t copy[92];
    memcpy(copy, h, sizeof(copy));
    memset(copy + 16, 0, 4);
    assert_memory_equal(h, "EFI PART", 8);
    assert_int_equal(get32(h + 16), layout_crc32(copy, sizeof(copy)));
    assert_int_equal(get64(h + 24), self);
    assert_int_equal(get64(h + 32), other);
    assert_int_equal(get64(h + 72), entries_at);
    assert_int_equal(get32(h + 88), layout_crc32(entries, 128 * 128));
    static const uint8_t disk[] = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    assert_memory_equal(h + 56, disk, sizeof(disk));
}

static void partition_table(void **state)
{
    (void)state;
    struct layout l;
    uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
    layout_compute(UINT64_C(4) << 30, &l);
    layout_render_gpt(&l, &ids, head, tail);
    const uint8_t *entries = head + 1024;
    uint64_t last = l.disk_sectors - 1;
    assert_int_equal(head[510], 0x55);
    assert_int_equal(head[446 + 4], 0xee);
    assert_int_equal(get32(head + 446 + 12), last);
    check_header(head + 512, entries, 1, last, 2);
    check_header(tail + 32 * 512, tail, last, 1, last - 32);
    assert_memory_equal(entries, tail, 128 * 128);
    /* Number 1 is the root, 14 and 15 the small ones, the others are free. */
    assert_int_equal(get64(entries + 32), l.parts[LAYOUT_ROOT].first);
    assert_int_equal(get64(entries + 13 * 128 + 32), l.parts[LAYOUT_BIOS].first);
    assert_int_equal(get64(entries + 14 * 128 + 40), l.parts[LAYOUT_ESP].last);
    assert_int_equal(get64(entries + 128), 0);
    assert_memory_equal(entries + 13 * 128, "Hah!IdontNeedEFI", 16);
    assert_memory_equal(entries + 56, "r\0o\0o\0t\0\0", 9);
}

/* A disk past 2 TiB does not overflow the protective MBR. */
static void huge_disk(void **state)
{
    (void)state;
    struct layout l;
    uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
    layout_compute(UINT64_C(3) << 40, &l);
    layout_render_gpt(&l, &ids, head, tail);
    assert_int_equal(get32(head + 446 + 12), UINT32_MAX);
}

static void ids_differ(void **state)
{
    (void)state;
    struct layout_ids a, b;
    layout_new_ids(&a);
    layout_new_ids(&b);
    assert_string_not_equal(a.disk, b.disk);
    assert_string_not_equal(a.root_fs, b.root_fs);
    assert_string_not_equal(a.parts[0], a.parts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32),           cmocka_unit_test(places),
        cmocka_unit_test(partition_table), cmocka_unit_test(huge_disk),
        cmocka_unit_test(ids_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
