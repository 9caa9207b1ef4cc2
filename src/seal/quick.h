/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_QUICK_H
#define IMGFAC_SEAL_QUICK_H

/* Inspection of the common case: one Linux on plain partitions, with nothing
 * but its root and an EFI partition.  libguestfs' own inspection knows every
 * case and takes most of a sealing's time under TCG; this one takes a few
 * messages and gives up whenever it is not sure. */

#include "seal/sealop.h"

/* Mount the guest and fill ctx->result, os, and all its texts but not the
 * package count.  *DONE false: nothing is mounted, ask libguestfs. */
bool quick_inspect(struct seal_ctx *ctx, bool *done, struct error **err);

/* Architecture of an ELF header ("x86_64", "aarch64" ...), or NULL. */
const char *quick_elf_arch(str header);
/* An fstab whose mount points besides "/" are an EFI partition, swap and
 * virtual file systems: *EFI_POINT and *EFI_SPEC (may become empty). */
bool quick_read_fstab(str fstab, str *efi_spec, str *efi_point);
/* Installed packages in dpkg's status file or apk's database. */
int64_t quick_count_packages(str database, bool is_apk);

#endif
