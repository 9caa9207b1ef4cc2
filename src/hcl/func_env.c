/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <stdlib.h>

/* env() is not among the other functions: only defaults of variables see it. */

static bool fn_env(struct func_call *call, value *out)
{
    const char *text = getenv(arg_str(call, 0).ptr);
    *out = value_stringz(call->arena, text == NULL ? "" : text);
    return true;
}

const struct func funcs_env[] = {
    {.name = "env",
     .params = {{"key", &type_string, 0}},
     .returns = &type_string,
     .impl = fn_env,
     .group = "environment",
     .doc = "The value of an environment variable, empty when it is not set. Only the default of a "
            "variable may call it.",
     .example = "env(\"IMGFAC_NO_SUCH_VARIABLE\")",
     .expected = "\"\""},
    {.name = NULL},
};
