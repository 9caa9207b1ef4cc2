/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLI_DOCTOR_H
#define IMGFAC_CLI_DOCTOR_H

/* What `imgfac doctor` looks at: one function per thing of the host, each with
 * a verdict, what was found, and the cure.  Texts live in the report's arena. */

#include "base/arena.h"
#include "base/cancel.h"
#include "base/vec.h"

struct config;

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_line {
    const char *name; /* "kvm" */
    enum doctor_verdict verdict;
    const char *found;
    const char *cure; /* NULL: none needed */
};
DEFINE_ARENA_VEC(doctor_lines, struct doctor_line);

struct doctor {
    struct arena *arena;
    struct cancel *cancel;
    const char *store;           /* path of the store */
    bool full;                   /* launch a libguestfs appliance too */
    const struct config *config; /* of the site; NULL: the defaults */
    struct doctor_lines lines;
};

/* One line more. */
void doctor_add(struct doctor *d, const char *name, enum doctor_verdict verdict, const char *found,
                const char *cure);
/* The hypervisors of the configuration that are not "auto". */
void doctor_check_hypervisors(struct doctor *d);
/* Run all checks in order; none of them changes the host. */
void doctor_run(struct doctor *d);

#endif
