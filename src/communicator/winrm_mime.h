/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_WINRM_MIME_H
#define IMGFAC_COMMUNICATOR_WINRM_MIME_H

/* A sealed message as the body of an HTTP message, [MS-WSMV] 2.2.9.1.1:
 * multipart/encrypted with one part that says what it is and one with the
 * bytes.  No state; any thread. */

#include "base/error.h"
#include "base/strbuf.h"

#define WINRM_MIME_TYPE                                                                            \
    "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";"                  \
    "boundary=\"Encrypted Boundary\""

/* SEALED is a token of GSS_Wrap, the signature of SIGNATURE bytes first, of a
 * text of LENGTH bytes. */
void winrm_mime_write(struct strbuf *out, size_t length, size_t signature, str sealed);
/* The token inside BODY, and how long its text says it is.  Borrows. */
bool winrm_mime_read(str body, str *sealed, uint64_t *length, struct error **err);

#endif
