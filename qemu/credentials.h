/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_CREDENTIALS_H
#define IMGFAC_QEMU_CREDENTIALS_H

/* The ephemeral key of a build: made by libssh, kept in memory only, known to
 * the redactor. */

#include "base/arena.h"
#include "base/error.h"

/* A new pair of TYPE ("rsa", "ecdsa", "ed25519"; NULL: ed25519, or rsa when BITS
 * is not 0) with BITS (0: 4096, 521), as comm_check() allows: the private half as OpenSSH text, the
 * public one as an authorized_keys line with COMMENT.  Both live in A, which wipes the private one
 * when it is freed. */
bool credentials_make_key(const char *type, int bits, const char *comment, struct arena *a,
                          const char **out_private, const char **out_public, struct error **err);

#endif
