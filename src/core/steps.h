/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_STEPS_H
#define IMGFAC_CORE_STEPS_H

/* Runs the step list of one build: in order, and whatever the outcome the
 * cleanups of all steps that were started, in reverse.  Cleanups run with a
 * fresh cancellation token that has a time limit of its own, so that Ctrl-C
 * does not leave anything behind and yet ends. */

#include "plug/build.h"
#include "plug/step.h"

enum on_error {
    ON_ERROR_CLEANUP,                 /* run all cleanups */
    ON_ERROR_ABORT,                   /* leave everything as it is, and say what was left */
    ON_ERROR_ASK,                     /* ask on the terminal: clean up, abort or retry the step */
    ON_ERROR_RUN_CLEANUP_PROVISIONER, /* as abort, but the error-cleanup-provisioner runs */
};

struct steps_policy {
    enum on_error on_error;
    /* ON_ERROR_ASK: 'c', 'a' or 'r'; NULL: as 'c'. */
    char (*ask)(void *arg, struct build *b, const char *step);
    /* -debug: called after each step that went well; NULL: no pauses. */
    void (*pause)(void *arg, struct build *b, const char *step);
    void *arg;
    /* Give the builder a chance to name the cause; may be NULL. */
    void (*diagnose)(void *arg, struct build *b, struct error **err);
    void *diagnose_arg;
};

/* False with the error of the step that failed.  *LEFT tells that the policy
 * left everything as it is: the guest may run on, so its files must stay. */
bool steps_run(struct step_list *steps, struct build *b, const struct steps_policy *policy,
               bool *left, struct error **err);

#endif
