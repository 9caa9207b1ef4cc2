/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

/* Groups that follow in later commits. */

const struct func funcs_remote[] = {{.name = NULL}};
