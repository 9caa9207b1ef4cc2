/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval.h"

#include <stdlib.h>

#include "base/map.h"
#include "hcl/diag.h"
#include "hcl/json.h"
#include "hcl/parse.h"
#include "hcl/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A scope with one value of each kind; the base directory has no files. */
static struct scope *make_scope(struct arena *a)
{
    struct scope *s = scope_new_root(a, "/nonexistent");
    value items[] = {value_int(a, 1), value_stringz(a, "x"), value_null(&type_dynamic)};
    struct value_entry vars[] = {
        {STR("n"), value_int(a, 12)},
        {STR("s"), value_mark(value_stringz(a, "text"), true)},
        {STR("u"), value_unknown(&type_string)},
        {STR("d"), value_dynamic()},
        {STR("t"), value_tuple(a, arena_memdup(a, items, sizeof(items)), 3)},
        {STR("set"), value_set(a, &type_number, items, 1)},
    };
    scope_set(a, s, "var", value_object(a, arena_memdup(a, vars, sizeof(vars)), ARRAY_SIZE(vars)));
    return s;
}

/* What is known of V as JSON and YAML is the same value again. */
static void check_value(struct arena *a, value v)
{
    AUTO(strbuf) struct strbuf json = STRBUF_INIT, again = STRBUF_INIT, text = STRBUF_INIT;
    const char *why;
    value back;
    value_print(v, &text, 0);
    value_describe(a, v);
    if (!value_equal(v, value_copy(a, v)))
        BUG("a copy differs");
    if (!value_to_json(v, &json, &why))
        return;
    if (!json_to_value(a, strbuf_str(&json), &back, &why))
        return; /* nested too deeply for the reader */
    if (!value_to_json(back, &again, &why) || !str_eq(strbuf_str(&json), strbuf_str(&again)))
        BUG("JSON does not survive");
    strbuf_truncate(&text, 0);
    value_to_yaml(v, &text, &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    const struct expr *e;
    struct diags d;
    value v;
    if (size > 4096)
        return 0;
    diags_init(&d, a);
    const struct source_file *f = source_file_new(a, "fuzz", (str){(const char *)data, size});
    if (!hcl_parse_expr(a, f, &d, &e))
        return 0;
    bool ok = eval_expr(e, make_scope(a), a, &v, &d);
    if (ok != diags_ok(&d))
        BUG("success and diagnostics disagree");
    if (ok)
        check_value(a, v);
    return 0;
}
