/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_CHEF_H
#define IMGFAC_PROVISIONER_CHEF_H

/* What chef-solo and chef-client share: options, installation, node.json,
 * configuration files, the command. */

#include "provisioner/guest.h"

struct chef_config {
    struct opt_strings run_list;
    const char *json; /* any value as JSON; NULL: none */
    const char *chef_environment, *chef_license;
    const char *config_template, *execute_command, *install_command;
    const char *encrypted_data_bag_secret_path;
    bool skip_install, prevent_sudo;
    const char *staging_directory;
    int guest_os_type; /* enum guest_os */
    const char *version;
};
extern const struct opt chef_opts[];

bool chef_check(const struct chef_config *c, const struct body *body, struct diags *diags);

struct chef_run {
    const struct chef_config *c;
    struct guest g;
    const char *staging;
    const char *license; /* "" : none */
    const char *secret;  /* of encrypted data bags, in the guest; "": none */
    const char *config_path, *json_path;
};

/* Install Chef unless told not to, make the staging directory and the ones of
 * MORE below it, upload the secret. */
bool chef_prepare(struct chef_run *r, const struct words *more, struct error **err);
struct chef_run chef_run_make(const struct chef_config *c, struct build *b, struct arena *a,
                              const char *name);
const char *chef_path(const struct chef_run *r, const char *name);
/* Render config_template, or TEMPLATE, with FIELDS to NAME in the staging
 * directory. */
bool chef_write_config(struct chef_run *r, const char *template, const struct gotmpl_field *fields,
                       size_t count, const char *name, const char **path, struct error **err);
bool chef_write_json(struct chef_run *r, struct error **err);
/* Run the rendered execute_command, or TEMPLATE; WITH has the account for
 * Windows, or nothing. */
bool chef_execute(struct chef_run *r, const char *template, const struct guest_tool *with,
                  struct error **err);

#endif
