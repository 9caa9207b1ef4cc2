/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TEMPLATE_TEMPLATE_H
#define IMGFAC_TEMPLATE_TEMPLATE_H

/* Templates in Packer's language: files to syntax trees (load), then
 * variables, data sources and locals to values (resolve), then the blocks that
 * describe builds, `dynamic` ones expanded.  Knows the language, not the
 * builders: core/plan.h decodes the bodies by the tables of the extensions.
 * Everything lives in the arena given to template_load() and is immutable
 * after template_resolve(), so builds may read it from their threads. */

#include "base/map.h"
#include "base/vec.h"
#include "hcl/ast.h"
#include "hcl/value.h"
#include "schema/schema.h"

struct scope;
struct upgrade_legacy;

struct template_variable {
    const char *name;
    const struct type *type; /* constraint; &type_dynamic: any */
    const char *description; /* NULL: none */
    bool sensitive;
    bool is_set;              /* by its default or by one of the ways from outside */
    value val;                /* when is_set */
    const char *origin;       /* who said the winning value: "default", "env", "varfile", "cmd" */
    struct range value_range; /* of the winning value */
    struct range range;       /* block header, or name in `variables` */
    const struct body *body;  /* of the `variable` block; NULL in `variables` */
};
DEFINE_ARENA_VEC(template_variables, struct template_variable *);

struct template_local {
    const char *name;
    bool sensitive;
    const struct expr *expr;
    value val; /* after resolving */
    struct range range;
};
DEFINE_ARENA_VEC(template_locals, struct template_local *);

struct template_data {
    const char *type, *name; /* labels */
    const struct block *block;
    value val; /* an object after resolving; unknown when it was not read */
    struct range range;
};
DEFINE_ARENA_VEC(template_datas, struct template_data *);

/* One block of a build, after expansion of `dynamic`. */
struct template_block {
    const char *label; /* first label, or "" */
    const struct body *body;
    const struct scope *scope;
    struct range range;       /* header */
    struct range label_range; /* of the first label, else of the type word */
};
DEFINE_ARENA_VEC(template_blocks, struct template_block);

struct template_source {
    const char *type; /* "qemu" */
    const char *name; /* "golden" */
    const struct body *body;
    struct range range;      /* header */
    struct range type_range; /* label that names the builder */
};
DEFINE_ARENA_VEC(template_sources, struct template_source);

/* One source used by one build. */
struct template_use {
    const struct template_source *source;
    const char *alias;         /* `name` of the nested source block; else the source's name */
    const struct body *body;   /* merged with that of the nested source block */
    const struct scope *scope; /* with the iterator of a `dynamic` around the use */
    struct range range;        /* the reference in `sources`, or the nested block's header */
};
DEFINE_ARENA_VEC(template_uses, struct template_use);

/* post-processors { ... }: one chain. */
struct template_chain {
    struct template_blocks steps;
};
DEFINE_ARENA_VEC(template_chains, struct template_chain);

struct template_build {
    const char *name; /* NULL: none */
    const char *description;
    struct template_uses uses;
    struct template_blocks provisioners;
    struct template_blocks error_cleanup; /* at most one */
    struct template_blocks seal;          /* at most one */
    struct template_blocks tests, scans;
    struct template_blocks catalog;      /* `catalog`: at most one */
    struct template_blocks hcp_registry; /* `hcp_packer_registry`: at most one */
    struct template_chains chains;
    struct range range;
};
DEFINE_ARENA_VEC(template_builds, struct template_build);

struct template_plugin {
    const char *name;       /* "qemu" */
    const char *source;     /* "github.com/hashicorp/qemu" */
    const char *constraint; /* ">= 1.0.0" */
    struct range range;
};
DEFINE_ARENA_VEC(template_plugins, struct template_plugin);

struct template_file {
    const struct source_file *source;
    const struct body *body;
};
DEFINE_ARENA_VEC(template_files, struct template_file);

struct template
{
    struct arena *arena;
    const char *path; /* as given */
    const char *dir;  /* path.root: the directory, or that of the file */
    char sha256[65];  /* of all files, in order, with their names */
    /* A template of Packer's old JSON format, converted in memory; ranges of
     * the bodies lead to diagnostics in the JSON. */
    const struct upgrade_legacy *legacy; /* NULL: none */
    struct template_files files;
    struct template_variables variables; /* in source order */
    struct template_locals locals;
    struct map variable_names, local_names; /* name -> struct template_variable *, _local * */
    struct template_datas data;
    struct template_plugins plugins;
    struct template_sources sources;
    struct template_builds builds;
    struct template_blocks hcp_registry; /* at top level */
    struct scope *scope; /* functions, var, local, data, path, packer: by template_resolve() */
};

/* Runs a data source: BODY of `data "TYPE" "NAME"`.  False after a diagnostic. */
typedef bool template_read_data(void *arg, str type, str name, const struct block *block,
                                const struct scope *scope, struct arena *a, value *out,
                                struct diags *diags);

struct template_options {
    struct opt_strings vars;       /* NAME=VALUE, in order */
    struct opt_strings var_files;  /* in order */
    bool warn_undeclared;          /* of var files */
    bool allow_unset;              /* inspect and console: a variable without a value is unknown */
    template_read_data *read_data; /* NULL: data sources are refused */
    void *arg;
};

/* Read PATH: a directory, one file, or "-" for standard input.  The tree is
 * parsed and its top level checked; nothing is evaluated.  NULL only when there
 * was nothing to read; otherwise look at DIAGS. */
struct template *template_load(struct arena *a, const char *path, struct diags *diags);
/* Give values to variables and locals, then read sources and builds.  False
 * when a diagnostic was added. */
bool template_resolve(struct template *t, const struct template_options *options,
                      struct diags *diags);

struct template_variable *template_find_variable(const struct template *t, str name);
struct template_local *template_find_local(const struct template *t, str name);

/* Values of `build` in a scope, by field; those not set are placeholders. */
struct template_build_values {
    const char *name; /* label of the build block; "" when it has none */
    bool is_real;     /* else every run-time field is the text "<unknown>" */
    const char *id, *host, *user, *password, *conn_type, *run_uuid;
    int port;
    const char *http_ip, *http_addr;
    int http_port;
    const char *ssh_public_key, *ssh_private_key;
};
/* A scope below PARENT with `source` and, when VALUES is not NULL, `build`. */
struct scope *template_use_scope(struct arena *a, const struct scope *parent, const char *type,
                                 const char *name, const struct template_build_values *values);

/* Version of Packer whose language and options these are: `packer.version`
 * and required_version are about this one. */
#define TEMPLATE_PACKER_VERSION "1.16.0"
/* True when VERSION fits CONSTRAINTS (">= 1.7, < 2.0, ~> 1.2"); *WHY is set
 * and false returned in *VALID when they cannot be read. */
bool template_version_fits(str version, str constraints, bool *valid);

#endif
