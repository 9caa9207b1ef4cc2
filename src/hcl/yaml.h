/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_YAML_H
#define IMGFAC_HCL_YAML_H

/* YAML and values.  What plain scalars mean, and the style of the output,
 * follow go-cty-yaml: yes, on and their like are bools, timestamps become RFC
 * 3339 strings, output is in block style with quoted strings.  Pure. */

#include "hcl/value.h"

/* False with *WHY (arena): a syntax error, a second document, a tag that is
 * not known, deep nesting. */
bool yaml_to_value(struct arena *a, str text, value *out, const char **why);
bool value_to_yaml(value v, struct strbuf *out, const char **why);

#endif
