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
    /* Instead of the two above, for types that are not constant (plugins). */
    bool (*check_self)(const struct provisioner_type *self, const void *config,
                       const struct body *body, struct diags *diags);
    bool (*run_self)(const struct provisioner_type *self, const void *config, struct build *b,
                     struct error **err);
};

static inline bool provisioner_check(const struct provisioner_type *t, const void *config,
                                     const struct body *body, struct diags *diags)
{
    if (t->check_self != NULL)
        return t->check_self(t, config, body, diags);
    return t->check == NULL || t->check(config, body, diags);
}

static inline bool provisioner_run(const struct provisioner_type *t, const void *config,
                                   struct build *b, struct error **err)
{
    return t->run_self != NULL ? t->run_self(t, config, b, err) : t->run(config, b, err);
}

#endif
