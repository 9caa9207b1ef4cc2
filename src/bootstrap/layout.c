/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/layout.h"

#include <endian.h>
#include <string.h>
#include <uuid/uuid.h>

#define MIB_SECTORS (1024 * 1024 / SECTOR_SIZE)
#define BIOS_FIRST  (1 * MIB_SECTORS)
#define ESP_FIRST   (4 * MIB_SECTORS)
#define ROOT_FIRST  (128 * MIB_SECTORS)

#define ENTRY_SIZE  128
#define ENTRY_COUNT 128
#define HEADER_SIZE 92

static const struct {
    unsigned number;
    uint64_t first;
    const char *type;
    const char *name;
} parts[LAYOUT_PARTS] = {
    /* The type of the Discoverable Partitions Specification: systemd-repart
     * grows the partition by it. */
    [LAYOUT_ROOT] = {1, ROOT_FIRST, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "root"},
    [LAYOUT_BIOS] = {14, BIOS_FIRST, "21686148-6449-6e6f-744e-656564454649", "bios"},
    [LAYOUT_ESP] = {15, ESP_FIRST, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "efi"},
};

void layout_compute(uint64_t disk_size, struct layout *out)
{
    uint64_t sectors = disk_size / SECTOR_SIZE / MIB_SECTORS * MIB_SECTORS;

    *out = (struct layout){.disk_sectors = sectors};
    for (int i = 0; i < LAYOUT_PARTS; i++) {
        out->parts[i].number = parts[i].number;
        out->parts[i].first = parts[i].first;
    }
    out->parts[LAYOUT_BIOS].last = ESP_FIRST - 1;
    out->parts[LAYOUT_ESP].last = ROOT_FIRST - 1;
    /* The last MiB holds the backup table; whole MiB keep the end aligned. */
    out->parts[LAYOUT_ROOT].last = sectors - MIB_SECTORS - 1;
}

void layout_new_ids(struct layout_ids *out)
{
    hash_uuid4(out->disk);
    for (int i = 0; i < LAYOUT_PARTS; i++)
        hash_uuid4(out->parts[i]);
    hash_uuid4(out->root_fs);
    hash_random(&out->esp_serial, sizeof(out->esp_serial));
}

uint32_t layout_crc32(const uint8_t *data, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

static void put16(uint8_t *p, uint16_t v)
{
    v = htole16(v);
    memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof(v));
}

/* UEFI 2.10, appendix A: the first three fields are little endian. */
static void put_guid(uint8_t *p, const char *text)
{
    uuid_t u;

    if (uuid_parse(text, u) != 0)
        BUG("malformed GUID");
    put32(p, (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3]);
    put16(p + 4, (uint16_t)(u[4] << 8 | u[5]));
    put16(p + 6, (uint16_t)(u[6] << 8 | u[7]));
    memcpy(p + 8, u + 8, 8);
}

static void render_entries(const struct layout *l, const struct layout_ids *ids, uint8_t *entries)
{
    memset(entries, 0, (size_t)ENTRY_COUNT * ENTRY_SIZE);
    for (int i = 0; i < LAYOUT_PARTS; i++) {
        uint8_t *e = entries + (size_t)(l->parts[i].number - 1) * ENTRY_SIZE;

        put_guid(e, parts[i].type);
        put_guid(e + 16, ids->parts[i]);
        put64(e + 32, l->parts[i].first);
        put64(e + 40, l->parts[i].last);
        for (size_t c = 0; parts[i].name[c] != '\0'; c++)
            put16(e + 56 + 2 * c, (uint8_t)parts[i].name[c]);
    }
}

struct header {
    uint64_t self, other, entries;
};

static void render_header(const struct layout *l, const struct layout_ids *ids, struct header where,
                          uint32_t entries_crc, uint8_t *h)
{
    memset(h, 0, SECTOR_SIZE);
    memcpy(h, "EFI PART", 8);
    put32(h + 8, 0x00010000);
    put32(h + 12, HEADER_SIZE);
    put64(h + 24, where.self);
    put64(h + 32, where.other);
    put64(h + 40, 2 + GPT_ENTRIES_SECTORS);
    put64(h + 48, l->disk_sectors - 2 - GPT_ENTRIES_SECTORS);
    put_guid(h + 56, ids->disk);
    put64(h + 72, where.entries);
    put32(h + 80, ENTRY_COUNT);
    put32(h + 84, ENTRY_SIZE);
    put32(h + 88, entries_crc);
    put32(h + 16, layout_crc32(h, HEADER_SIZE));
}

/* UEFI 2.10, 5.2.3. */
static void render_protective_mbr(const struct layout *l, uint8_t *mbr)
{
    uint8_t *e = mbr + 446;

    memset(mbr, 0, SECTOR_SIZE);
    memcpy(e + 1, "\x00\x02\x00", 3);
    e[4] = 0xee;
    memcpy(e + 5, "\xff\xff\xff", 3);
    put32(e + 8, 1);
    put32(e + 12, (uint32_t)MIN(l->disk_sectors - 1, (uint64_t)UINT32_MAX));
    mbr[510] = 0x55;
    mbr[511] = 0xaa;
}

void layout_render_gpt(const struct layout *l, const struct layout_ids *ids,
                       uint8_t head[GPT_HEAD_SIZE], uint8_t tail[GPT_TAIL_SIZE])
{
    uint8_t *entries = head + (size_t)2 * SECTOR_SIZE;
    size_t entries_size = (size_t)GPT_ENTRIES_SECTORS * SECTOR_SIZE;
    uint64_t last = l->disk_sectors - 1;

    render_protective_mbr(l, head);
    render_entries(l, ids, entries);
    uint32_t crc = layout_crc32(entries, entries_size);
    render_header(l, ids, (struct header){.self = 1, .other = last, .entries = 2}, crc,
                  head + SECTOR_SIZE);
    memcpy(tail, entries, entries_size);
    render_header(l, ids,
                  (struct header){.self = last, .other = 1, .entries = last - GPT_ENTRIES_SECTORS},
                  crc, tail + entries_size);
}
