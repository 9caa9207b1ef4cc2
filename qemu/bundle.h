/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_BUNDLE_H
#define IMGFAC_QEMU_BUNDLE_H

/* The failure bundle: what a guest that failed leaves in the build's log
 * directory, redacted.  Console, SSH record and events are there already; this
 * adds the hypervisor's side.  Each file is best effort. */

#include "plug/build.h"
#include "qemu/netdump.h"

/* domain.xml, written when the guest starts. */
void bundle_keep_xml(struct build *b, const char *xml);

struct bundle {
    const char *qemu_log; /* text; NULL: there is none */
    struct net_facts net;
};
/* qemu.log, domain-events.log, network.txt, one more screen. */
void bundle_collect(struct build *b, struct bundle *out);

#endif
