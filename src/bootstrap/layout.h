/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_LAYOUT_H
#define IMGFAC_BOOTSTRAP_LAYOUT_H

/* Where things lie on the disk, and the GPT that says so.  The layout is that
 * of Debian's own cloud images: the small partitions 14 (BIOS boot) and 15
 * (EFI system) come first, partition 1 (root) is last, so that it can grow.
 * Pure: renders bytes, opens nothing.  Units are sectors of 512 bytes. */

#include "base/hash.h"

#define SECTOR_SIZE 512

enum layout_part { LAYOUT_ROOT, LAYOUT_BIOS, LAYOUT_ESP, LAYOUT_PARTS };

struct layout {
    uint64_t disk_sectors;
    struct {
        unsigned number;      /* of the partition */
        uint64_t first, last; /* inclusive */
    } parts[LAYOUT_PARTS];
};

/* Made anew for each image. */
struct layout_ids {
    char disk[UUID_SIZE];
    char parts[LAYOUT_PARTS][UUID_SIZE]; /* PARTUUID */
    char root_fs[UUID_SIZE];
    uint32_t esp_serial; /* volume serial number of the FAT */
};

/* DISK_SIZE is rounded down to MiB; at least 256 MiB. */
void layout_compute(uint64_t disk_size, struct layout *out);
void layout_new_ids(struct layout_ids *out);

static inline uint64_t layout_offset(const struct layout *l, enum layout_part part)
{
    return l->parts[part].first * SECTOR_SIZE;
}
static inline uint64_t layout_size(const struct layout *l, enum layout_part part)
{
    return (l->parts[part].last - l->parts[part].first + 1) * SECTOR_SIZE;
}

/* UEFI 2.10, 5.3: header and 128 entries of 128 bytes. */
#define GPT_ENTRIES_SECTORS 32
#define GPT_HEAD_SIZE       ((2 + GPT_ENTRIES_SECTORS) * SECTOR_SIZE)
#define GPT_TAIL_SIZE       ((1 + GPT_ENTRIES_SECTORS) * SECTOR_SIZE)

/* HEAD is for the start of the disk (protective MBR, header, entries), TAIL
 * for its end (entries, backup header). */
void layout_render_gpt(const struct layout *l, const struct layout_ids *ids,
                       uint8_t head[GPT_HEAD_SIZE], uint8_t tail[GPT_TAIL_SIZE]);
/* CRC-32 of ISO 3309, as GPT uses it. */
uint32_t layout_crc32(const uint8_t *data, size_t len);

#endif
