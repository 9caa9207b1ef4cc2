/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_REAP_H
#define IMGFAC_QEMU_REAP_H

/* Left-over virtual machines of a killed imgfac.  A QEMU process started by the
 * embedded driver goes on when its program dies; it carries the domain's UUID
 * in its arguments, which is how it is found again, whatever its pid. */

#include "plug/reaper.h"

extern const struct reaper reaper_domain; /* "domain" */
/* The directory of an embedded driver, and the programs that it started. */
#define REAP_ROOT "libvirt-root"
extern const struct reaper reaper_libvirt_root;

/* What the ledger keeps of a domain (JSON); ROOT NULL: not embedded.  Heap. */
char *reap_domain_data(const char *uri, const char *root, const char *name,
                       const char *uuid) ATTR_RETURNS_NONNULL;
/* For reapers: soon, without asking anybody at the terminal; a URI that did not
 * answer once is not asked again by this process. */
struct conn;
struct conn *reap_connect(const char *uri, struct error **err);
/* Pid of the process of ours with the argument UUID; 0: there is none. */
int64_t reap_find_by_uuid(const char *uuid);
/* Kill every process of ours with the argument UUID and wait until it is gone;
 * *COUNT (may be NULL) tells how many there were. */
bool reap_kill_by_uuid(const char *uuid, size_t *count, struct error **err);

#endif
