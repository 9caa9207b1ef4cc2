/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_DATASOURCE_H
#define IMGFAC_PLUG_DATASOURCE_H

/* A data source brings values from outside into a template: `data "TYPE"
 * "NAME" { }`.  One file exports one constant struct, one line in
 * src/registry.c lists it.  Options and outputs are both schema rows: `read`
 * gets one decoded struct and fills another, so that `validate` knows the type
 * of every output without reading anything.  Used by one thread, before the
 * builds begin. */

#include "base/cancel.h"
#include "base/error.h"
#include "schema/schema.h"

struct catalog;
struct config;

/* What a read may use; everything is borrowed. */
struct data_call {
    struct arena *arena;         /* where the outputs' strings live */
    struct cancel *cancel;       /* may be NULL */
    const struct config *config; /* site configuration; NULL: the defaults */
    const char *name;            /* "data.http.x" */
    struct range range;          /* block header */
    struct diags *diags;         /* for warnings */
    /* The catalog of the site; NULL with *ERR set.  Call it only when needed. */
    struct catalog *(*catalog)(void *arg, struct error **err);
    void *arg;
};

struct datasource_type {
    const char *name; /* "http": first label of the block */
    const char *summary;
    const char *doc; /* paragraphs for the manual; may be NULL */
    const struct opt *opts;
    size_t config_size;
    const struct opt *outputs; /* attributes of data.TYPE.NAME */
    size_t output_size;
    /* Diagnose what the rows cannot say.  May be NULL. */
    bool (*check)(const struct datasource_type *self, const void *config, const struct body *body,
                  struct diags *diags);
    /* OUT is zeroed.  Returns soon after call->cancel is triggered. */
    bool (*read)(const struct datasource_type *self, const void *config, struct data_call *call,
                 void *out, struct error **err);
};

#endif
