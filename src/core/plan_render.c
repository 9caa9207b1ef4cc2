/* SPDX-License-Identifier: Apache-2.0 */

#include "core/plan_internal.h"

bool plan_render(const struct planning *p, const struct opt *rows, const struct body *body,
                 const char *build_name, const char *build_type, void *config)
{
    (void)p;
    (void)rows;
    (void)body;
    (void)build_name;
    (void)build_type;
    (void)config;
    return true;
}
