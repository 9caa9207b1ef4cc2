/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_GOTEMPLATE_GOTEMPLATE_H
#define IMGFAC_GOTEMPLATE_GOTEMPLATE_H

/* Go's text/template, as far as Packer options use it: fields, pipelines,
 * if/else/with/range, variables, functions.  Rendered with a flat set of
 * fields (".Path", ".Vars") and Packer's functions.  Everything returned lives
 * in the caller's arena. */

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct gotmpl_field {
    const char *name; /* "Path", "Vars", "HTTPIP" */
    str value;
};

struct gotmpl_data {
    const struct gotmpl_field *fields;
    size_t field_count;
    /* Run-time data for {{ build `Key` }}; returns ptr NULL when unknown; may be NULL. */
    str (*build_value)(void *arg, str key);
    void *arg;
    const char *build_name; /* {{ build_name }} */
    const char *build_type;
};

/* Render TEXT once.  Errors: "template: 1:14: function "x" not defined". */
bool gotmpl_render(struct arena *a, str text, const struct gotmpl_data *data, str *out,
                   struct error **err);
/* Syntax and function names only. */
bool gotmpl_check(str text, struct error **err);
/* Nothing to do: no "{{" in it. */
bool gotmpl_is_plain(str text);

#endif
