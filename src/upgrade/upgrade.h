/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_UPGRADE_UPGRADE_H
#define IMGFAC_UPGRADE_UPGRADE_H

/* Templates of Packer's old JSON format: what is in them, and the same in HCL.
 * Options become arguments or blocks as the tables of builders and
 * provisioners say; for types that are not built in, as Packer guesses.
 * Everything lives in the arena given to upgrade_read(); pure functions. */

#include "base/vec.h"
#include "hcl/json_read.h"
#include "hcl/source.h"

struct diags;

struct upgrade_variable {
    const char *name;             /* as the JSON says */
    const char *identifier;       /* as HCL says: letters, digits, "_" and "-" */
    str text;                     /* default; .ptr NULL: a value is required */
    const struct json_node *node; /* of the default, or NULL */
    bool sensitive;
    bool is_local; /* its default needs what a default in HCL may not use */
    struct range range;
};
DEFINE_ARENA_VEC(upgrade_variables, struct upgrade_variable);

/* A builder, provisioner or post-processor. */
struct upgrade_item {
    const char *type;
    const char *name;  /* `name`, or NULL */
    const char *label; /* builders: second label of the source block */
    const char *build; /* builders: how its build is called: the label, or NAME */
    const struct json_node
        *node; /* its object; the string of a post-processor that is only named */
    struct range type_range, name_range;
};
DEFINE_ARENA_VEC(upgrade_items, struct upgrade_item);
DEFINE_ARENA_VEC(upgrade_chains, struct upgrade_items);

struct upgrade_legacy {
    struct arena *arena;
    const struct source_file *file;
    const struct json_node *min_version, *description; /* strings, or NULL */
    struct upgrade_variables variables;                /* by name */
    struct upgrade_items builders;                     /* by type and name */
    struct upgrade_items provisioners;
    struct upgrade_items error_cleanup; /* at most one */
    struct upgrade_chains chains;
};

struct upgrade_options {
    bool annotations; /* comments that explain the blocks */
    /* For reading it right away: sources are named as the builds of the JSON
     * template, every variable can be set from outside, {{timestamp}} stays
     * seconds. Else as `packer hcl2_upgrade` writes it. */
    bool direct;
};

/* The name of a file that is such a template: *.json, but no *.pkr.json. */
bool upgrade_is_legacy_name(const char *path);
/* The text is: a JSON object with "builders". */
bool upgrade_is_legacy_text(str text);
/* Understand F; NULL when it is no JSON.  Look at DIAGS. */
struct upgrade_legacy *upgrade_read(struct arena *a, const struct source_file *f,
                                    struct diags *diags);
/* The same in HCL (not yet formatted), as a source file named as the JSON one
 * whose ranges lead back there. */
struct source_file *upgrade_write(struct upgrade_legacy *legacy,
                                  const struct upgrade_options *options, struct diags *diags);

#endif
