/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_PUPPET_H
#define IMGFAC_PROVISIONER_PUPPET_H

/* What puppet-masterless and puppet-server share: options, facts, the command
 * line, its judgement. */

#include "provisioner/guest.h"

struct puppet_config {
    struct opt_map facter;
    struct opt_strings extra_arguments;
    const char *execute_command;
    int guest_os_type; /* enum guest_os */
    bool ignore_exit_codes, prevent_sudo;
    const char *puppet_bin_dir;
    const char *working_directory;
    bool clean_staging_directory;
    const char *elevated_user, *elevated_password;
};
extern const struct opt puppet_opts[];

bool puppet_check(const struct puppet_config *c, const struct body *body, struct diags *diags);

struct puppet_run {
    const struct puppet_config *c;
    struct guest g;
    const char *staging;
};
struct puppet_run puppet_run_make(const struct puppet_config *c, struct build *b, struct arena *a,
                                  const char *staging);

/* Render TEMPLATE (or execute_command) with the common fields and the COUNT
 * fields of EXTRA, run it, and remove the staging directory when asked to. */
bool puppet_execute(const struct puppet_run *r, const char *template,
                    const struct gotmpl_field *extra, size_t count, struct error **err);

#endif
