/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_DATA_H
#define IMGFAC_CORE_DATA_H

/* Data sources of a template, by the tables of the registry: their blocks are
 * decoded and checked, and read or, as `validate` does, left unknown with the
 * right types.  For template_options.read_data.  One thread. */

#include "plug/datasource.h"
#include "template/template.h"

struct data_reader {
    bool execute;                /* false: check only, outputs are unknown */
    bool is_any_allowed;         /* a type that is not known is no error, its values are unknown */
    struct cancel *cancel;       /* may be NULL */
    const struct config *config; /* may be NULL */
    struct catalog *(*catalog)(void *arg, struct error **err);
    void *arg;
};

/* The hook; ARG is a struct data_reader. */
template_read_data data_read;

#endif
