/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_GUEST_H
#define IMGFAC_PLUGIN_GUEST_H

/* What a running plugin may ask for and tell: commands and files in the guest,
 * lines and progress for the user.  One thread, that of the build. */

#include "plug/communicator.h"
#include "plugin/message.h"

struct guest {
    struct build *b;
    struct cancel *cancel;
    const char *plugin; /* name, for messages */
};

/* For struct conn_call; ARG is a struct guest. */
int guest_ask(void *arg, const struct message *m, struct strbuf *out);
void guest_tell(void *arg, const struct message *m);
/* "secret" alone, from whatever call it comes; false: M is something else. */
bool guest_tell_secret(const struct message *m);

#endif
