/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_STEP_H
#define IMGFAC_PLUG_STEP_H

/* A build is a list of steps.  A step is a value with a name, a state of its
 * own and functions; it knows nothing of its neighbours and talks to later
 * ones only through the typed fields of struct build.  core/ runs the list in
 * order and, whatever the outcome, the cleanups of all steps that were started
 * in reverse order.  Steps live in the arena of their build. */

#include "base/arena.h"
#include "base/error.h"
#include "base/vec.h"

struct body;
struct build;

struct step {
    const char *name;   /* "connect": stable word for events, -on-error messages, the step cache */
    const char *title;  /* "Waiting for SSH": shown while it runs; NULL: silent step */
    struct range range; /* the block or option of the template it comes from */
    const struct body *body; /* of that block, for errors that name one of its options; or NULL */
    void *state;
    /* Blocks; must return soon after build->cancel is triggered. */
    bool (*run)(struct step *s, struct build *b, struct error **err);
    /* May be NULL.  OK tells whether the whole build succeeded.  Runs with a
     * fresh token in build->cancel that has a time limit of its own; must
     * work after a run() that failed half way. */
    void (*cleanup)(struct step *s, struct build *b, bool ok);
    /* The cleanup is the template's own (error-cleanup-provisioner): it may take
     * minutes, and -on-error=run-cleanup-provisioner runs it alone. */
    bool is_error_cleanup;
};

DEFINE_ARENA_VEC(step_list, struct step);

#endif
