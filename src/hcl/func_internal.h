/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_FUNC_INTERNAL_H
#define IMGFAC_HCL_FUNC_INTERNAL_H

/* What the func_*.c files share: their tables and the readers of arguments.
 * Arguments are converted, known and present, as the rows say. */

#include "hcl/convert.h"
#include "hcl/eval_internal.h"
#include "hcl/func.h"

extern const struct func funcs_string[], funcs_format[], funcs_regex[], funcs_number[];
extern const struct func funcs_list[], funcs_map[], funcs_set[], funcs_encoding[], funcs_yaml[];
extern const struct func funcs_time[], funcs_crypto[], funcs_net[], funcs_fs[], funcs_try[];
extern const struct func funcs_remote[], funcs_env[];

static inline str arg_str(const struct func_call *call, size_t i)
{
    return value_as_str(call->args[i]);
}
/* False (reported) when argument I is no whole number in int64_t. */
bool arg_int(struct func_call *call, size_t i, int64_t *out);

/* Results.  The buffer's text as a string; reports one that was truncated. */
bool result_string(struct func_call *call, const struct strbuf *sb, value *out);
bool result_bool(value *out, bool b);
bool result_int(struct func_call *call, value *out, int64_t n);

/* A buffer for results is limited to EVAL_MAX_STRING. */
#define RESULT_BUF STRBUF_INIT_MAX(EVAL_MAX_STRING)
/* Room for COUNT elements of SIZE bytes?  Reports when not. */
bool func_reserve(struct func_call *call, size_t count, size_t size);
/* Charge work that grows faster than the arguments; reports exhaustion. */
bool func_charge(struct func_call *call, long steps);

/* The elements of a known list, set or tuple, or of a map or object. */
static inline size_t arg_len(const struct func_call *call, size_t i)
{
    return value_len(call->args[i]);
}

#endif
