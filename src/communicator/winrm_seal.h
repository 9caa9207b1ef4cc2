/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_WINRM_SEAL_H
#define IMGFAC_COMMUNICATOR_WINRM_SEAL_H

/* An NTLM login and the sealing of messages after it, by GSSAPI and the
 * mechanism of gss-ntlmssp.  One login for one HTTP connection, in the order in
 * which messages go over it; one thread. */

#include "base/error.h"
#include "base/strbuf.h"

struct winrm_seal;

/* USER may be "DOMAIN\\user".  With CONFIDENTIAL messages will be sealed.
 * ERR_HOST when the mechanism is not installed. */
struct winrm_seal *winrm_seal_new(const char *user, const char *password, const char *host,
                                  bool confidential, struct error **err);
void winrm_seal_free(struct winrm_seal *s);
DEFINE_AUTO(winrm_seal, struct winrm_seal *, winrm_seal_free);
/* Answer the server's TOKEN (empty at first) by adding ours to OUT. */
bool winrm_seal_step(struct winrm_seal *s, str token, struct strbuf *out, struct error **err);
/* Both sides have what they need. */
bool winrm_seal_is_complete(const struct winrm_seal *s);
/* Add BODY sealed; the signature of *SIGNATURE bytes comes first. */
bool winrm_seal_wrap(struct winrm_seal *s, str body, struct strbuf *out, size_t *signature,
                     struct error **err);
bool winrm_seal_unwrap(struct winrm_seal *s, str sealed, struct strbuf *out, struct error **err);

#endif
