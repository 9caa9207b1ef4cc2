/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

/* Groups that follow in later commits. */
const struct func funcs_regex[] = {{.name = NULL}};
const struct func funcs_yaml[] = {{.name = NULL}};
const struct func funcs_time[] = {{.name = NULL}};
const struct func funcs_crypto[] = {{.name = NULL}};
const struct func funcs_net[] = {{.name = NULL}};
const struct func funcs_remote[] = {{.name = NULL}};
const struct func funcs_env[] = {{.name = NULL}};
