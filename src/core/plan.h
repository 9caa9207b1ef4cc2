/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_PLAN_H
#define IMGFAC_CORE_PLAN_H

/* The plan: every build that the template, the variables and -only/-except ask
 * for, decoded through the tables of builders, provisioners and sealing.
 * Immutable and owned by the arena given to plan_make(), which also holds the
 * syntax trees that ranges point to; builds may read it from their threads.
 * Nothing is started and nothing is written here. */

#include "plug/builder.h"
#include "plug/communicator.h"
#include "plug/provisioner.h"
#include "plug/sealer.h"
#include "template/template.h"

struct planned_provisioner {
    const char *name; /* `name` of the block, or NULL */
    const struct provisioner_type *type;
    const void *config;        /* decoded with placeholders for build.*: for checks and titles */
    const struct body *body;   /* its own options: common ones taken out, `override` merged in */
    const struct scope *scope; /* what the body is evaluated in, without source and build */
    struct range range;        /* block header */
    int64_t pause_before_ns;   /* 0: none */
    int64_t timeout_ns;        /* 0: none */
    int64_t max_retries;       /* further attempts */
    bool continue_on_error;
};

/* `catalog { }` or `hcp_packer_registry { }`. */
struct planned_catalog {
    const char *bucket;
    const char *description; /* or NULL */
    struct opt_strings channels;
    struct opt_map labels;
    struct range range;
};

struct planned_build {
    const char *name;       /* "qemu.golden", "nightly.qemu.golden" */
    const char *block_name; /* `name` of the build block, or NULL */
    const char *description;
    const struct builder_type *builder;
    const void *config; /* of the builder */
    const struct body *body;
    const struct comm_config *comm; /* NULL: a builder without a guest */
    const char *source_name;        /* second label of the source block */
    const char *alias;
    struct range range; /* header of the source block */

    struct planned_provisioner *provisioners;
    size_t provisioner_count;
    struct planned_provisioner *error_cleanup; /* or NULL */

    const struct seal_config *seal; /* NULL: this image is not sealed */
    const struct body *seal_body;   /* NULL: no `seal` block, the defaults */
    struct range seal_range;        /* block header, or that of what asked for it */

    const struct planned_catalog *catalog; /* NULL: not recorded */
};

struct plan {
    const char *template_path;
    const char *template_dir;
    const char *template_sha256;
    struct planned_build *builds;
    size_t build_count;
    const struct template *template;
};

struct plan_options {
    const char *template_path;
    struct opt_strings only, except; /* globs of build names */
    bool allow_none;                 /* validate: a template without build blocks is fine */
    bool only_check;                 /* validate: nothing will be built, so that Packer's
                                      * post-processors are a warning, not an error */
    struct template_options template;
};

/* Load, resolve and decode.  False when an error was added; the builds in
 * *OUT are then those without one (Packer runs them all the same). */
bool plan_make(const struct plan_options *options, struct arena *a, struct plan *out,
               struct diags *diags);

/* Decode a provisioner again, right before it runs, with the real build.*
 * values of B; *CONFIG lives in A (one of the calling thread). */
bool plan_decode_provisioner(const struct planned_build *pb, const struct planned_provisioner *p,
                             const struct build *b, struct arena *a, const void **config,
                             struct diags *diags);

/* Packer's patterns: `*` and `?` match any character, [a-z], [!a-z], {a,b}.
 * A pattern that cannot be read matches nothing: check it first. */
bool plan_glob_match(str pattern, str text);
bool plan_glob_check(str pattern);

/* Options of every provisioner and of every post-processor, besides its own and `override`. */
extern const struct opt plan_provisioner_rows[], plan_post_processor_rows[];

#endif
