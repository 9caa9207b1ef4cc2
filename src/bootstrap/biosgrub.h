/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_BIOSGRUB_H
#define IMGFAC_BOOTSTRAP_BIOSGRUB_H

/* Embedding GRUB for BIOS without a block device, as grub-bios-setup does it
 * on one: boot.img goes to the MBR and names the sector of core.img, which
 * lies in the BIOS boot partition and whose first sector names the rest.
 * Sources: grub 2.06, util/setup.c, include/grub/i386/pc/boot.h,
 * grub-core/boot/i386/pc/{boot,diskboot}.S.  Pure. */

#include "base/error.h"
#include "base/strbuf.h"

/* Make SECTOR0, the MBR that is on the disk already (partition table), boot
 * the core at sector CORE_SECTOR by BOOT_IMG, 512 bytes. */
bool biosgrub_patch_boot(str boot_img, uint64_t core_sector, uint8_t sector0[512],
                         struct error **err);
/* Pad CORE to whole sectors and write its block list for a core that lies at
 * CORE_SECTOR in one piece of at most MAX_SECTORS. */
bool biosgrub_patch_core(struct strbuf *core, uint64_t core_sector, uint64_t max_sectors,
                         struct error **err);

#endif
