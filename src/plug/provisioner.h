/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_PROVISIONER_H
#define IMGFAC_PLUG_PROVISIONER_H

/* A provisioner changes the running guest.  One file exports one constant
 * struct, one line in src/registry.c lists it.  The options common to all
 * (only, except, override, pause_before, timeout, max_retries,
 * continue_on_error) are handled by core; a provisioner sees its own alone. */

#include "plug/build.h"
#include "schema/schema.h"

enum provisioner_flags {
    PROV_NEEDS_COMM = 1 << 0, /* refused when communicator = "none" */
};

struct provisioner_type {
    const char *name; /* "shell" */
    const char *summary;
    const char *doc;
    const struct opt *opts;
    size_t config_size;
    unsigned flags;
    bool (*check)(const void *config, const struct body *body, struct diags *diags);
    /* Runs with b->comm open; output through build_output, what is being done
     * through build_sayf.  A script that fails is ERR_PROVISION. */
    bool (*run)(const void *config, struct build *b, struct error **err);
};

#endif
