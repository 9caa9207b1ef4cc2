/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_WINRM_LINK_H
#define IMGFAC_COMMUNICATOR_WINRM_LINK_H

/* One HTTP connection to the WinRM of a guest: logs in, seals where it must,
 * carries one message and its answer at a time.  NTLM belongs to the
 * connection, so each link has its own and never shares it.  Two links of one
 * thread work side by side: winrm_link_pump(). */

#include "base/error.h"
#include "base/strbuf.h"
#include "communicator/ssh_internal.h"

struct winrm_target {
    const char *url; /* "https://host:5986/wsman" */
    const char *host;
    const char *user, *password;
    bool use_ssl, insecure, use_ntlm, no_proxy;
};

struct winrm_link;

/* Borrows TARGET. */
struct winrm_link *winrm_link_new(const struct winrm_target *target);
void winrm_link_free(struct winrm_link *l);
DEFINE_AUTO(winrm_link, struct winrm_link *, winrm_link_free);

/* Begin to send BODY (copied), whose answer must come within LIMIT_NS. */
bool winrm_link_start(struct winrm_link *l, str body, int64_t limit_ns, struct error **err);
bool winrm_link_is_busy(const struct winrm_link *l);
/* Let the COUNT links work until one of them has its answer, W ends, or a short
 * while passed; false only for W. */
bool winrm_link_pump(struct winrm_link *const *links, size_t count, const struct ssh_wait *w,
                     struct error **err);
/* Of a link that is not busy any more: the answer, valid until the next start.
 * ERR_AUTH, ERR_NETWORK (nobody there), ERR_TIMEOUT, ERR_HOST, ERR_GUEST. */
bool winrm_link_answer(struct winrm_link *l, str *out, struct error **err);
/* Waiting longer cannot help against the last error: a certificate, a library. */
bool winrm_link_is_hopeless(const struct winrm_link *l);
/* Give up what is under way; the connection is closed. */
void winrm_link_abort(struct winrm_link *l);

#endif
