/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_CONN_H
#define IMGFAC_QEMU_CONN_H

/* Connections to libvirt.  "auto" runs libvirt's QEMU driver inside this
 * process (qemu:///embed) with a private root that lives as long as the
 * process needs it; one such root per process, shared by all its builds.
 * One thread runs libvirt's event loop.  Thread-safe. */

#include "base/cancel.h"

struct ledger;

struct conn;

/* URI NULL or "auto": embed, else qemu:///system.  RUN_DIR holds the private
 * root; L records it (may be NULL).  NULL with ERR_HOST or ERR_LIBVIRT. */
struct conn *conn_open(const char *uri, const char *run_dir, struct ledger *l, struct error **err);
/* A URI other than "auto", given up after LIMIT_NS (ERR_TIMEOUT) or when C is
 * triggered. */
struct conn *conn_open_within(const char *uri, int64_t limit_ns, struct cancel *c,
                              struct error **err);
void conn_close(struct conn *c); /* NULL-safe */
DEFINE_AUTO(conn, struct conn *, conn_close);

void *conn_handle(const struct conn *c); /* really virConnectPtr */
/* Is somebody still at the other end? */
bool conn_is_alive(const struct conn *c);
const char *conn_uri(const struct conn *c);
/* Private root of the embedded driver; NULL for any other. */
const char *conn_root(const struct conn *c);

/* Set *ERR from libvirt's last error of this thread, after the message. */
bool conn_error(struct error **err, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
