/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_INSPECT_H
#define IMGFAC_SEAL_INSPECT_H

/* Find the operating system on the disk, mount its file systems, and fill in
 * what the operations and the catalog want to know of it. */

#include "seal/sealop.h"

/* Mount the guest and fill ctx->os, family, can_run, homes and ctx->result.
 * No or several operating systems: the first one is taken with a warning,
 * none is ERR_SEAL. */
bool inspect_guest(struct seal_ctx *ctx, struct error **err);

#endif
