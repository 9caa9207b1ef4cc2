/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_QMP_H
#define IMGFAC_QEMU_QMP_H

/* A client of QEMU's machine protocol on a Unix socket (QEMU's documentation,
 * "QEMU Machine Protocol Specification"): one command, one answer.  Blocks,
 * for ten seconds at most; not thread-safe. */

#include <jansson.h>

#include "base/error.h"

struct qmp;

struct qmp *qmp_open(const char *socket_path, struct error **err);
void qmp_close(struct qmp *q); /* NULL-safe */
DEFINE_AUTO(qmp, struct qmp *, qmp_close);
/* ARGUMENTS (taken; may be NULL).  ERR_LIBVIRT with QEMU's words when refused. */
bool qmp_call(struct qmp *q, const char *command, json_t *arguments, struct error **err);

#endif
