/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_COMMUNICATOR_H
#define IMGFAC_COMMUNICATOR_COMMUNICATOR_H

/* The communicators of this folder, for src/registry.c.  All constant; their
 * contract is plug/communicator.h. */

#include "plug/communicator.h"

extern const struct comm_type comm_ssh;
extern const struct comm_type comm_none;
extern const struct comm_type comm_guest_agent;
extern const struct comm_type comm_winrm;

#endif
