/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_SSH_RECORD_H
#define IMGFAC_COMMUNICATOR_SSH_RECORD_H

/* The handshake record: when each attempt to reach the guest's SSH server was
 * made and how it ended, for the failure bundle.  Equal outcomes in a row
 * become one line with a count, so that an hour of waiting stays readable.
 * Written to LOG_DIR/ssh.log as it grows.  One thread. */

#include "base/cleanup.h"

struct build;
struct ssh_record;

/* Keeps nothing on disk when the build has no log directory. */
struct ssh_record *ssh_record_new(struct build *b) ATTR_RETURNS_NONNULL;
/* Writes what is pending; NULL-safe. */
void ssh_record_free(struct ssh_record *r);
/* REASON is one line.  The first time a reason comes up it is told to the user
 * too (build_sayf), when SAY. */
void ssh_record_add(struct ssh_record *r, bool say, const char *reason);
void ssh_record_flush(struct ssh_record *r);
size_t ssh_record_attempts(const struct ssh_record *r);

#endif
