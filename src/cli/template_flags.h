/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_TEMPLATE_FLAGS_H
#define IMGFAC_CLI_TEMPLATE_FLAGS_H

/* The flags of every command that reads a template: build, validate, inspect,
 * console.  Embed the struct in the command's own flags and its rows with
 * OPT_EMBED. */

#include "schema/schema.h"

struct plan_options;

struct template_flags {
    struct opt_strings vars, var_files;
    struct opt_strings only, except;
    const char *config_type;
    bool sequential, skip_enforcement, ignore_prerelease; /* accepted for Packer's sake */
};

extern const struct opt template_flag_rows[];

/* What the flags and the positional argument ask of plan_make(). */
void template_flags_apply(const struct template_flags *flags, const char *path,
                          struct plan_options *out);

#endif
