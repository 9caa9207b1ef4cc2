/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TESTS_HCL_EVAL_H
#define IMGFAC_TESTS_HCL_EVAL_H

/* Expressions from text, for tests of the language. */

#include "hcl/diag.h"
#include "hcl/eval.h"

/* Evaluate TEXT in SCOPE (NULL: every function, no names) with diagnostics in D. */
bool hcl_eval_value(struct arena *a, const char *text, const struct scope *scope, value *out,
                    struct diags *d);
/* Compact JSON of the result; "!unknown"; "!error: SUMMARY: DETAIL". */
const char *hcl_eval_json(struct arena *a, const char *text, const struct scope *scope);
/* Both are JSON for the same value. */
bool hcl_same_json(struct arena *a, const char *x, const char *y);
/* Path of FILE below tests/hcl. */
const char *hcl_data_path(struct arena *a, const char *file);
/* A type from its expression; the test fails when it is wrong. */
const struct type *hcl_type(struct arena *a, const char *text);

#endif
