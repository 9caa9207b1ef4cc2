/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_PLAN_INTERNAL_H
#define IMGFAC_CORE_PLAN_INTERNAL_H

/* What the files of the plan phase share. */

#include "core/plan.h"
#include "hcl/diag.h"
#include "hcl/eval.h"

struct planning {
    const struct plan_options *options;
    const struct template *t;
    struct arena *a;
    struct diags *diags;
};

/* One build as it is being planned. */
struct planning_use {
    struct planning *p;
    const struct template_build *build;
    const struct template_use *use;
    const char *ref; /* "qemu.golden": what only and except of blocks name */
    /* The last scope of plan_block_scope(), and what it is below. */
    struct scope *scope;
    const struct scope *scope_parent;
};

/* plan_block.c: options common to provisioners and post-processors. */
struct block_options {
    const char *name;
    struct opt_strings only, except;
    int64_t pause_before_ns, timeout_ns, max_retries;
    bool continue_on_error;
    int keep_input_artifact;
    bool is_skipped; /* by only or except */
};
enum block_kind { BLOCK_PROVISIONER, BLOCK_POST_PROCESSOR };
/* Take the common options out of BLOCK; *OWN is what is left, `override` of
 * this use merged in. */
bool plan_split_block(struct planning_use *u, const struct template_block *block,
                      enum block_kind kind, struct block_options *out, const struct body **own);

/* Scope of bodies in build blocks, with placeholders for build.*. */
struct scope *plan_block_scope(struct planning_use *u, const struct scope *parent);

/* Something in BODY depends on a data source that was not read: checks of its
 * values would only miss them. */
bool plan_is_unknown(const struct planning *p, const struct body *body, const struct scope *scope);

/* plan_provision.c, plan_record.c: fill the parts of a planned build. */
bool plan_provisioners(struct planning_use *u, struct planned_build *pb);
bool plan_catalog(struct planning_use *u, struct planned_build *pb);
bool plan_seal(struct planning_use *u, struct planned_build *pb);
/* Say what is written but cannot be done yet. */
bool plan_refuse_missing(struct planning_use *u);

/* plan_render.c: {{ }} in the strings of a decoded struct. */
bool plan_render(const struct planning *p, const struct opt *rows, const struct body *body,
                 const char *build_name, const char *build_type, void *config);

/* plan_plugins.c: required_plugins are built in or installed. */
bool plan_plugins(struct planning *p);

/* plan_packer.c: whether Packer or a plugin of it has a component that this
 * version of imgfac lacks. */
bool plan_packer_has_builder(const char *name);
bool plan_packer_has_provisioner(const char *name);
bool plan_packer_has_post_processor(const char *name);
void plan_packer_each_post_processor(void (*fn)(void *arg, const char *name), void *arg);

#endif
