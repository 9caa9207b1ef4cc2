/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BOOTSTRAP_CONFIG_H
#define IMGFAC_BOOTSTRAP_CONFIG_H

/* Options of the builder "debootstrap" as schema rows, and what the rows
 * cannot say.  A decoded config is immutable and lives in the plan's arena.
 * Every string that ends up in a file of the image or in an argument vector
 * is checked here against the characters its place allows. */

#include "schema/schema.h"

struct debootstrap_config {
    const char *suite, *mirror, *security_mirror, *keyring;
    struct opt_strings components, packages, datasources;
    int architecture, filesystem;
    const char *kernel; /* package; NULL: the cloud kernel */
    const char *kernel_cmdline;
    uint64_t disk_size;
    const char *hostname, *locale, *timezone;
    bool cloud_init, documentation;
    const char *vm_name, *output_directory;
};

extern const struct opt debootstrap_opts[];

bool debootstrap_check(const void *config, const struct body *body, struct diags *diags);

/* Version number of a Debian suite ("bookworm" -> 12); 0: not a known one. */
int debootstrap_debian_version(const char *suite);
/* Suites without -updates and -security. */
bool debootstrap_is_rolling(const char *suite);

#endif
