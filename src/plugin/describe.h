/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_DESCRIBE_H
#define IMGFAC_PLUGIN_DESCRIBE_H

/* What a plugin says of itself, made into the tables that the rest of the
 * program reads of built-in things: options and outputs become schema rows.
 * Trusts nothing of it.  Pure functions; everything lives in the arena. */

#include "base/error.h"
#include "hcl/value.h"
#include "schema/schema.h"

#define PLUGIN_PROTOCOL 1

enum component_kind { COMPONENT_PROVISIONER, COMPONENT_POST_PROCESSOR, COMPONENT_DATA_SOURCE };
#define COMPONENT_KINDS 3

struct component {
    enum component_kind kind;
    const char *name; /* as the plugin calls it: "" or "zip" */
    const char *type; /* as a template calls it: "hello" or "hello-zip" */
    const char *summary;
    const char *doc; /* or NULL */
    const struct opt *opts;
    size_t config_size;
    const struct opt *outputs; /* of data sources; else NULL */
    size_t output_size;
    bool needs_comm;
};

struct description {
    const char *name, *version;
    const char *summary;
    int64_t silence_ns; /* how long a run may say nothing */
    struct component *components;
    size_t count;
};

/* V is the result of "describe"; NAME is what the file is called.  ERR_IO says
 * what is wrong with it. */
bool plugin_describe(struct arena *a, value v, const char *name, struct description *out,
                     struct error **err);
/* "provisioner", "post-processor", "data source". */
const char *component_kind_text(enum component_kind kind);
/* Lower-case letters, digits, '-' and '_', beginning with a letter; at most 64. */
bool plugin_name_ok(str name);

#endif
