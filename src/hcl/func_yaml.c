/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include "hcl/yaml.h"

static bool fn_yamlencode(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    const char *why;
    if (!value_to_yaml(call->args[0], &sb, &why))
        return func_error(call, 0, "%s", why);
    return result_string(call, &sb, out);
}

static bool fn_yamldecode(struct func_call *call, value *out)
{
    const char *why;
    str text = arg_str(call, 0);
    if (!func_charge(call, 1 + (long)text.len / 16) || !func_reserve(call, text.len, 64))
        return false;
    return yaml_to_value(call->arena, text, out, &why) || func_error(call, 0, "%s", why);
}

const struct func funcs_yaml[] = {
    {.name = "yamldecode",
     .params = {{"src", &type_string, 0}},
     .impl = fn_yamldecode,
     .group = "encoding",
     .doc = "The value that YAML text describes.",
     .example = "yamldecode(\"a: [1, yes]\")",
     .expected = "{\"a\":[1,true]}"},
    {.name = "yamlencode",
     .params = {{"value", &type_dynamic, PARAM_NULL | PARAM_DYNAMIC}},
     .returns = &type_string,
     .impl = fn_yamlencode,
     .group = "encoding",
     .doc = "The value as YAML text in block style.",
     .example = "yamlencode({ a = [1, true] })",
     .expected = "\"\\\"a\\\":\\n- 1\\n- true\\n\""},
    {.name = NULL},
};
