/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/biosgrub.h"

#include <endian.h>
#include <string.h>

#define SECTOR 512

/* include/grub/i386/pc/boot.h */
#define BPB_START      0x3
#define BPB_END        0x5a
#define KERNEL_SECTOR  0x5c
#define BOOT_DRIVE     0x64
#define DRIVE_CHECK    0x66
#define WINDOWS_MAGIC  0x1b8 /* disk signature, partition table */
#define BOOT_SIGNATURE 0x1fe
#define KERNEL_SEG     0x800

/* struct grub_pc_bios_boot_blocklist: the list grows down from the end of the
 * first sector of the core and ends with a length of 0. */
#define BLOCKLIST_SIZE 12
#define FIRST_BLOCK    (SECTOR - BLOCKLIST_SIZE)

static bool has_signature(const char *sector)
{
    return (uint8_t)sector[BOOT_SIGNATURE] == 0x55 && (uint8_t)sector[BOOT_SIGNATURE + 1] == 0xaa;
}

bool biosgrub_patch_boot(str boot_img, uint64_t core_sector, uint8_t sector0[512],
                         struct error **err)
{
    uint8_t boot[SECTOR];
    uint64_t at = htole64(core_sector);

    if (boot_img.len != SECTOR || !has_signature(boot_img.ptr))
        return error_set(err, ERR_INTERNAL, 0,
                         "GRUB's boot.img is not a boot sector: it has %zu bytes", boot_img.len);
    memcpy(boot, boot_img.ptr, SECTOR);
    memcpy(boot + BPB_START, sector0 + BPB_START, BPB_END - BPB_START);
    memcpy(boot + WINDOWS_MAGIC, sector0 + WINDOWS_MAGIC, SECTOR - WINDOWS_MAGIC);
    memcpy(boot + KERNEL_SECTOR, &at, sizeof(at));
    boot[BOOT_DRIVE] = 0xff; /* the drive the BIOS started us from */
    /* The two bytes jump to a test that some BIOSes fail for hard disks. */
    memset(boot + DRIVE_CHECK, 0x90, 2);
    memcpy(sector0, boot, SECTOR);
    return true;
}

bool biosgrub_patch_core(struct strbuf *core, uint64_t core_sector, uint64_t max_sectors,
                         struct error **err)
{
    size_t sectors = (core->len + SECTOR - 1) / SECTOR;
    uint64_t rest = htole64(core_sector + 1);
    uint16_t count, segment = htole16(KERNEL_SEG + (SECTOR >> 4));

    if (sectors < 2 || sectors > UINT16_MAX)
        return error_set(err, ERR_INTERNAL, 0, "GRUB's core image has %zu bytes", core->len);
    if (sectors > max_sectors)
        return error_set(err, ERR_INTERNAL, 0,
                         "GRUB's core image of %zu bytes does not fit into the BIOS boot partition",
                         core->len);
    strbuf_addn(core, '\0', sectors * SECTOR - core->len);
    count = htole16((uint16_t)(sectors - 1));
    memcpy(core->buf + FIRST_BLOCK, &rest, sizeof(rest));
    memcpy(core->buf + FIRST_BLOCK + 8, &count, sizeof(count));
    memcpy(core->buf + FIRST_BLOCK + 10, &segment, sizeof(segment));
    memset(core->buf + FIRST_BLOCK - BLOCKLIST_SIZE, 0, BLOCKLIST_SIZE);
    return true;
}
