/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_PROVISIONER_H
#define IMGFAC_PROVISIONER_PROVISIONER_H

/* The provisioners of this folder, for src/registry.c.  All constant; their
 * contract is plug/provisioner.h. */

#include "plug/provisioner.h"

extern const struct provisioner_type provisioner_shell;
extern const struct provisioner_type provisioner_shell_local;
extern const struct provisioner_type provisioner_file;
extern const struct provisioner_type provisioner_breakpoint;
extern const struct provisioner_type provisioner_sleep;
extern const struct provisioner_type provisioner_ansible;
extern const struct provisioner_type provisioner_ansible_local;
extern const struct provisioner_type provisioner_powershell;
extern const struct provisioner_type provisioner_windows_shell;
extern const struct provisioner_type provisioner_windows_restart;
extern const struct provisioner_type provisioner_checks;
extern const struct provisioner_type provisioner_cloud_init;
extern const struct provisioner_type provisioner_puppet_masterless;
extern const struct provisioner_type provisioner_puppet_server;
extern const struct provisioner_type provisioner_chef_solo;
extern const struct provisioner_type provisioner_chef_client;
extern const struct provisioner_type provisioner_salt_masterless;
extern const struct provisioner_type provisioner_hcp_sbom;

#endif
